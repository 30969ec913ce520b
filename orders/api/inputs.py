"""What bodies and query strings must look like."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from orders.api.examples import BODIES
from orders.grammar import QUERY_CHARS_MAX
from orders.models import Order
from orders.operations import refund_goods
from orders.searching import SORTS
from payments.models import Dispute
from timeline.api.query import LIMIT_MAX, Query, QueryInt, QueryList, QueryMoment, QuerySort, QueryText
from timeline.api.wire import (
    MONEY_MINOR_MAX,
    Choice,
    Code,
    Email,
    Input,
    Metadata,
    Money,
    Quantity,
    StrictBool,
    StrictDateTime,
    StrictInt,
    StrictText,
    StrictUUID,
)

STATUSES = tuple(Order.Status.values)
SHIPPING_METHODS = ("standard", "express")
PAYMENT_METHODS = ("razorpay", "cod")
NOTE_CHARS_MAX = 2000
REASON_CHARS_MAX = 500
SUMMARY_CHARS_MAX = 1000
SEARCH_CHARS_MAX = 100
CSV_CHARS_MAX = 2_000_000


class Nothing(Input):
    """An empty object."""


class GuestInput(Input):
    """Where a guest comes from."""

    session_id = StrictText(max_length=80, required=False, allow_blank=True, default="", help_text="The session of the page's beacon.")
    client_id = StrictUUID(required=False, allow_null=True, default=None, help_text="The API client the guest's app is known by.")


class GuestTransferInput(Input):
    """The token the guest shopped with."""

    anonymous_token = StrictText(max_length=8192)


class WishInput(Input):
    """A SKU and how many of it."""

    sku = Code()
    quantity = Quantity()
    metadata = Metadata(required=False, default=dict)


class CheckoutInput(Input):
    """A new checkout."""

    lines = WishInput(many=True, required=False, default=list)


class QuantityInput(Input):
    """The new quantity of a line."""

    quantity = Quantity()


class AddressInput(Input):
    """An address; which parts are needed and possible is said with 422, by name."""

    name = StrictText(max_length=100, required=False)
    phone = StrictText(max_length=20, required=False)
    line1 = StrictText(max_length=120, required=False)
    line2 = StrictText(max_length=120, required=False, allow_null=True, allow_blank=True)
    city = StrictText(max_length=60, required=False)
    state = StrictText(max_length=60, required=False, help_text="ISO 3166-2 code (`IN-KA`) or name.")
    postal_code = StrictText(max_length=12, required=False)
    country = StrictText(max_length=2, required=False, default="IN")
    gstin = StrictText(max_length=20, required=False, allow_null=True, allow_blank=True)


class DetailsInput(Input):
    """What a checkout is told besides its lines; null takes a part away."""

    email = Email(required=False, allow_null=True)
    phone = StrictText(max_length=20, required=False, allow_null=True)
    name = StrictText(max_length=100, required=False, allow_null=True)
    gstin = StrictText(max_length=20, required=False, allow_null=True)
    shipping_address = AddressInput(required=False, allow_null=True)
    billing_address = AddressInput(required=False, allow_null=True)
    discount_code = Code(max_length=40, required=False, allow_null=True)
    shipping_method = Choice(choices=SHIPPING_METHODS, required=False)
    payment_method = Choice(choices=PAYMENT_METHODS, required=False)


class VerifyInput(Input):
    """What the gateway's page hands the browser after a payment."""

    razorpay_payment_id = StrictText(max_length=40)
    razorpay_order_id = StrictText(max_length=40)
    razorpay_signature = StrictText(max_length=128)


class UnitsInput(Input):
    """So many units of one item."""

    order_item_id = StrictUUID()
    quantity = Quantity()


class AddInput(Input):
    """Units of a SKU to be added to an order, at today's price."""

    sku = Code()
    quantity = Quantity()


class KeepInput(Input):
    """How many units an item is to have; 0 takes it away."""

    order_item_id = StrictUUID()
    quantity = Quantity(min_value=0)


