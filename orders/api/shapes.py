"""The shapes of the answers, for the OpenAPI document; the answers themselves are written by `rows`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from orders.api.fulfilment_rows import FulfilmentShape, UnitsShape
from orders.api.parcel_shapes import ListedShipmentShape, ShipmentShape
from orders.api.return_shapes import ReturnShape
from orders.api.risk_shapes import RiskShape
from orders.models import Checkout, Order
from payments.models import Dispute, Payment, Refund
from timeline.api.wire import Output, Page
from timeline.vocabulary import CUSTOM, SYSTEM_NOTE


class Money(s.IntegerField):
    """Minor units of the currency."""


class GuestToken(Output):
    """A guest's token."""

    token = s.CharField()
    anonymous_id = s.UUIDField()
    expires_at = s.DateTimeField()


class SessionShape(Output):
    """Who signed in, and the session to name on later calls."""

    customer_id = s.UUIDField()
    session_id = s.CharField(allow_null=True)


class GuestTransferShape(SessionShape):
    """What came along from the guest. `isNew` is false when it had come before."""

    checkout_ids = s.ListField(child=s.UUIDField())
    order_ids = s.ListField(child=s.UUIDField())
    is_new = s.BooleanField()


class AddressShape(Output):
    """An address as it was given."""

    name = s.CharField()
    phone = s.CharField()
    line1 = s.CharField()
    line2 = s.CharField(allow_null=True)
    city = s.CharField()
    state = s.CharField()
    postal_code = s.CharField()
    country = s.CharField()
    gstin = s.CharField(allow_null=True)


class CheckoutLineShape(Output):
    """One line of a cart, priced."""

    id = s.UUIDField()
    sku = s.CharField()
    product_variant_id = s.UUIDField()
    name = s.CharField()
    quantity = s.IntegerField()
    price = Money()
    price_includes_gst = s.BooleanField()
    gst_rate = s.FloatField()
    gst_amount = Money()
    discount_amount = Money()
    total = Money()
    metadata = s.DictField()


class CheckoutShape(Output):
    """A checkout at the prices of now."""

    id = s.UUIDField()
    status = s.ChoiceField(choices=Checkout.Status.choices)
    lines = CheckoutLineShape(many=True)
    email = s.EmailField(allow_null=True)
    phone = s.CharField(allow_null=True)
    name = s.CharField(allow_null=True)
    gstin = s.CharField(allow_null=True)
    shipping_address = AddressShape(allow_null=True)
    billing_address = AddressShape(allow_null=True)
    discount_code = s.CharField(allow_null=True)
    discount_refusal = s.CharField(allow_null=True)
    shipping_method = s.CharField()
    payment_method = s.CharField()
    currency = s.CharField()
    subtotal = Money()
    discount_amount = Money()
    gst_amount = Money()
    shipping_cost = Money()
    total = Money()
    prices_as_of = s.DateTimeField()
    hold_expires_at = s.DateTimeField(allow_null=True)
    order_id = s.UUIDField(allow_null=True)


class GstShape(Output):
    """The tax by its kinds."""

    cgst = Money()
    sgst = Money()
    igst = Money()


class ItemShape(Output):
    """One item of an order."""

    id = s.UUIDField()
    product_variant_id = s.UUIDField()
    sku = s.CharField()
    name = s.CharField()
    hsn = s.CharField()
    quantity = s.IntegerField()
    price = Money()
    price_includes_gst = s.BooleanField()
    gst_rate = s.FloatField()
    gst_amount = Money()
    gst = GstShape()
    other_tax_amount = Money()
    discount_amount = Money()
    total = Money()
    metadata = s.DictField()
    quantity_shipped = s.IntegerField()
    quantity_delivered = s.IntegerField()
    quantity_cancelled = s.IntegerField()
    quantity_returned = s.IntegerField()
    quantity_lost = s.IntegerField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class PaymentShape(Output):
    """One payment."""

    id = s.UUIDField()
    gateway = s.CharField()
    status = s.ChoiceField(choices=Payment.Status.choices)
    amount = Money()
    currency = s.CharField()
    razorpay_order_id = s.CharField(allow_null=True)
    razorpay_key_id = s.CharField(allow_null=True)
    razorpay_payment_id = s.CharField(allow_null=True)
    attempts = s.IntegerField()
    captured_amount = Money()
    refunded_amount = Money()
    method = s.CharField(allow_null=True)
    error_reason = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    captured_at = s.DateTimeField(allow_null=True)


