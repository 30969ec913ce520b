"""Reads of people: by id, and as outside apps name them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from orders.models import Person
from orders.queries import UUID_TEXT, uuid_of
from timeline import vault
from timeline.errors import Missing
from timeline.ingest import Story


def id_of(text: str) -> UUID:
    """The id of a person we know. Raises Missing. One statement."""
    pk = uuid_of(text)
    if not Person.objects.filter(pk=pk).exists():
        raise Missing
    return pk


def story_of(text: str) -> Story | None:
    """The story of the customer of this id or e-mail address; None for nobody, or several. At most one statement."""
    if UUID_TEXT.fullmatch(text):
        wanted = Q(pk=UUID(text))
    elif "@" in text:
        wanted = Q(tokens__kind="email", tokens__token=vault.blind("email", text.casefold()))
    else:
        return None
    found = list(Person.objects.filter(wanted, erased_at=None).select_related("key")[:2])
    return Story(str(found[0].pk), "customer", found[0].pk.hex, found[0].key) if len(found) == 1 else None
