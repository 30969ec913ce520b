"""Filters of a list, read strictly from the query string (F70, F71).

An unknown parameter, a parameter given twice that takes one value, digits that are not ASCII, a sort that is not
listed, a list that is too long: 400 ``/problems/validation`` with the pointer ``?name``. The class is a serializer, so
``@extend_schema(parameters=[OrderQuery])`` documents it.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from timeline.api.pointers import pointers
from timeline.api.wire import LIST_LENGTH_MAX, StrictText, _CamelNames, day, moment
from timeline.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

PAGE_MAX = 10_000
LIMIT_MAX = 200
LIMIT_DEFAULT = 20
VALUES_MAX = 50
CURSOR_LENGTH_MAX = 1024
DIGITS_MAX = 16

_DIGITS = re.compile(r"[0-9]{1,16}")
_SPACE_FOR_PLUS = re.compile(r" (?=[0-9]{2}:[0-9]{2}\Z)")


class QueryInt(serializers.IntegerField):
    """ASCII digits, no sign, no separators."""

    def __init__(self, *, min_value: int = 0, max_value: int, **kwargs: Any) -> None:
        """Bound the value on both sides."""
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Read one to sixteen digits."""
        if not _DIGITS.fullmatch(data):
            raise ValidationError("Digits 0 to 9 are required.", code="invalid")
        return int(data)


class QueryBool(serializers.BooleanField):
    """``true`` or ``false``."""

    def to_internal_value(self, data: Any) -> bool:
        """Compare exactly."""
        if data not in {"true", "false"}:
            raise ValidationError("true or false is required.", code="invalid")
        return bool(data == "true")


class QueryText(StrictText):
    """A phrase to look for. An empty one is as good as none and comes back as an empty text."""

    def __init__(self, *, max_length: int = 100, **kwargs: Any) -> None:
        """Bound the length."""
        kwargs.setdefault("allow_blank", True)
        super().__init__(max_length=max_length, **kwargs)


class QueryMoment(serializers.DateTimeField):
    """An RFC 3339 date and time, or a date: the first instant of that day in the business time zone.

    With ``end=True`` a date means the first instant of the next day, so that ``[from, to)`` holds the whole last day.
    """

    def __init__(self, *, end: bool = False, **kwargs: Any) -> None:
        """Say which end of an interval this is."""
        self.end = end
        super().__init__(**kwargs)

    def to_internal_value(self, value: Any) -> dt.datetime:
        """Read either form; a plus sign that a query string turned into a space is understood."""
        try:
            if len(value) > len("2026-01-31"):
                return moment(_SPACE_FOR_PLUS.sub("+", value))
            date = day(value) + dt.timedelta(days=1 if self.end else 0)
            return dt.datetime.combine(date, dt.time.min, timezone.get_default_timezone())
        except (ValueError, OverflowError):
            self.fail("invalid", format="RFC 3339 date or date-time")


class QueryDay(serializers.DateField):
    """A full date, ``2026-01-31``: a business day."""

    def to_internal_value(self, value: Any) -> dt.date:
        """Read it."""
        try:
            return day(value)
        except ValueError:
            self.fail("invalid", format="YYYY-MM-DD")


class QueryList(serializers.ListField):
    """Several values, by repetition or by comma: at most 50 (F71)."""

    def __init__(self, *, max_length: int = VALUES_MAX, **kwargs: Any) -> None:
        """Bound the number of values."""
        kwargs.setdefault("allow_empty", False)
        super().__init__(max_length=max_length, **kwargs)


class QuerySort(serializers.ChoiceField):
    """``createdAt`` or ``-createdAt``: a whitelist of words, each standing for one column.

    Gives the column with its sign, fit for ``order_by`` and ``paged``.
    """

    def __init__(self, columns: Mapping[str, str], **kwargs: Any) -> None:
        """Take the words and their columns."""
        self.columns = {sign + word: sign + column for word, column in columns.items() for sign in ("", "-")}
        super().__init__(choices=list(self.columns), **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Look the word up."""
        try:
            return self.columns[data]
        except KeyError:
            message = f"One of these is required: {', '.join(self.columns)}."
            raise ValidationError(message, code="invalid_choice") from None


class Query(_CamelNames):
    """Base of a list's parameters: ``page``, ``limit`` and ``cursor`` are always there."""

    page = QueryInt(min_value=1, max_value=PAGE_MAX, default=1)
    limit = QueryInt(min_value=1, max_value=LIMIT_MAX, default=LIMIT_DEFAULT)
    cursor = serializers.RegexField(
        r"\A[A-Za-z0-9_:.-]+\Z",
        max_length=CURSOR_LENGTH_MAX,
        required=False,
        default=None,
        help_text="The `nextCursor` of the page before.",
    )

    parameters_max: ClassVar[int] = LIST_LENGTH_MAX

    @classmethod
    def parse(cls, params: QueryDict) -> dict[str, Any]:
        """Check the parameters and give their values by snake_case name, without those that are absent.

        Raises ``BadRequest`` with a pointer ``?name`` to each fault.
        """
        wish = cls._declared()
        fields = wish.fields
        data: dict[str, Any] = {}
        faults: dict[str, Any] = {}
        values: dict[str, Any] = {}
        if sum(len(given) for _, given in params.lists()) > cls.parameters_max:
            raise BadRequest("Too many parameters.", errors=[("?", f"At most {cls.parameters_max} are taken.")])
        for name, given in params.lists():
            field = fields.get(name)
            if field is None:
                faults[name] = ["Unknown parameter."]
            elif isinstance(field, serializers.ListField):
                data[name] = [part.strip() for value in given for part in value.split(",")]
            elif len(given) != 1:
                faults[name] = ["This parameter is given more than once."]
            else:
                data[name] = given[0]
        try:
            values = wish.run_validation(data)
        except ValidationError as exc:
            faults.update(cast("dict[str, Any]", exc.detail))
        if faults:
            errors = [("?" + pointer.removeprefix("/"), detail) for pointer, detail in pointers(faults, "")]
            raise BadRequest("A parameter is not valid.", errors=errors)
        return dict(values)

    @classmethod
    @functools.cache
    def _declared(cls) -> Query:
        """The one instance that checks all: it copies every field when it is made, and checking changes nothing of it."""
        return cls()
