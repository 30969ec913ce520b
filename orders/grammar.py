"""The search language of orders: what a person types, as terms that all must hold (UX B5.2, docs/search.md).

    query = term*                        every term narrows
    term  = ["-"] key ":" value ("," value)*   |   ["-"] text
    value = word | '"' words '"'         values of one term are alternatives

Pure: the moment and the time zone come with `now`. What is not understood is refused with its place and, where there is
one, what was probably meant.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

QUERY_CHARS_MAX = 500
TERMS_MAX, VALUES_MAX, VALUE_CHARS_MAX = 20, 20, 120
PHONE_DIGITS = (10, 15)
YEARS = (1970, 2999)

Kind = Literal["choice", "text", "money", "whole", "time"]
Bound = int | dt.datetime

STATUSES: Final = ("pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "refunded")
PAYMENT_STATES: Final = (
    "unpaid", "authorized", "paid", "partially_refunded", "refunded", "failed", "in_doubt", "disputed",
)
PAYMENT_METHODS: Final = (
    "cod", "razorpay", "upi", "card", "netbanking", "wallet", "emi", "cardless_emi", "paylater", "bank_transfer", "cash",
)
FULFILMENT_STATES: Final = ("unfulfilled", "partial", "fulfilled", "delivered", "returned")
HAS: Final = ("discount", "dispute", "hold", "invoice", "note", "parcel", "refund", "refund_request", "return")
RISK: Final = ("high", "low", "hold", "pass")
IS: Final = ("cod", "edited", "ended", "guest", "held", "open", "paid", "stuck")


@dataclass(frozen=True, slots=True)
class Key:
    """One word before a colon: what stands behind it, and in one line what it finds."""

    kind: Kind
    says: str
    words: tuple[str, ...] = ()


KEYS: Final[dict[str, Key]] = {
    "status": Key("choice", "the order's status", STATUSES),
    "pay": Key("choice", "where the money is, or how it was paid", (*PAYMENT_STATES, *PAYMENT_METHODS)),
    "ship": Key("choice", "where the goods are", FULFILMENT_STATES),
    "number": Key("text", "an order number, whole or part"),
    "customer": Key("text", "a name, an e-mail address, a phone number or a customer's id"),
    "name": Key("text", "the beginning of a word of the name"),
    "email": Key("text", "an address, its part before the @ or the beginning of that, or @ and the part after it"),
    "phone": Key("text", "a phone number, or its last four to nine digits"),
    "city": Key("text", "the city it is sent to"),
    "pin": Key("text", "the PIN code it is sent to"),
    "state": Key("text", "the state it is sent to, such as IN-KA or KA"),
    "sku": Key("text", "a SKU; with * at its end, what it begins with"),
    "awb": Key("text", "a tracking number, whole or part"),
    "channel": Key("text", "the channel it came through"),
    "warehouse": Key("text", "a warehouse it ships from"),
    "carrier": Key("text", "who carries it"),
    "code": Key("text", "the coupon that was used"),
    "tag": Key("text", "a tag it has"),
    "assignee": Key("text", "who of the staff looks after it: a user name, me, or nobody"),
    "risk": Key("choice", "the verdict at its placement: high had to wait for a person, low had not", RISK),
    "score": Key("whole", "its score at its placement, 0 to 100"),
    "total": Key("money", "its total in rupees"),
    "items": Key("whole", "how many units it has"),
    "placed": Key("time", "when it was placed"),
    "confirmed": Key("time", "when it was confirmed"),
    "shipped": Key("time", "when it was shipped"),
    "delivered": Key("time", "when it arrived"),
    "cancelled": Key("time", "when it was cancelled"),
    "has": Key("choice", "what belongs to it", HAS),
    "is": Key("choice", "what it is", IS),
}
ALIASES: Final = {
    "payment": "pay", "shipping": "ship", "order": "number", "created": "placed", "tracking": "awb", "mobile": "phone",
    "mail": "email", "pincode": "pin", "amount": "total", "coupon": "code", "assigned": "assignee",
}


class NotUnderstood(ValueError):
    """Something typed means nothing here. `place` is the character it begins at, from 1; `hint` what was perhaps meant."""

    def __init__(self, says: str, *, at: int, hint: str = "") -> None:
        """Say what, where, and what to try."""
        self.says, self.place, self.hint = says, at + 1, hint
        super().__init__(f"{says} (character {at + 1})." + (f" {hint}" if hint else ""))


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` on and before `high`: moments, minor units or units. None is no bound."""

    low: Bound | None = None
    high: Bound | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `key` is empty for bare text. `text[start:end]` of what was typed is where it stands."""

    key: str
    values: tuple[str, ...]
    spans: tuple[Span, ...]
    is_not: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of characters between blanks: key, values (text, where it begins, whether it was quoted)."""

    key: str
    values: list[tuple[str, int, bool]]
    is_not: bool
    start: int
    end: int


