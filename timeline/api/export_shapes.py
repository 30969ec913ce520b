"""Exports on the wire: what is asked, what is answered."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s
from rest_framework.exceptions import ValidationError

from timeline.api.query import Query, QueryList
from timeline.api.wire import INTEGER_MAX, Choice, Input, Output, Page, StrictBool, StrictInt, StrictText
from timeline.errors import BadRequest
from timeline.exports.export import Export
from timeline.exports.sources import Source, sources

NAME_CHARS_MAX = 120
DAY_MAX = 28
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_EXAMPLE: dict[str, Any] = {"kind": "events", "format": "csv", "filters": {"action": "order.*", "month": "2026-10"}}


class Filters(s.JSONField):
    """An object; what may be in it depends on the kind of rows."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Take an object; its parts are looked at when the kind is known."""
        if type(data) is not dict:
            raise ValidationError("A JSON object is required.", code="invalid")
        return data


class Clock(s.CharField):
    """A time of day, `06:30`."""

    def to_internal_value(self, data: Any) -> str:
        """Take text of that form only."""
        if type(data) is not str or not _CLOCK.fullmatch(data):
            raise ValidationError("A time of day such as 06:30 is required.", code="invalid")
        return data


class WantedInput(Input):
    """Which rows, in which form."""

    kind = StrictText(max_length=40, required=False, help_text="`events` (default), `orders` or `order_lines`.")
    resource = StrictText(max_length=40, required=False, help_text="The same as `kind`.")
    format = Choice(choices=Export.Format.choices, required=False, default=Export.Format.CSV)
    filters = Filters(required=False, default=dict, help_text="events: action, actor, actorType, resource, resourceId, target, session;"
                      " orders: status, paymentStatus, channel; all: after, before, month.")
    personal = StrictBool(required=False, default=False, help_text="With names and addresses, where the kind has them; needs `customers:read`.")

    @staticmethod
    def source_of(wish: dict[str, Any]) -> Source:
        """The source that `kind` or `resource` names. Raises BadRequest."""
        names = {wish[word] for word in ("kind", "resource") if word in wish} or {"events"}
        found = sources().get(names.pop()) if len(names) == 1 else None
        if found is None:
            raise BadRequest(errors=[("#/kind", f"One of these is required: {', '.join(sorted(sources()))}.")])
        if wish["personal"] and not found.has_personal:
            raise BadRequest(errors=[("#/personal", "These rows have no personal columns.")])
        return found

    @staticmethod
    def filters_of(source: Source, filters: dict[str, Any], *, with_period: bool = True) -> dict[str, Any]:
        """The filters as they are kept. Raises BadRequest with pointers to `#/filters/…`."""
        try:
            kept = source.filters.plain(filters)
        except BadRequest as error:
            raise BadRequest(errors=[(f"#/filters{pointer.removeprefix('#')}", detail) for pointer, detail in error.errors]) from error
        if not with_period and {"month", "after", "before"} & kept.keys():
            raise BadRequest(errors=[("#/filters", "The month is the one before; no time is named here.")])
        return kept


class ExportInput(WantedInput):
    """An export. With `cut` of an earlier one the file has the same bytes."""

    cut = StrictInt(min_value=0, max_value=INTEGER_MAX, required=False, allow_null=True, default=None)


class ExportScheduleInput(WantedInput):
    """The month before, on this day of every month."""

    name = StrictText(max_length=NAME_CHARS_MAX)
    day_of_month = StrictInt(min_value=1, max_value=DAY_MAX, required=False, default=1)
    at = Clock(required=False, default="06:00", help_text="Time of day on the shop's clock.")


class ExportScheduleChange(Input):
    """What may be changed."""

    name = StrictText(max_length=NAME_CHARS_MAX, required=False)
    day_of_month = StrictInt(min_value=1, max_value=DAY_MAX, required=False)
    at = Clock(required=False)
    format = Choice(choices=Export.Format.choices, required=False)
    filters = Filters(required=False)
    is_active = StrictBool(required=False)


class ExportsQuery(Query):
    """Which exports, the newest first."""

    status = QueryList(child=Choice(choices=Export.Status.values), required=False, default=list)
    kind = QueryList(child=StrictText(max_length=40), required=False, default=list)


class ExportSchedulesQuery(Query):
    """Schedules, by name."""


class RequesterOutput(Output):
    """Who asked."""

    type = s.CharField()
    id = s.CharField()
    name = s.CharField()


class ProgressOutput(Output):
    """How far it is: places of the log looked at, of so many, and rows written."""

    done = s.IntegerField()
    total = s.IntegerField()
    rows = s.IntegerField()


class ExportOutput(Output):
    """An export. `downloadUrl` is there while the file is, for seven days."""

    id = s.UUIDField()
    kind = s.CharField()
    format = s.ChoiceField(choices=Export.Format.choices)
    status = s.ChoiceField(choices=Export.Status.choices)
    filters = s.DictField()
    personal = s.BooleanField()
    holds_personal = s.BooleanField(help_text="The file holds what is sealed under people's keys.")
    cut = s.IntegerField(allow_null=True, help_text="Only events before this place of the log count.")
    progress = ProgressOutput()
    rows = s.IntegerField()
    bytes = s.IntegerField()
    sha256 = s.CharField(allow_null=True)
    download_url = s.CharField(allow_null=True)
    schedule_id = s.UUIDField(allow_null=True)
    cancel_asked = s.BooleanField()
    error = s.CharField(allow_null=True)
    asked_by = RequesterOutput()
    asked_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)
    expires_at = s.DateTimeField(allow_null=True)


class ExportScheduleOutput(Output):
    """An export of every month."""

    id = s.UUIDField()
    name = s.CharField()
    kind = s.CharField()
    format = s.ChoiceField(choices=Export.Format.choices)
    filters = s.DictField()
    personal = s.BooleanField()
    day_of_month = s.IntegerField()
    at = s.CharField()
    next_at = s.DateTimeField()
    is_active = s.BooleanField()
    why_inactive = s.CharField(allow_null=True)
    asked_by = RequesterOutput()
    created_at = s.DateTimeField()


class ExportPage(Page):
    """Exports of one page."""

    data: Any = ExportOutput(many=True)


class ExportSchedulePage(Page):
    """Schedules of one page."""

    data: Any = ExportScheduleOutput(many=True)


def clock(text: str) -> dt.time:
    """The time of day."""
    return dt.time.fromisoformat(text)


extend_schema_serializer(examples=[OpenApiExample("Export", value=_EXAMPLE, request_only=True)])(ExportInput)
extend_schema_serializer(examples=[
    OpenApiExample("Schedule", value={"name": "Accounts", "dayOfMonth": 1, "at": "06:30", "filters": {"action": "order.*"}}, request_only=True)
])(ExportScheduleInput)
extend_schema_serializer(examples=[OpenApiExample("Change", value={"dayOfMonth": 2, "at": "07:00"}, request_only=True)])(ExportScheduleChange)
