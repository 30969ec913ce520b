"""What checks are given and what they give: a window of business days, and differences between two books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, F, TextField, Value
from django.db.models.functions import Cast, Replace
from django.utils.timezone import get_default_timezone, localdate

CHUNK = 2000
GRACE = timedelta(minutes=15)  # what moved a moment ago may still be on its way from one book to the next
_WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True)
class Window:
    """The business days to compare, both included, as they stand `now`."""

    first: date
    last: date
    now: datetime

    @property
    def start(self) -> datetime:
        """The first instant of the first day."""
        return start_of(self.first)

    @property
    def end(self) -> datetime:
        """The end of the last day, or now."""
        return min(self.now, start_of(self.last + timedelta(days=1)))

    @property
    def settled(self) -> datetime:
        """What happened before this instant has had the time to reach every book."""
        return self.now - GRACE


@dataclass(frozen=True, slots=True)
class Difference:
    """Two books that disagree about one thing: `ours` and `theirs` are ids, amounts and codes, never people.

    `key` is the same whenever the same difference is found. `is_explained` is what the cause says unless it is given.
    """

    cause: str
    key: str
    amount_minor: int
    day: date
    stream: str = ""
    currency: str = "INR"
    ours: dict[str, Any] = field(default_factory=dict)
    theirs: dict[str, Any] = field(default_factory=dict)
    is_explained: bool | None = None

    @property
    def name(self) -> str:
        """Cause and key: what the case is known by."""
        return f"{self.cause}:{self.key}"


class Check(Protocol):
    """One comparison of books: statements over sets, never one a row."""

    def __call__(self, window: Window) -> Iterator[Difference]:
        """Every difference of the window's days, and all that lasts."""
        ...


def start_of(day: date) -> datetime:
    """The first instant of a business day."""
    return datetime.combine(day, time.min, get_default_timezone()).astimezone(UTC)


def day_of(at: datetime) -> date:
    """The business day of an instant."""
    return localdate(at)


def settled_by(day: date, days: int | None = None) -> date:
    """The last business day on which the gateway should have paid out what was captured on `day`; weekends do not count."""
    left = settings.SETTLE_DAYS if days is None else days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() not in _WEEKEND
    return day


def order_id_of(stream: str) -> UUID | None:
    """The order behind a story, when its name can be one's."""
    try:
        return UUID(stream)
    except ValueError:
        return None


def hex_of(name: str = "pk") -> Replace:
    """A UUID column as 32 hex digits, the same on both engines."""
    return Replace(Cast(F(name), TextField()), Value("-"), Value(""), output_field=CharField())
