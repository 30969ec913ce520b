"""What bodies about returns must look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from orders.api.inputs import REASON_CHARS_MAX, AddressInput
from orders.eligibility import CONDITIONS, REASONS, UNOPENED
from orders.models import Return, ReturnUnit
from orders.operations import return_goods, return_money
from timeline.api.query import Query, QueryList, QueryText
from timeline.api.wire import Choice, Code, Input, Money, Quantity, StrictBool, StrictInt, StrictText, StrictUUID

COMMENT_CHARS_MAX = 1000
DAYS_MAX = 3650


class ReturnItemInput(Input):
    """So many units of one item, why they come back, and their condition."""

    order_item_id = StrictUUID()
    quantity = Quantity()
    reason = Choice(choices=REASONS)
    condition = Choice(choices=CONDITIONS, required=False, default=UNOPENED)


class ReturnInput(Input):
    """A customer sends units back."""

    items = ReturnItemInput(many=True)
    comment = StrictText(max_length=COMMENT_CHARS_MAX, multiline=True, required=False, allow_null=True, default=None)
    wish = Choice(choices=Return.Wish.values, required=False, default=Return.Wish.REFUND.value)
    pickup_address = AddressInput(required=False, allow_null=True, default=None)


class StaffReturnInput(ReturnInput):
    """Staff take a return in; it is approved with it unless `approved` says otherwise."""

    approved = StrictBool(required=False, default=True)


class ReturnDeclineInput(Input):
    """Why the shop does not take the goods back; the customer reads it."""

    reason = StrictText(max_length=REASON_CHARS_MAX)


class PickupInput(Input):
    """How the goods are fetched; with a tracking number it is a parcel labelled elsewhere."""

    carrier = StrictText(max_length=40, required=False, default="own_fleet")
    service = StrictText(max_length=40, required=False, allow_null=True, default=None)
    warehouse = Code(max_length=40, required=False, allow_null=True, default=None)
    tracking_number = StrictText(max_length=60, required=False, allow_null=True, default=None)
    drop_off = StrictBool(required=False, default=False, help_text="The customer brings it to the carrier with the label.")


class ReturnCountInput(Input):
    """So many units of one item came."""

    order_item_id = StrictUUID()
    quantity = Quantity(min_value=0)


class OtherInput(Input):
    """Something that is not of this order."""

    sku = StrictText(max_length=64)
    quantity = Quantity()


class ReceiveInput(Input):
    """What a person counted; without items, what was announced."""

    items = ReturnCountInput(many=True, required=False)
    others = OtherInput(many=True, required=False, max_length=return_goods.OTHERS_MAX)  # type: ignore[call-arg]
    warehouse = Code(max_length=40, required=False, allow_null=True, default=None)


class GradedInput(Input):
    """What so many units were found to be, and where they go."""

    order_item_id = StrictUUID()
    quantity = Quantity()
    grade = Choice(choices=ReturnUnit.Grade.values)
    disposition = Choice(choices=ReturnUnit.Disposition.values)
    warehouse = Code(max_length=40, required=False, allow_null=True, default=None)


class InspectInput(Input):
    """Every received unit, graded once."""

    units = GradedInput(many=True)


class TakeBackInput(Input):
    """A parcel that was called back; with units, each is graded, without, all of it is stock again."""

    units = GradedInput(many=True, required=False)


class ReturnRefundInput(Input):
    """The money for a return: what the units are worth, less the agreed fee or another."""

    fee = Money(required=False, allow_null=True, default=None, help_text="Instead of the agreed fee.")
    with_shipping = StrictBool(required=False, default=False, help_text="And what is left of the shipping charge.")
    reason = StrictText(max_length=REASON_CHARS_MAX, required=False, default="Goods came back")
    initiate_payment_refund = StrictBool(required=False, default=True)
    speed = Choice(choices=("normal", "instant"), required=False, default="normal")
    despite_dispute = StrictBool(
        required=False, default=False, help_text="Although the customer's bank decides over the same money (else 409)."
    )


class ChoiceInput(Input):
    """So many of a product for what comes back."""

    sku = Code()
    quantity = Quantity()


class ExchangeQuoteInput(Input):
    """Goods for what comes back; without a choice the same ones."""

    items = ChoiceInput(many=True, required=False, default=list)


class ExchangeInput(ExchangeQuoteInput):
    """Place the exchange. What the old goods were worth beyond the new ones goes back the way it came."""

    reason = StrictText(max_length=REASON_CHARS_MAX, required=False, default="Exchanged")
    initiate_payment_refund = StrictBool(required=False, default=True)


class CloseInput(Input):
    """Why nothing is left to do; without a word it follows from what was given."""

    outcome = Choice(choices=return_money.OUTCOMES, required=False, allow_null=True, default=None)


class ReturnRuleInput(Input):
    """A product's own days to send it back: 0 is a final sale, null the shop's own days again."""

    sku = Code()
    days = StrictInt(min_value=0, max_value=DAYS_MAX, allow_null=True)


class ReturnsQuery(Query):
    """Which returns, the newest first."""

    status = QueryList(child=Choice(choices=Return.Status.values), required=False, default=list)
    q = QueryText(max_length=40, required=False, default="", help_text="A return's number or an order's, whole.")


def graded_of(rows: Sequence[Mapping[str, Any]]) -> list[return_goods.Graded]:
    """Units in the words of the operation."""
    return [
        return_goods.Graded(row["order_item_id"], row["quantity"], row["grade"], row["disposition"], row["warehouse"])
        for row in rows
    ]


_ITEM = {
    "orderItemId": "01890a5d-ac96-774b-bcce-b302099a8057", "quantity": 1, "reason": "defective", "condition": "opened",
}
BODIES: dict[str, dict[str, Any]] = {
    "ReturnInput": {"items": [_ITEM], "comment": "The lid does not close", "wish": "refund"},
    "StaffReturnInput": {"items": [_ITEM], "comment": "Rang at noon", "wish": "exchange", "approved": True},
    "ReturnDeclineInput": {"reason": "The seal was broken"},
    "PickupInput": {"carrier": "own_fleet", "warehouse": "BLR-1"},
    "ReceiveInput": {"items": [{"orderItemId": _ITEM["orderItemId"], "quantity": 1}], "warehouse": "BLR-1"},
    "InspectInput": {
        "units": [{"orderItemId": _ITEM["orderItemId"], "quantity": 1, "grade": "A", "disposition": "restock"}]
    },
    "TakeBackInput": {
        "units": [{"orderItemId": _ITEM["orderItemId"], "quantity": 1, "grade": "damaged", "disposition": "scrap"}]
    },
    "ReturnRefundInput": {"fee": 0, "withShipping": False, "reason": "The lid was broken"},
    "ExchangeQuoteInput": {"items": [{"sku": "KURTA-L", "quantity": 1}]},
    "ExchangeInput": {"items": [{"sku": "KURTA-L", "quantity": 1}], "reason": "Too small"},
    "CloseInput": {"outcome": "customer_keeps"},
    "ReturnRuleInput": {"sku": "TEA-GIFT", "days": 0},
}
for _name, _body in BODIES.items():
    _example = OpenApiExample(_name.removesuffix("Input"), value=_body, request_only=True)
    extend_schema_serializer(examples=[_example])(globals()[_name])
