"""One action on many orders, on the wire: what is asked, and what would happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s
from rest_framework.exceptions import ValidationError

from orders import grammar
from orders.bulk import acting
from orders.models.desk import NAME_CHARS_MAX, TAG_CHARS_MAX
from timeline.api.wire import Choice, Input, Output, StrictBool, StrictText

if TYPE_CHECKING:
    from orders.bulk.acting import Preview

ORDER_CHARS_MAX = 40


class BulkParamsInput(Input):
    """What is said with the action; what does not go with it is refused by name."""

    carrier = StrictText(max_length=acting.CARRIER_CHARS_MAX, required=False, help_text="Of `ship`; without it the own fleet.")
    reason = StrictText(max_length=acting.WORD_CHARS_MAX, required=False, help_text="Of `hold` and `cancel`.")
    tag = StrictText(max_length=TAG_CHARS_MAX, required=False, help_text="Of `tag` and `untag`.")
    assignee = StrictText(max_length=NAME_CHARS_MAX, required=False, help_text="Of `assign`: a user name.")
    note = StrictText(max_length=acting.NOTE_CHARS_MAX, multiline=True, required=False, help_text="For staff alone.")


@extend_schema_serializer(examples=[
    OpenApiExample("Preview", request_only=True, value={"action": "hold", "q": "status:confirmed city:Pune", "params": {"reason": "stock"}, "dryRun": True}),
    OpenApiExample("Chosen", request_only=True, value={"action": "ship", "ids": ["ORD-20261121-00001"], "params": {"carrier": "own_fleet"}}),
])
class BulkInput(Input):
    """An action, and the orders it is for: `ids` (ids or numbers) or `q` in the search language, one of the two."""

    action = Choice(choices=list(acting.ACTIONS))
    q = StrictText(max_length=grammar.QUERY_CHARS_MAX, required=False)
    ids = s.ListField(child=StrictText(max_length=ORDER_CHARS_MAX), allow_empty=False, max_length=acting.ORDERS_MAX, required=False)
    params = BulkParamsInput(required=False, default=dict)
    dry_run = StrictBool(required=False, default=False, help_text="Say what would happen, and ask for nothing.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One way of choosing."""
        if ("q" in attrs) == ("ids" in attrs):
            raise ValidationError({"ids": ["Name the orders by ids or by q, by one of the two."]})
        return attrs


class BulkGroupShape(Output):
    """Orders that cannot, for one reason."""

    code = s.CharField(help_text="The slug of the problem; `unchanged` for an order that is there already.")
    detail = s.CharField()
    count = s.IntegerField()
    orders = s.ListField(child=s.CharField(), help_text=f"The numbers of the first {acting.NAMED_MAX}.")


class BulkPreviewShape(Output):
    """What would happen."""

    action = s.CharField()
    total = s.IntegerField()
    can = s.IntegerField()
    cannot = s.IntegerField()
    reasons = BulkGroupShape(many=True)


def preview_row(found: Preview) -> dict[str, Any]:
    """The preview, with the first orders of each reason."""
    groups = [(group.code, group.detail, group.numbers) for group in found.groups]
    if found.missing:
        groups.append(("not-found", "There is no such order.", found.missing))
    return {
        "action": found.action.name, "total": found.total, "can": len(found.can), "cannot": found.cannot,
        "reasons": [
            {"code": code, "detail": detail, "count": len(numbers), "orders": numbers[: acting.NAMED_MAX]}
            for code, detail, numbers in groups
        ],
    }