class WhoShape(Output):
    """Who asked."""

    type = s.CharField()
    id = s.CharField()


class RestockShape(UnitsShape):
    """What becomes of so many units of one item."""

    to = s.CharField()


class RefundShape(Output):
    """One refund."""

    id = s.UUIDField()
    payment_id = s.UUIDField()
    amount = Money()
    currency = s.CharField()
    status = s.ChoiceField(choices=Refund.Status.choices)
    reason = s.CharField(allow_null=True)
    reason_code = s.CharField()
    items = UnitsShape(many=True)
    restock = s.BooleanField()
    restock_lines = RestockShape(many=True)
    speed = s.CharField()
    speed_processed = s.CharField(allow_null=True)
    by_other_means = s.BooleanField()
    reference = s.CharField(allow_null=True)
    return_id = s.UUIDField(allow_null=True)
    gateway_refund_id = s.CharField(allow_null=True)
    requested_by = WhoShape()
    created_at = s.DateTimeField()
    processed_at = s.DateTimeField(allow_null=True)


class DisputeShape(Output):
    """One dispute: the customer's bank asks the money back."""

    id = s.UUIDField()
    order_id = s.UUIDField(required=False)
    order_number = s.CharField(required=False)
    payment_id = s.UUIDField()
    gateway_dispute_id = s.CharField()
    status = s.ChoiceField(choices=Dispute.Status.choices)
    amount = Money()
    deducted_amount = Money()
    currency = s.CharField()
    reason_code = s.CharField()
    phase = s.CharField()
    respond_by = s.DateTimeField(allow_null=True)
    answer = s.CharField(allow_null=True)
    answer_error = s.CharField(allow_null=True)
    opened_at = s.DateTimeField()
    decided_at = s.DateTimeField(allow_null=True)


class HoldShape(Output):
    """One hold."""

    id = s.UUIDField()
    reason = s.CharField()
    note = s.CharField(allow_null=True)
    created_by = s.CharField()
    created_at = s.DateTimeField()
    released_at = s.DateTimeField(allow_null=True)


class OrderHead(Output):
    """What every order shows, in lists too."""

    id = s.UUIDField()
    order_number = s.CharField()
    status = s.ChoiceField(choices=Order.Status.choices)
    stage = s.CharField()
    payment_state = s.ChoiceField(choices=Order.PaymentState.choices)
    fulfilment_state = s.ChoiceField(choices=Order.FulfilmentState.choices)
    on_hold = s.BooleanField()
    customer_id = s.UUIDField()
    channel = s.CharField()
    channel_order_id = s.CharField(allow_null=True)
    channel_status = s.CharField(allow_null=True)
    currency = s.CharField()
    subtotal = Money()
    discount_code = s.CharField(allow_null=True)
    discount_amount = Money()
    gst_amount = Money()
    gst = GstShape()
    other_tax_amount = Money()
    shipping_cost = Money()
    total = Money()
    paid_amount = Money()
    refunded_amount = Money()
    refundable_amount = Money()
    razorpay_order_id = s.CharField(allow_null=True)
    shipping_method = s.CharField()
    payment_method = s.CharField()
    shipping_provider = s.CharField(allow_null=True)
    shipping_address_id = s.UUIDField()
    billing_address_id = s.UUIDField()
    items = ItemShape(many=True)
    payments = PaymentShape(many=True)
    allowed_actions = s.ListField(child=s.CharField())
    version = s.IntegerField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()
    payment_due_at = s.DateTimeField(allow_null=True)
    confirmed_at = s.DateTimeField(allow_null=True)
    processing_at = s.DateTimeField(allow_null=True)
    shipped_at = s.DateTimeField(allow_null=True)
    delivered_at = s.DateTimeField(allow_null=True)
    cancelled_at = s.DateTimeField(allow_null=True)
    refunded_at = s.DateTimeField(allow_null=True)


