"""What filters of exports have in common: a time, or a calendar month of the shop's own clock."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from timeline.api.query import QueryMoment
from timeline.api.wire import YEAR_MAX, YEAR_MIN, Input, StrictText
from timeline.errors import BadRequest

VALUES_MAX = 50
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)


class Moment(QueryMoment):
    """An RFC 3339 date and time, or a date: the first instant of that day in the business time zone."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        """Take text of either form."""
        return super().to_internal_value(value) if type(value) is str else self.fail("invalid", format="RFC 3339 date or date-time")


class Month(serializers.CharField):
    """A calendar month, `2026-10`."""

    def to_internal_value(self, data: Any) -> str:
        """Take text of that form only."""
        found = _MONTH.fullmatch(data) if type(data) is str else None
        if found is None or not YEAR_MIN <= int(found[1]) <= YEAR_MAX:
            raise ValidationError("A month such as 2026-10 is required.", code="invalid")
        return str(data)


class OneOrMany(serializers.ListField):
    """A value, or a list of up to 50."""

    def __init__(self, **kwargs: Any) -> None:
        """Bound the number of values."""
        super().__init__(max_length=VALUES_MAX, allow_empty=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        """One value is a list of one."""
        return super().to_internal_value(data if isinstance(data, list) else [data])


class PeriodFilters(Input):
    """Of which time: from `after` on and before `before`, or one month."""

    after = Moment(required=False, allow_null=True, default=None, help_text="At or after this moment or day.")
    before = Moment(required=False, allow_null=True, default=None, help_text="Before this moment or day.")
    month = Month(required=False, allow_null=True, default=None, help_text="A calendar month of the business time zone, `2026-10`.")

    @classmethod
    def plain(cls, data: Any) -> dict[str, Any]:
        """The filters as they are kept: checked, without those that say nothing, times as RFC 3339. Raises BadRequest."""
        wish = cls.parse(data)
        if wish.get("month") and (wish.get("after") or wish.get("before")):
            raise BadRequest(errors=[("#/month", "A month, or after and before; not both.")])
        if wish.get("after") and wish.get("before") and wish["after"] >= wish["before"]:
            raise BadRequest(errors=[("#/before", "This is not later than after.")])
        kept = {name: value for name, value in wish.items() if value not in (None, "", [])}
        return {name: value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if isinstance(value, dt.datetime) else value
                for name, value in kept.items()}


def period_of(filters: dict[str, Any]) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The first instant that counts and the first that does not; None where there is no bound."""
    if month := filters.get("month"):
        return month_bounds(month)
    return tuple(dt.datetime.fromisoformat(filters[name]) if name in filters else None for name in ("after", "before"))  # type: ignore[return-value]


def month_bounds(month: str) -> tuple[dt.datetime, dt.datetime]:
    """The first instant of the month in the business time zone, and that of the next."""
    first = dt.date.fromisoformat(f"{month}-01")
    following = (first + dt.timedelta(days=31)).replace(day=1)
    zone = timezone.get_default_timezone()
    return dt.datetime.combine(first, dt.time.min, zone), dt.datetime.combine(following, dt.time.min, zone)


class Word(StrictText):
    """A short text."""

    def __init__(self, *, max_length: int = 80, **kwargs: Any) -> None:
        """Bound the length."""
        super().__init__(max_length=max_length, **kwargs)
