"""What is asked of fulfilments: bodies and query strings, each with an example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from orders.api.fulfilment_rows import FulfilmentShape
from orders.api.inputs import REASON_CHARS_MAX, UnitsInput
from orders.lifecycle import WAREHOUSE_WORDS
from orders.operations.cancel import CODES
from timeline.api.query import Query, QueryList, QueryText
from timeline.api.wire import Choice, Code, Input, Page, StrictDateTime, StrictText, StrictUUID

if TYPE_CHECKING:
    from collections.abc import Callable

CARRIER_CHARS_MAX = 40
_ITEMS = [{"orderItemId": "01890a5d-ac96-774b-bcce-b302099a8057", "quantity": 1}]


def _like(**body: Any) -> Callable[[type[Input]], type[Input]]:
    return extend_schema_serializer(examples=[OpenApiExample("Example", value=body, request_only=True)])


@_like(warehouse="DEL-1")
class MoveInput(Input):
    """The warehouse that is to ship it."""

    warehouse = Code(max_length=40)


@_like(items=_ITEMS)
class SplitInput(Input):
    """The units that become a fulfilment of their own."""

    items = UnitsInput(many=True)


@_like(into="01890a5d-ac96-774b-bcce-b302099a8057")
class MergeInput(Input):
    """The fulfilment which it joins."""

    into = StrictUUID()


@_like(releaseAt="2026-12-24T03:30:00Z")
class ScheduleInput(Input):
    """The time before which it is not picked."""

    release_at = StrictDateTime()


@_like(carrier="own_fleet")
class PackInput(Input):
    """How the packed box goes on: with a carrier its parcel is booked at once."""

    carrier = StrictText(max_length=CARRIER_CHARS_MAX, required=False, allow_null=True, default=None)
    service = StrictText(max_length=CARRIER_CHARS_MAX, required=False, allow_null=True, default=None)


@_like(items=_ITEMS)
class ShortInput(Input):
    """The units that were not on the shelf."""

    items = UnitsInput(many=True)


@_like(items=_ITEMS, code="customer_request", reason="One is enough")
class CancelUnitsInput(Input):
    """The units to be taken out of the order, and why."""

    items = UnitsInput(many=True)
    code = Choice(choices=CODES, required=False, default="other")
    reason = StrictText(max_length=REASON_CHARS_MAX, required=False, allow_null=True, default=None)


@_like(reason="One is enough", items=_ITEMS)
class OwnCancelInput(Input):
    """Why, if the caller wants to say; with items, these units alone."""

    reason = StrictText(max_length=REASON_CHARS_MAX, required=False, allow_null=True, default=None)
    items = UnitsInput(many=True, required=False)


@_like(reason="The courier lost it")
class DecideInput(Input):
    """Why it is decided so."""

    reason = StrictText(max_length=REASON_CHARS_MAX)


class FulfilmentsQuery(Query):
    """Which fulfilments, the oldest first; `status` is the warehouse's own word."""

    status = QueryList(child=Choice(choices=WAREHOUSE_WORDS), required=False, default=list)
    warehouse = QueryText(max_length=40, required=False, default="")


class FulfilmentPage(Page):
    """Fulfilments of one page."""

    data: Any = FulfilmentShape(many=True)
