"""Customers and guests: first sight, and what they may be searched by."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from orders import locks
from orders.models import Address, Person, PersonToken
from timeline import vault
from timeline.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from timeline.operations import Operation

PREFIX_CHARS_MIN = 2
PREFIX_CHARS_MAX = 12
WORDS_MAX = 6
PHONE_DIGITS, PHONE_TAIL_DIGITS = 10, 4
PHONE_ENDS = range(5, 10)
_DIGITS = re.compile(r"\D+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})  # Unicode knows no parts of these

Token = tuple[str, bytes]


class GuestSignedIn(Refused):
    """This guest has signed in; go on with the customer's token."""


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
    """Keep e-mail, phone and name, sealed, and the tokens they are found by. Known parts that are not given stay. Raises PersonErased."""
    del op  # the capability: only an operation may write
    given = {key: value for key, value in profile.items() if value}
    if (known := person.profile()) == {**known, **given}:
        return person
    # As it is once nobody else changes it: another order of the same buyer may tell another part at this moment.
    merged = {**_living(locks.person(person.pk)).profile(), **given}
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


def require_own(person: Person) -> None:
    """That the person speaks for themselves still, and is no guest who turned out to be a customer. Raises GuestSignedIn."""
    if person.owner_id is not None:
        raise GuestSignedIn


def _living(person: Person) -> Person:
    if person.erased_at is not None:
        raise vault.PersonErased
    return person


def tokens(profile: dict[str, str]) -> set[Token]:
    """Every token this profile is found by."""
    found: set[Token] = set()
    local, at, domain = normal(profile.get("email", "")).partition("@")
    if local:
        found |= {_blind("email", f"{local}{at}{domain}"), _blind("email_local", local), *_prefixes("email_begins", local)}
    if domain:
        found.add(_blind("email_domain", domain))
    phone = _DIGITS.sub("", profile.get("phone", ""))
    if len(phone) >= PHONE_TAIL_DIGITS:
        found |= {
            _blind("phone", phone[-PHONE_DIGITS:]), _blind("phone_tail", phone[-PHONE_TAIL_DIGITS:]),
            *(_blind("phone_end", phone[-digits:]) for digits in PHONE_ENDS if len(phone) >= digits),
        }
    for word in _words(bare(profile.get("name", "")))[:WORDS_MAX]:
        found |= _prefixes("name", word) or {_blind("name", word)}
    return found


def tokens_for_search(text: str) -> list[Token]:
    """The tokens which a searcher's word may stand for: an e-mail or part of it, a phone or its end, the beginning of a name."""
    if "@" in text:
        return email_tokens(text)
    return [*phone_tokens(text), *email_tokens(text), *name_tokens(text)]


def email_tokens(text: str) -> list[Token]:
    """A whole address, `@` and what follows it, or what stands before it, whole or its first letters."""
    local, at, domain = normal(text).partition("@")
    if at and local and domain:
        return [_blind("email", f"{local}@{domain}")]
    if at and domain:
        return [_blind("email_domain", domain)]
    found = [_blind("email_local", local)]
    return [*found, _blind("email_begins", local)] if PREFIX_CHARS_MIN <= len(local) <= PREFIX_CHARS_MAX else found


def phone_tokens(text: str) -> list[Token]:
    """A phone number, with its country or without, or its last four to nine digits; nothing for fewer."""
    digits = _DIGITS.sub("", text)
    if len(digits) == PHONE_TAIL_DIGITS:
        return [_blind("phone_tail", digits)]
    if len(digits) in PHONE_ENDS:
        # A whole number may be as short.
        return [_blind("phone_end", digits), _blind("phone", digits)]
    return [_blind("phone", digits[-PHONE_DIGITS:])] if len(digits) > PHONE_TAIL_DIGITS else []


def name_tokens(text: str) -> list[Token]:
    """The beginning of a word of a name, or an initial; of several words the longest.

    Without its accents, and as it is written, for so older names were kept.
    """
    longest = [max(_words(form), key=len, default="")[:PREFIX_CHARS_MAX] for form in (bare(text), text)]
    return [_blind("name", word) for word in dict.fromkeys(longest) if word]


def place_tokens(address: Mapping[str, Any]) -> dict[str, bytes | None]:
    """The columns by which an order is found that is sent there."""
    return {
        "city_token": city_tokens(str(address.get("city") or ""))[0],
        "pin_token": place_token("pin", str(address.get("postalCode") or "")),
    }


def city_tokens(text: str) -> list[bytes | None]:
    """The token of a city without its accents, which is kept, and the one it was kept by before."""
    return [place_token("city", bare(text)), place_token("city", text)]


def place_token(kind: str, text: str) -> bytes | None:
    """The token of a city or of a PIN code, blanks aside; None for none."""
    word = "".join(normal(text).split())
    return vault.blind(kind, word) if word else None


def _words(text: str) -> list[str]:
    """Letters with their marks, for a vowel sign is part of its word, and digits."""
    return "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in normal(text)).split()


def _prefixes(kind: str, word: str) -> set[Token]:
    return {_blind(kind, word[:length]) for length in range(PREFIX_CHARS_MIN, min(len(word), PREFIX_CHARS_MAX) + 1)}


def _blind(kind: str, text: str) -> Token:
    return kind, vault.blind(kind, text)


def bare(text: str) -> str:
    """Letters without accents, as they are typed where no key has them: José, Łukasz and Søren are jose, lukasz and soren.

    Marks of other scripts stay, for there they are sounds: a vowel sign of Devanagari is part of its word.
    """
    apart = unicodedata.normalize("NFD", normal(text).translate(_PLAIN))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def normal(text: str) -> str:
    """NFKC, case folded, trimmed: the form in which words are compared."""
    return unicodedata.normalize("NFKC", text).casefold().strip()
