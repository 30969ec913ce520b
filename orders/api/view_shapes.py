"""Saved views on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from orders import grammar, saved_views
from orders.api.job_rows import AskedByShape
from orders.searching import SORTS
from timeline.api.query import Query
from timeline.api.wire import Choice, Input, Output, Page, StrictBool, StrictInt, StrictText

if TYPE_CHECKING:
    from orders.saved_views import Counted

NAME_CHARS_MAX = 60
SORT_CHOICES = [sign + name for name in SORTS for sign in ("", "-")]


class ViewsQuery(Query):
    """A page of views."""


@extend_schema_serializer(examples=[OpenApiExample("View", request_only=True, value={
    "name": "Late in Pune", "q": "city:Pune is:stuck", "shared": True, "threshold": 20, "forMinutes": 15,
})])
class ViewInput(Input):
    """A search under a name."""

    name = StrictText(max_length=NAME_CHARS_MAX)
    q = StrictText(max_length=grammar.QUERY_CHARS_MAX, allow_blank=True, help_text="The search language, without words that may name a person.")
    sort = Choice(choices=SORT_CHOICES, required=False)
    shared = StrictBool(required=False, help_text="Whether all of the staff see it.")
    threshold = StrictInt(
        min_value=0, max_value=saved_views.THRESHOLD_MAX, required=False, allow_null=True, help_text="More orders than this are told to the owner."
    )
    for_minutes = StrictInt(min_value=0, max_value=saved_views.MINUTES_MAX, required=False, help_text="Only after so long above.")


class ViewShape(Output):
    """A view and what is in it now."""

    id = s.UUIDField()
    name = s.CharField()
    q = s.CharField()
    sort = s.ChoiceField(choices=SORT_CHOICES)
    shared = s.BooleanField()
    owner = AskedByShape()
    mine = s.BooleanField()
    count = s.IntegerField(help_text=f"Orders in it for who asks, counted up to {saved_views.COUNT_CAP}.")
    count_is_capped = s.BooleanField()
    threshold = s.IntegerField(allow_null=True)
    for_minutes = s.IntegerField()
    over_since = s.DateTimeField(allow_null=True)
    alerted_at = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class ViewPage(Page):
    """Views of one page."""

    data: Any = ViewShape(many=True)


def columns_of(wish: dict[str, Any], *, reader: str | None) -> dict[str, Any]:
    """The columns of what was sent by this user name. Raises BadRequest for a search that is not understood, or that may name a person."""
    found = {{"shared": "is_shared"}.get(name, name): value for name, value in wish.items()}
    if "q" in found:
        found["q"] = saved_views.checked(found["q"], reader=reader)
    return found


def view_row(counted: Counted, *, is_mine: bool) -> dict[str, Any]:
    """One view."""
    view = counted.view
    return {
        "id": view.pk, "name": view.name, "q": view.q, "sort": view.sort, "shared": view.is_shared,
        "owner": {"type": view.owner_type, "id": view.owner_id, "name": view.owner_name}, "mine": is_mine,
        "count": counted.count, "countIsCapped": counted.is_capped, "threshold": view.threshold, "forMinutes": view.for_minutes,
        "overSince": view.over_since, "alertedAt": view.alerted_at, "createdAt": view.created_at, "updatedAt": view.updated_at,
    }
