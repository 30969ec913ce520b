"""Tags and assignments on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from orders import searching
from orders.models.desk import NAME_CHARS_MAX, TAG_CHARS_MAX
from orders.operations.sorting import TAGS_MAX
from timeline.api.wire import Input, StrictText

if TYPE_CHECKING:
    from orders.models import Order


class TagsInput(Input):
    """Tags to give and to take off; a tag that is there, or is not, is left so."""

    add = s.ListField(child=StrictText(max_length=TAG_CHARS_MAX), max_length=TAGS_MAX, required=False, default=list)
    remove = s.ListField(child=StrictText(max_length=TAG_CHARS_MAX), max_length=TAGS_MAX, required=False, default=list)


class OrderAssignInput(Input):
    """Who looks after the order, by user name; an empty one is nobody."""

    assignee = StrictText(max_length=NAME_CHARS_MAX, allow_blank=True)


BODIES: dict[str, dict[str, Any]] = {"TagsInput": {"add": ["gift"], "remove": []}, "OrderAssignInput": {"assignee": "asha"}}
for _name, _body in BODIES.items():
    _example = OpenApiExample(_name.removesuffix("Input"), value=_body, request_only=True)
    extend_schema_serializer(examples=[_example])(globals()[_name])


def sorted_row(order: Order) -> dict[str, Any]:
    """An order's tags, by name, and who looks after it. One statement, or none where they were read along."""
    assignment = getattr(order, "assignment", None)
    return {"tags": searching.tags_of(order), "assignee": assignment.assignee if assignment else None}
