"""Bodies as channels send them, read without trust: exact numbers, clean texts, nothing that raises later. Pure.

Numbers are `Decimal` from the first character on, so ids beyond 2^53 and amounts are what was sent. A text loses control
characters, halves of surrogate pairs and direction marks: no database and no page could show them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

BODY_BYTES_MAX = 2 * 1024 * 1024
DEPTH_MAX = 40
DIGITS_MAX = 40
EXPONENT_MAX = 30
YEAR_MIN, YEAR_MAX = 1970, 2200
SECONDS_MAX = 7_258_118_400  # the year 2200
MILLISECONDS_FROM = 10_000_000_000
TEXT_CHARS_MAX = 500
ID_CHARS_MAX = 64

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff"
    "\ufdd0-\ufdef\U000e0000-\U000e0fff]"
)
_AS_DOUBLE = Context(prec=15)  # the digits that every double gives back as they were written
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


# Cash on delivery as shops name it in their own languages.
_CASH = re.compile(
    r"(?:cash|pay|payment)[ _-]*(?:on|upon|at)[ _-]*delivery|cashondelivery|(?<![a-z])cod(?![a-z])|contre[ _-]?remboursement"
    r"|contra[ _-]?re+mbolso|nachnahme|contrassegno|代金引換|代引"
)


class Unreadable(ValueError):
    """The bytes are no JSON that could be kept: the sentence says why."""


def loads(raw: bytes) -> Any:
    """JSON with every number as it was written. Raises Unreadable."""
    if len(raw) > BODY_BYTES_MAX:
        raise Unreadable(f"At most {BODY_BYTES_MAX} bytes are read.")
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_constant, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise Unreadable("The body is not UTF-8.") from error
    except RecursionError as error:
        raise Unreadable(f"The body is nested deeper than {DEPTH_MAX} levels.") from error
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from error
    _require_shallow(value, 0)
    return value


def dumps(value: Any) -> bytes:
    """One form of a body whatever its spaces and the order of its keys, numbers as they were written."""
    return json.dumps(value, sort_keys=True, default=str, separators=(",", ":")).encode()


def obj(value: Any) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, or none."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def at(value: Any, *steps: str) -> Any:
    """What lies below these keys; None where one is missing."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def first(value: Mapping[str, Any], *names: str) -> Any:
    """The first of these keys that holds something."""
    return next((value[name] for name in names if value.get(name) not in (None, "", [], {})), None)


def text(value: Any, limit: int = TEXT_CHARS_MAX) -> str:
    """A text or number as clean text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    said = format(value, "f") if isinstance(value, Decimal) else str(value)
    return " ".join(_HIDDEN.sub("", said).split())[:limit].strip()


def identity(value: Any) -> str:
    """An id as text: a number without its sign for decimals; empty when there is none or it is too long to be one."""
    said = text(value, ID_CHARS_MAX + 1)
    return said if len(said) <= ID_CHARS_MAX else ""


def number(value: Any) -> Decimal | None:
    """A number, also one that came as text; None for everything else and for what no amount could be.

    A fraction of more digits than a double holds is one that was written as its double: 41.990000000000002 is 41.99.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        said = value.strip()
        if len(said) > DIGITS_MAX or not _NUMBER.fullmatch(said):
            return None
        value = Decimal(said)
    elif isinstance(value, int):
        value = Decimal(value)
    elif isinstance(value, Decimal) and value.is_finite() and int(value.as_tuple().exponent) < 0 and abs(value.adjusted()) <= EXPONENT_MAX:
        value = _AS_DOUBLE.plus(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    return value if abs(value.adjusted()) <= EXPONENT_MAX and len(value.as_tuple().digits) <= DIGITS_MAX else None


def whole(value: Any) -> int | None:
    """A whole number, also `2.0` or `"2"`."""
    found = number(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def moment(value: Any, *, zone_utc: bool = True) -> datetime | None:
    """ISO 8601, RFC 2822, seconds or milliseconds since 1970, as UTC; without an offset it is taken as UTC."""
    count = number(value)
    if count is not None:
        seconds = count / 1000 if count > MILLISECONDS_FROM else count
        return datetime.fromtimestamp(float(seconds), tz=UTC) if 0 < seconds < SECONDS_MAX else None
    said = text(value, 60)
    found = _iso(said) or _mail(said)
    if found is None or not YEAR_MIN <= found.year <= YEAR_MAX:
        return None
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC) if zone_utc else None
    return found.astimezone(UTC)


def words(value: Any) -> str:
    """A status in its channel's own word, as short text."""
    return text(value, 60)


def is_cash_on_delivery(value: Any) -> bool:
    """Whether a way to pay is cash on delivery, by its code or name."""
    return _CASH.search(text(value, 100).casefold()) is not None


def each(value: Any, *names: str) -> Iterator[dict[str, Any]]:
    """The objects of whichever of these lists is there."""
    for name in names:
        yield from rows(at(value, name))


def _iso(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(said.replace(" UTC", "+00:00")) if said[:4].isdigit() else None
    except (ValueError, OverflowError):
        return None


def _mail(said: str) -> datetime | None:
    try:
        return parsedate_to_datetime(said) if "," in said else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _number(said: str) -> Decimal:
    if len(said) > DIGITS_MAX:
        raise Unreadable(f"A number is written with more than {DIGITS_MAX} characters.")
    try:
        return Decimal(said)
    except InvalidOperation as error:
        raise Unreadable("A number is beyond every range.") from error


def _constant(_name: str) -> Any:
    raise Unreadable("NaN and Infinity are not JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Unreadable("An object names the same key twice.")
    return value


def _require_shallow(value: Any, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise Unreadable(f"The body is nested deeper than {DEPTH_MAX} levels.")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        if isinstance(item, dict | list):
            _require_shallow(item, depth + 1)


def has(found: Any, key: str, value: str) -> bool:
    """Whether one of these objects says so under this key."""
    return any(text(row.get(key)) == value for row in rows(found))