class EditInput(Input):
    """A change of a placed order; what is not named stays as it is."""

    add = AddInput(many=True, required=False)
    quantities = KeepInput(many=True, required=False)
    shipping_address = AddressInput(required=False, allow_null=True)
    billing_address = AddressInput(required=False, allow_null=True)
    discount_amount = Money(
        min_value=0, required=False, help_text="Given by hand beyond the discounts there are: before tax, spread over the lines."
    )


class ReaddressInput(Input):
    """Where a customer's order is to go instead."""

    shipping_address = AddressInput()


class CommitInput(Input):
    """Make a prepared change."""

    expected_balance = StrictInt(
        min_value=-MONEY_MINOR_MAX, max_value=MONEY_MINOR_MAX, required=False, allow_null=True, default=None,
        help_text="The balance that was shown; another one is 409.",
    )


class RefundWishInput(Input):
    """A customer asks for money back."""

    amount = Money(min_value=1)
    reason = StrictText(max_length=REASON_CHARS_MAX)
    items = UnitsInput(many=True, required=False)


class RestockInput(Input):
    """What becomes of so many units of one item."""

    order_item_id = StrictUUID()
    quantity = Quantity()
    to = Choice(choices=refund_goods.CHOICES)


class RefundInput(Input):
    """Staff give money back."""

    amount = Money(min_value=1, required=False, allow_null=True, help_text="May be left out with items: their worth.")
    reason = StrictText(max_length=REASON_CHARS_MAX)
    initiate_payment_refund = StrictBool(required=False, default=True)
    items = UnitsInput(many=True, required=False)
    with_shipping = StrictBool(
        required=False, allow_null=True, help_text="Whether shipping is given back; without: by an amount, not by items."
    )
    goodwill = StrictBool(required=False, default=False, help_text="An amount for no items; no GST is reversed.")
    speed = Choice(choices=("normal", "instant"), required=False, default="normal")
    restock = StrictBool(required=False, default=False)
    restock_lines = RestockInput(many=True, required=False, help_text="What becomes of which units; instead of `restock`.")
    despite_dispute = StrictBool(
        required=False, default=False, help_text="Although the customer's bank decides over the same money (else 409)."
    )


class RefundQuoteInput(Input):
    """What would go back."""

    amount = Money(min_value=1, required=False, allow_null=True)
    items = UnitsInput(many=True, required=False)
    with_shipping = StrictBool(required=False, allow_null=True)
    goodwill = StrictBool(required=False, default=False)


class OtherMeansInput(Input):
    """How money that the gateway could not give back has been given."""

    reference = Code(max_length=40, help_text="The number of the transfer.")
    reason = StrictText(max_length=REASON_CHARS_MAX)


class DeclineInput(Input):
    """Why a refund request is declined; the customer reads it."""

    reason = StrictText(max_length=REASON_CHARS_MAX)


class ContestInput(Input):
    """Our side of a dispute."""

    summary = StrictText(max_length=SUMMARY_CHARS_MAX)