def parse(text: str, *, now: dt.datetime) -> tuple[Term, ...]:
    """The terms, in the order they were typed. `now` is aware and in the shop's time zone. Raises NotUnderstood."""
    if len(text) > QUERY_CHARS_MAX:
        raise NotUnderstood(f"A search has at most {QUERY_CHARS_MAX} characters", at=QUERY_CHARS_MAX)
    for place, letter in enumerate(text):
        if unicodedata.category(letter) in {"Cc", "Cs"} and not letter.isspace():
            raise NotUnderstood("A control character cannot be searched for", at=place)
    terms = [_term(piece, now) for piece in _joined(_pieces(text))]
    if len(terms) > TERMS_MAX:
        raise NotUnderstood(f"A search has at most {TERMS_MAX} terms", at=terms[TERMS_MAX].start)
    return tuple(terms)


def without(text: str, term: Term) -> str:
    """What was typed, less one term."""
    return " ".join((text[: term.start] + " " + text[term.end :]).split())


def _pieces(text: str) -> list[_Piece]:
    pieces, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        piece = _piece(text, at)
        pieces.append(piece)
        at = piece.end
    return pieces


def _piece(text: str, start: int) -> _Piece:
    at = start
    is_not = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
    at += is_not
    head = re.compile(r"([A-Za-z]+):").match(text, at)
    at = head.end() if head else at
    values: list[tuple[str, int, bool]] = []
    while True:
        value, begins, quoted, at = _value(text, at, splits=head is not None)
        if value:
            values.append((value, begins, quoted))
        if at < len(text) and head is not None and text[at] == ",":
            at += 1
            continue
        break
    return _Piece(_key(head[1], start + is_not) if head else "", values, is_not, start, at)


def _value(text: str, at: int, *, splits: bool) -> tuple[str, int, bool, int]:
    """One value from here on: its text, where it begins, whether any of it was quoted, and where it ends."""
    begins, quoted, letters = at, False, []
    while at < len(text) and not text[at].isspace() and not (splits and text[at] == ","):
        if text[at] == '"':
            closing = text.find('"', at + 1)
            if closing < 0:
                raise NotUnderstood("The quotation mark is not closed", at=at, hint='Close it with another ".')
            letters.append(text[at + 1 : closing])
            quoted, at = True, closing + 1
        else:
            letters.append(text[at])
            at += 1
    value = unicodedata.normalize("NFC", "".join(letters)).strip()
    if len(value) > VALUE_CHARS_MAX:
        raise NotUnderstood(f"A value has at most {VALUE_CHARS_MAX} characters", at=begins)
    return value, begins, quoted, at


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """A phone number typed in groups, `+91 98450 12345`, is one text."""
    found: list[_Piece] = []
    at = 0
    while at < len(pieces):
        run = [pieces[at]]
        while at + len(run) < len(pieces) and _goes_on(run[-1], pieces[at + len(run)]):
            run.append(pieces[at + len(run)])
        whole = "".join(piece.values[0][0] for piece in run) if len(run) > 1 else ""
        low, high = PHONE_DIGITS
        if whole and low <= sum(letter.isdigit() for letter in whole) <= high:
            found.append(_Piece("", [(whole, run[0].start, False)], False, run[0].start, run[-1].end))
        else:
            found += run
        at += len(run)
    return found


def _goes_on(piece: _Piece, following: _Piece) -> bool:
    return _is_phonelike(piece) and _is_phonelike(following) and not following.values[0][0].startswith("+")


def _is_phonelike(piece: _Piece) -> bool:
    if piece.key or piece.is_not or len(piece.values) != 1:
        return False
    value, _, quoted = piece.values[0]
    return not quoted and re.fullmatch(r"\+?[0-9().-]+", value) is not None


def _key(word: str, at: int) -> str:
    name = word.lower()
    name = ALIASES.get(name, name)
    if name in KEYS:
        return name
    near = difflib.get_close_matches(name, [*KEYS, *ALIASES], n=1)
    hint = f"Did you mean {near[0]}:?" if near else f"There are {', '.join(KEYS)}; put text that has a colon in quotation marks."
    raise NotUnderstood(f"There is nothing called {word[:20]}:", at=at, hint=hint)


def _term(piece: _Piece, now: dt.datetime) -> Term:
    if not piece.key:
        values = tuple(value for value, _, _ in piece.values)
        if not values:
            raise NotUnderstood("There is nothing between the quotation marks", at=piece.start)
        return Term("", values, (), piece.is_not, piece.start, piece.end)
    known = KEYS[piece.key]
    if not piece.values:
        raise NotUnderstood(f"{piece.key}: needs a value", at=piece.end, hint=_example(piece.key))
    if len(piece.values) > VALUES_MAX:
        raise NotUnderstood(f"{piece.key}: takes at most {VALUES_MAX} values", at=piece.values[VALUES_MAX][1])
    texts = tuple(value for value, _, _ in piece.values)
    spans: tuple[Span, ...] = ()
    if known.kind == "choice":
        texts = tuple(_choice(piece.key, value, at) for value, at, _ in piece.values)
    elif known.kind != "text":
        spans = tuple(_span(piece.key, value, at, now) for value, at, _ in piece.values)
    return Term(piece.key, texts, spans, piece.is_not, piece.start, piece.end)


