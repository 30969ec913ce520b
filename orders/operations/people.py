"""Customers and guests: first sight, and what they may be searched by."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from orders.models import Address, Person, PersonToken
from timeline import vault

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation

PREFIX_CHARS_MIN = 2
PREFIX_CHARS_MAX = 12
WORDS_MAX = 6
PHONE_TAIL_DIGITS = 4
_WORD = re.compile(r"\w+", re.UNICODE)
_DIGITS = re.compile(r"\D+")


def ensure(op: Operation, *, person_id: UUID, kind: str) -> Person:
    """The person of this id, with a key of their own from the first sight on. Raises PersonErased."""
    found = Person.objects.select_related("key").filter(pk=person_id).first()
    if found is not None:
        return _living(found)
    story = str(person_id)
    op.open_stream(story)
    again = Person.objects.select_related("key").filter(pk=person_id).first()
    if again is not None:
        return _living(again)
    person = Person(id=person_id, key=vault.new_key(op), kind=kind, created_at=op.now)
    op.record(person, "person.added", stream=story, facts={"kind": kind})
    person.save(force_insert=True)
    return person


def remember(op: Operation, *, person: Person, profile: dict[str, str]) -> Person:
    """Keep e-mail, phone and name, sealed, and the tokens they are found by. Known parts that are not given stay."""
    del op  # the capability: only an operation may write
    known = person.profile()
    merged = {**known, **{key: value for key, value in profile.items() if value}}
    if merged == known:
        return person
    person.sealed = person.seal_profile(merged)
    Person.objects.filter(pk=person.pk).update(sealed=person.sealed)
    PersonToken.objects.bulk_create(
        [PersonToken(person=person, kind=kind, token=token) for kind, token in sorted(tokens(merged))],
        ignore_conflicts=True,
    )
    return person


def keep_address(op: Operation, *, person: Person, address: dict[str, str | None]) -> Address:
    """One frozen, sealed address."""
    row = Address(id=op.new_id(), person=person, created_at=op.now)
    row.sealed = vault.seal(person.key, f"address:{row.pk}", dict(address))
    row.save(force_insert=True)
    return row


def read_address(address: Address, person: Person) -> dict[str, str | None]:
    """The address as it was given; empty once the person is erased."""
    return vault.unseal(person.key, f"address:{address.pk}", bytes(address.sealed)) or {}


def _living(person: Person) -> Person:
    if person.erased_at is not None:
        raise vault.PersonErased
    return person


def tokens(profile: dict[str, str]) -> set[tuple[str, bytes]]:
    """Every token this profile is found by."""
    found: set[tuple[str, bytes]] = set()
    email = normal(profile.get("email", ""))
    if email:
        found |= {("email", vault.blind("email", email)), ("email_local", vault.blind("email_local", email.partition("@")[0]))}
    phone = _DIGITS.sub("", profile.get("phone", ""))
    if len(phone) >= PHONE_TAIL_DIGITS:
        found |= {
            ("phone", vault.blind("phone", phone[-10:])),
            ("phone_tail", vault.blind("phone_tail", phone[-PHONE_TAIL_DIGITS:])),
        }
    for word in _WORD.findall(normal(profile.get("name", "")))[:WORDS_MAX]:
        for length in range(PREFIX_CHARS_MIN, min(len(word), PREFIX_CHARS_MAX) + 1):
            found.add(("name", vault.blind("name", word[:length])))
    return found


def tokens_for_search(text: str) -> list[tuple[str, bytes]]:
    """The tokens which a searcher's word may stand for: e-mail, its local part, a phone, the beginning of a name."""
    word = normal(text)
    found: list[tuple[str, bytes]] = []
    digits = _DIGITS.sub("", word)
    if "@" in word:
        return [("email", vault.blind("email", word))]
    if len(digits) == PHONE_TAIL_DIGITS:
        found.append(("phone_tail", vault.blind("phone_tail", digits)))
    elif len(digits) > PHONE_TAIL_DIGITS:
        found.append(("phone", vault.blind("phone", digits[-10:])))
    found.append(("email_local", vault.blind("email_local", word)))
    first = next(iter(_WORD.findall(word)), "")
    if len(first) >= PREFIX_CHARS_MIN:
        found.append(("name", vault.blind("name", first[:PREFIX_CHARS_MAX])))
    return found


def normal(text: str) -> str:
    """NFKC, case folded, trimmed: the form in which words are compared."""
    return unicodedata.normalize("NFKC", text).casefold().strip()
