"""Reads of people: by id, and as outside apps name them."""

from __future__ import annotations

import re
from uuid import UUID

from django.db.models import Q

from orders.models import Person
from timeline import vault
from timeline.errors import Missing
from timeline.ingest import Story

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def id_of(text: str) -> UUID:
    """The id of a person we know. Raises Missing. One statement."""
    if not _UUID.fullmatch(text) or not Person.objects.filter(pk=UUID(text)).exists():
        raise Missing
    return UUID(text)


def story_of(text: str) -> Story | None:
    """The story of the customer of this id or e-mail address; None for nobody, or several. At most one statement."""
    if _UUID.fullmatch(text):
        wanted = Q(pk=UUID(text))
    elif "@" in text:
        wanted = Q(tokens__kind="email", tokens__token=vault.blind("email", text.casefold()))
    else:
        return None
    found = list(Person.objects.filter(wanted, erased_at=None).select_related("key")[:2])
    return Story(str(found[0].pk), "customer", found[0].pk.hex, found[0].key) if len(found) == 1 else None