def _choice(key: str, value: str, at: int) -> str:
    word = value.lower().replace("-", "_").replace(" ", "_")
    words = KEYS[key].words
    if word in words:
        return word
    near = difflib.get_close_matches(word, words, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(words)}."
    raise NotUnderstood(f"{key}: does not know {value[:20]}", at=at, hint=hint)


def _span(key: str, value: str, at: int, now: dt.datetime) -> Span:
    """`x`, `>x`, `>=x`, `<x`, `<=x`, `x..y`, `x..`, `..y`."""
    sign = re.match(r"[<>]=?", value)
    low, dots, high = value.partition("..")
    if sign:
        found = _span_beyond(sign[0], _one(key, value[sign.end() :], at, now), is_age=_is_age(value[sign.end() :]))
    elif dots:
        if not low and not high:
            raise NotUnderstood(f"{key}: needs an end of the range", at=at, hint=_example(key))
        first, last = _one(key, low, at, now) if low else Span(), _one(key, high, at, now) if high else Span()
        found = Span(first.low, last.low if _is_age(high) else last.high)
    else:
        found = _one(key, value, at, now)
    if found.low is not None and found.high is not None and found.low >= found.high:  # type: ignore[operator]
        raise NotUnderstood(f"{key}: ends before it begins", at=at, hint=f"Turn {value[:40]} round.")
    return found


def _span_beyond(sign: str, one: Span, *, is_age: bool) -> Span:
    """Beyond one value. An age is the other way about: more than seven days old is before that moment."""
    if is_age:
        return Span(high=one.low) if sign[0] == ">" else Span(low=one.low)
    return {">": Span(one.high), ">=": Span(one.low), "<": Span(None, one.low), "<=": Span(None, one.high)}[sign]


def _one(key: str, value: str, at: int, now: dt.datetime) -> Span:
    """What one value covers. Raises NotUnderstood."""
    kind = KEYS[key].kind
    found = _when(value, now) if kind == "time" else _number(value, digits_after=2 if kind == "money" else 0)
    if found is None:
        raise NotUnderstood(f"{key}: cannot read {value[:30] or 'an empty value'}", at=at, hint=_example(key))
    return found


def _number(value: str, *, digits_after: int) -> Span | None:
    found = re.fullmatch(r"₹?([0-9]{1,12})(?:\.([0-9]{1,2}))?", value, re.ASCII)
    if found is None or (found[2] and not digits_after):
        return None
    minor = int(found[1]) * 10**digits_after + (int(found[2].ljust(2, "0")) if found[2] else 0)
    return Span(minor, minor + 1)


def _is_age(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,4}[hdw]", value.lower(), re.ASCII) is not None


def _when(value: str, now: dt.datetime) -> Span | None:
    """An age, a day by name, a year, a month, a day or a moment: from its first instant to the first after it."""
    word = value.lower()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = dt.timedelta(days=1)
    if word == "today":
        return Span(midnight, _midnight(midnight + day))
    if word == "yesterday":
        return Span(_midnight(midnight - day), midnight)
    if _is_age(word):
        unit = {"h": dt.timedelta(hours=1), "d": day, "w": 7 * day}[word[-1]]
        return Span(now.astimezone(dt.UTC) - int(word[:-1]) * unit)
    try:
        return _calendar(word, now) if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", word, re.ASCII) else _moment(value)
    except (ValueError, OverflowError):
        return None


def _calendar(word: str, now: dt.datetime) -> Span | None:
    parts = [int(part) for part in word.split("-")]
    if not YEARS[0] <= parts[0] <= YEARS[1]:
        return None
    first = dt.date(*[*parts, 1, 1][:3])
    if len(parts) == 3:  # noqa: PLR2004 year, month, day
        following = first + dt.timedelta(days=1)
    elif len(parts) == 2:  # noqa: PLR2004 year, month
        following = (first + dt.timedelta(days=31)).replace(day=1)
    else:
        following = first.replace(year=first.year + 1)
    return Span(*(dt.datetime.combine(date, dt.time.min, now.tzinfo) for date in (first, following)))


def _moment(value: str) -> Span | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]{5,15}([Zz]|[+-][0-9]{2}:[0-9]{2})", value, re.ASCII):
        return None
    at = dt.datetime.fromisoformat(value.upper())
    return Span(at, at + dt.timedelta(microseconds=1)) if YEARS[0] <= at.year <= YEARS[1] else None


def _midnight(at: dt.datetime) -> dt.datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _example(key: str) -> str:
    known = KEYS[key]
    if known.kind == "choice":
        return f"There are {', '.join(known.words)}."
    samples = {
        "money": "500, >500, 500..1000", "whole": "3, >3, 2..5", "time": "7d, today, 2026-11, >2026-11-21, 2026-11-01..2026-11-21",
    }
    return f"Such as {key}:{samples.get(known.kind, 'word')}."