class CustomerShape(Output):
    """The customer as staff see them."""

    id = s.UUIDField()
    name = s.CharField(allow_null=True)
    email = s.CharField(allow_null=True)
    erased = s.BooleanField(required=False, help_text="True when their data were erased; name and e-mail address are null for ever.")


class OrderShape(OrderHead):
    """An order with all its parts; `customer` is for staff alone."""

    customer = CustomerShape(required=False)
    risk = RiskShape(required=False, allow_null=True, help_text="For staff; null for an order that was not assessed here.")
    tags = s.ListField(child=s.CharField(), required=False, help_text="For staff.")
    assignee = s.CharField(required=False, allow_null=True, help_text="For staff: the user name of who looks after it.")
    holds = HoldShape(many=True)
    shipping_address = AddressShape(allow_null=True)
    billing_address = AddressShape(allow_null=True)
    discount_snapshot = s.DictField()
    pricing_snapshot = s.DictField()
    refunds = RefundShape(many=True)
    disputes = DisputeShape(many=True, required=False, help_text="For staff.")
    shipments = ShipmentShape(many=True)
    fulfilments = FulfilmentShape(many=True)
    exchange_of = s.CharField(allow_null=True, help_text="The return it was placed for.")
    returns = ReturnShape(many=True)


class ListedOrderShape(OrderHead):
    """An order in a list."""

    item_count = s.IntegerField()


class StaffListedOrderShape(ListedOrderShape):
    """An order in a list of staff."""

    customer = CustomerShape()
    risk_score = s.IntegerField(allow_null=True)
    tags = s.ListField(child=s.CharField())
    assignee = s.CharField(allow_null=True)


class PlacedShape(Output):
    """What a completed checkout became; there is no payment where there is nothing to pay."""

    order = OrderShape()
    payment = PaymentShape(allow_null=True)


class ActorShape(Output):
    """Who did it; a customer does not read the ids of other shoppers."""

    type = s.CharField()
    id = s.CharField(allow_null=True)
    name = s.CharField(allow_null=True)


class TargetShape(Output):
    """What it is about."""

    type = s.CharField()
    id = s.CharField()
    name = s.CharField(required=False)


class EventShape(Output):
    """One event of an order's timeline."""

    id = s.UUIDField()
    order_id = s.UUIDField()
    type = s.CharField()
    action = s.CharField()
    event_type = s.CharField(help_text="One of REQUIREMENTS E11 to E27, `Custom` for a note, else `None`.")
    note_type = s.ChoiceField(choices=(SYSTEM_NOTE, CUSTOM))
    message = s.CharField()
    metadata = s.DictField()
    is_public = s.BooleanField()
    channel = s.CharField()
    created_by = s.CharField(allow_null=True)
    actor = ActorShape()
    session_id = s.CharField(allow_null=True)
    targets = TargetShape(many=True)
    created_at = s.DateTimeField()
    occurred_at = s.DateTimeField()
    position = s.IntegerField(allow_null=True)
    replaced_by = s.UUIDField(allow_null=True, help_text="Of a note: the entry that corrected it or took it back.")
    is_retracted = s.BooleanField(help_text="Of a note: whether it was taken back in the end.")


class OrderPage(Page):
    """Orders of one page."""

    data: Any = ListedOrderShape(many=True)


class StaffOrderPage(Page):
    """Orders of one page, with their customers."""

    data: Any = StaffListedOrderShape(many=True)


class EventPage(Page):
    """Events of one page."""

    data: Any = EventShape(many=True)


class DisputePage(Page):
    """Disputes of one page."""

    data: Any = DisputeShape(many=True)


class ShipmentPage(Page):
    """Parcels of one page."""

    data: Any = ListedShipmentShape(many=True)
