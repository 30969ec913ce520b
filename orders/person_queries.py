"""Reads of people: by id, and as outside apps name them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count

from orders.models import Person, PersonToken
from timeline import vault
from timeline.errors import Missing
from timeline.ingest import Story

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def id_of(text: str) -> UUID:
    """The id of a person we know. Raises Missing. One statement."""
    if not _UUID.fullmatch(text) or not Person.objects.filter(pk=UUID(text)).exists():
        raise Missing
    return UUID(text)


def stories_of(words: Sequence[str]) -> dict[str, Story]:
    """The stories of the customers of these ids or e-mail addresses, by the word each was named with; none where several have it.

    At most three statements, none of which grows with how many people share an address.
    """
    ids = {word: UUID(word) for word in words if _UUID.fullmatch(word)}
    tokens = {word: vault.blind("email", word.casefold()) for word in words if word not in ids and "@" in word}
    living = Person.objects.filter(erased_at=None).select_related("key")
    known: dict[UUID | bytes, Person] = {person.pk: person for person in living.filter(pk__in=ids.values())} if ids else {}
    for one in _of_one(tokens.values()):
        known[bytes(one.token)] = one.person
    names: dict[str, UUID | bytes] = {**ids, **tokens}
    found = {word: known[name] for word, name in names.items() if name in known}
    return {word: Story(str(one.pk), "customer", one.pk.hex, one.key) for word, one in found.items()}


def _of_one(tokens: Collection[bytes]) -> Iterable[PersonToken]:
    """Those of these e-mail tokens that one living person alone has."""
    if not tokens:
        return ()
    living = PersonToken.objects.filter(kind="email", token__in=tokens, person__erased_at=None)
    counted = living.values("token").annotate(people=Count("person", distinct=True)).filter(people=1)
    single = [bytes(token) for token in counted.values_list("token", flat=True)]
    return living.filter(token__in=single).select_related("person__key") if single else ()