class StatusInput(Input):
    """The step a person takes with an order. `carrier` and `trackingNumber` go with `shipped` only."""

    status = Choice(choices=Order.Status.values)
    note = StrictText(max_length=NOTE_CHARS_MAX, multiline=True, required=False, allow_null=True, default=None)
    carrier = StrictText(max_length=40, required=False, allow_null=True, default=None)
    tracking_number = StrictText(max_length=60, required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a parcel's words beside a step that ships nothing."""
        if attrs["status"] != Order.Status.SHIPPED:
            faults = {
                wire: ["This goes with the status shipped only."]
                for name, wire in (("carrier", "carrier"), ("tracking_number", "trackingNumber"))
                if attrs[name] is not None
            }
            if faults:
                raise serializers.ValidationError(faults)
        elif attrs["tracking_number"] is not None and attrs["carrier"] is None:
            raise serializers.ValidationError({"carrier": ["A tracking number is a carrier's: name it."]})
        return attrs


class NoteInput(Input):
    """A note on an order."""

    note = StrictText(max_length=NOTE_CHARS_MAX, multiline=True)
    is_public = StrictBool(required=False, default=False)


class NoteTextInput(Input):
    """A note in other words."""

    note = StrictText(max_length=NOTE_CHARS_MAX, multiline=True)


class ShipmentInput(Input):
    """A parcel to be booked; without items, for all that is left."""

    items = UnitsInput(many=True, required=False)
    carrier = StrictText(max_length=40)
    service = StrictText(max_length=40, required=False, allow_null=True, default=None)
    warehouse = Code(max_length=40, required=False, allow_null=True, default=None)


class DispatchInput(Input):
    """When the parcel was handed over, if not now."""

    at = StrictDateTime(required=False, allow_null=True, default=None)


class DeliverInput(Input):
    """How the parcel arrived."""

    delivered_to = StrictText(max_length=100, required=False, allow_null=True, default=None)
    signature_required = StrictBool(required=False, default=None)
    photo_url = StrictText(max_length=500, required=False, allow_null=True, default=None)
    at = StrictDateTime(required=False, allow_null=True, default=None)

    def validate_photo_url(self, value: str | None) -> str | None:
        """Take web addresses only: the link is drawn on pages."""
        if value is not None and not value.startswith(("https://", "http://")):
            message = "A web address is required."
            raise serializers.ValidationError(message)
        return value


class HoldInput(Input):
    """Why the order waits: `fraud`, `address`, `stock`, `payment`, `customer`, `other`, or in words."""

    reason = StrictText(max_length=100)
    note = StrictText(max_length=NOTE_CHARS_MAX, multiline=True, required=False, allow_null=True, default=None)


class FileInput(Input):
    """A CSV file as text; its bad lines are named with 422, and then nothing of it is taken."""

    csv = StrictText(max_length=CSV_CHARS_MAX, multiline=True)


class OwnOrdersQuery(Query):
    """A customer's own orders, newest first."""

    status = QueryList(child=Choice(choices=Order.Status.values), required=False, default=list)


class DisputesQuery(Query):
    """Which disputes, the newest first."""

    status = QueryList(child=Choice(choices=Dispute.Status.values), required=False, default=list)


class TimelineQuery(Query):
    """An order's events, oldest first."""

    limit = QueryInt(min_value=1, max_value=LIMIT_MAX, default=LIMIT_MAX)


class ProofQuery(Query):
    """What the proof is to reach back to."""

    since = QueryInt(
        min_value=1, max_value=MONEY_MINOR_MAX, required=False, default=None,
        help_text="The size of a checkpoint kept from before: the proof shows that the log has only grown since.",
    )


class OrdersQuery(Query):
    """What staff look for. Several values by repetition or comma."""

    status = QueryList(child=Choice(choices=Order.Status.values), required=False, default=list)
    payment_status = QueryList(child=Choice(choices=Order.PaymentState.values), required=False, default=list)
    shipping_status = QueryList(child=Choice(choices=Order.FulfilmentState.values), required=False, default=list)
    channel = QueryList(child=StrictText(max_length=40), required=False, default=list)
    customer_id = QueryList(child=StrictUUID(), required=False, default=list)
    customer = QueryText(max_length=SEARCH_CHARS_MAX, required=False, default="", help_text="A name, an e-mail address or an id.")
    order_number = QueryText(max_length=24, required=False, default="", help_text="Whole or part.")
    q = QueryText(
        max_length=QUERY_CHARS_MAX, required=False, default="",
        help_text="The search language of docs/search.md: words, and terms such as `status:confirmed,processing placed:7d total:>500`.",
    )
    created_from = QueryMoment(required=False, default=None)
    created_to = QueryMoment(end=True, required=False, default=None)
    delivered_from = QueryMoment(required=False, default=None)
    delivered_to = QueryMoment(end=True, required=False, default=None)
    min_total = QueryInt(max_value=MONEY_MINOR_MAX, required=False, default=None)
    max_total = QueryInt(max_value=MONEY_MINOR_MAX, required=False, default=None)
    risk = QueryList(child=Choice(choices=("pass", "hold")), required=False, default=list, help_text="The verdict at placement.")
    min_risk = QueryInt(max_value=100, required=False, default=None, help_text="A score of at least this.")
    sort = QuerySort(SORTS, required=False, default="-created_at")


for _name, _body in BODIES.items():
    _example = OpenApiExample(_name.removesuffix("Input"), value=_body, request_only=True)
    extend_schema_serializer(examples=[_example])(globals()[_name])
