"""An order as it stood at an instant, in the answers of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rest_framework import serializers as s

from orders import lifecycle
from orders.api.rows import percent
from orders.api.shapes import GstShape, Money
from timeline.api.query import Query, QueryMoment
from timeline.api.wire import Output, camel
from timeline.ids import dashed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orders.as_of import View
    from orders.folding import Item, Thing
    from orders.models import Line

_COLUMNS: Final = (
    "channel", "currency", "shipping_method", "payment_method", "shipping_address_id", "billing_address_id", "customer_id",
    "created_at", "confirmed_at", "processing_at", "shipped_at", "delivered_at", "cancelled_at", "refunded_at",
)
_SUMS: Final = (
    ("subtotal", "subtotal_minor"), ("discountAmount", "discount_minor"), ("gstAmount", "gst_minor"),
    ("shippingCost", "shipping_minor"), ("total", "total_minor"),
)
_SPLIT: Final = (("cgst", "cgst_minor"), ("sgst", "sgst_minor"), ("igst", "igst_minor"))
# What an event of an order always told, and what old ones did not.
_TOLD_LATER: Final = ("channel", "customer_id", "shipping_address_id", "billing_address_id")


class InstantQuery(Query):
    """When, and by what was known when; both to the microsecond, the end included."""

    as_of = QueryMoment(required=False, default=None, help_text="The order as it stood then, by when things happened.")
    known = QueryMoment(required=False, default=None, help_text="By what was on record then.")


class InstantItemShape(Output):
    """One line at an instant; amounts an old event did not tell are null."""

    id = s.UUIDField()
    product_variant_id = s.UUIDField(allow_null=True)
    sku = s.CharField()
    name = s.CharField(allow_null=True)
    hsn = s.CharField(allow_null=True)
    gst_rate = s.FloatField(allow_null=True)
    quantity = s.IntegerField()
    price = Money(allow_null=True)
    discount_amount = Money(allow_null=True)
    gst_amount = Money(allow_null=True)
    total = Money()
    quantity_shipped = s.IntegerField()
    quantity_delivered = s.IntegerField()
    quantity_cancelled = s.IntegerField()
    quantity_returned = s.IntegerField()
    quantity_lost = s.IntegerField()


class InstantMoneyShape(Output):
    """A payment or refund at an instant."""

    id = s.UUIDField()
    status = s.CharField()
    amount = Money()
    method = s.CharField(allow_null=True)
    processor_ref = s.CharField(allow_null=True)


class InstantHoldShape(Output):
    """A hold, one that was released by then too."""

    id = s.UUIDField()
    reason = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    released_at = s.DateTimeField(allow_null=True)


class InstantDisputeShape(Output):
    """A dispute at an instant."""

    id = s.UUIDField()
    status = s.CharField()
    amount = Money()


class InstantUnitsShape(Output):
    """Units of a line in a parcel."""

    order_item_id = s.CharField()
    quantity = s.IntegerField()


class InstantParcelShape(Output):
    """A parcel at an instant."""

    id = s.UUIDField()
    status = s.CharField()
    carrier = s.CharField()
    tracking_number = s.CharField(allow_null=True)
    warehouse = s.CharField(allow_null=True)
    items = InstantUnitsShape(many=True)


class InstantReturnShape(Output):
    """A return at an instant."""

    id = s.UUIDField()
    number = s.CharField(allow_null=True)
    status = s.CharField()


class InstantShape(Output):
    """An order as it stood at an instant, folded from its events. `unknown` names what events of old did not tell."""

    id = s.UUIDField()
    order_number = s.CharField()
    as_of = s.DateTimeField(allow_null=True)
    known = s.DateTimeField(allow_null=True)
    status = s.CharField()
    stage = s.CharField()
    payment_state = s.CharField()
    fulfilment_state = s.CharField()
    on_hold = s.BooleanField()
    holds = InstantHoldShape(many=True)
    tags = s.ListField(child=s.CharField())
    assignee = s.CharField(allow_null=True)
    customer_id = s.UUIDField(allow_null=True)
    channel = s.CharField(allow_null=True)
    currency = s.CharField()
    subtotal = Money()
    discount_code = s.CharField(allow_null=True)
    discount_amount = Money()
    gst_amount = Money()
    gst = GstShape(allow_null=True)
    shipping_cost = Money()
    total = Money()
    item_count = s.IntegerField()
    paid_amount = Money()
    refunded_amount = Money()
    shipping_provider = s.CharField(allow_null=True)
    shipping_method = s.CharField()
    payment_method = s.CharField()
    shipping_address_id = s.UUIDField(allow_null=True)
    billing_address_id = s.UUIDField(allow_null=True)
    shipping_address = s.DictField(allow_null=True)
    billing_address = s.DictField(allow_null=True)
    items = InstantItemShape(many=True)
    payments = InstantMoneyShape(many=True)
    refunds = InstantMoneyShape(many=True)
    disputes = InstantDisputeShape(many=True)
    shipments = InstantParcelShape(many=True)
    returns = InstantReturnShape(many=True)
    unknown = s.ListField(child=s.CharField())
    revision = s.IntegerField()
    version = s.IntegerField()
    updated_at = s.DateTimeField()
    created_at = s.DateTimeField()
    confirmed_at = s.DateTimeField(allow_null=True)
    processing_at = s.DateTimeField(allow_null=True)
    shipped_at = s.DateTimeField(allow_null=True)
    delivered_at = s.DateTimeField(allow_null=True)
    cancelled_at = s.DateTimeField(allow_null=True)
    refunded_at = s.DateTimeField(allow_null=True)


def instant_row(found: View) -> dict[str, Any]:
    """The order as it stood."""
    stand, told = found.stand, found.stand.columns
    return {
        "id": found.order.pk,
        "orderNumber": stand.number,
        "asOf": found.as_of,
        "known": found.known,
        "status": stand.status,
        "stage": lifecycle.stage(stand.status, payment_state=stand.payment_state, fulfilment_state=stand.fulfilment_state),
        "paymentState": stand.payment_state,
        "fulfilmentState": stand.fulfilment_state,
        "onHold": stand.on_hold,
        "holds": [
            {
                "id": dashed(hold.id), "reason": hold.facts.get("reason"), "createdAt": hold.facts["created_at"],
                "releasedAt": hold.facts.get("released_at"),
            }
            for hold in stand.holds.values()
        ],
        "tags": sorted(stand.tags),
        "assignee": stand.assignee or None,
        "discountCode": told["discount_code"] or None,
        **{name: told[column] for name, column in _SUMS},
        "gst": None if told["cgst_minor"] is None else {name: told[column] for name, column in _SPLIT},
        "itemCount": told["item_count"],
        "paidAmount": stand.paid_minor,
        "refundedAmount": stand.refunded_minor,
        "shippingProvider": told["shipping_provider"] or None,
        **{camel(name): told.get(name) for name in _COLUMNS},
        "shippingAddress": found.shipping or None,
        "billingAddress": found.billing or None,
        "items": [_item(item, found.lines.get(key)) for key, item in stand.items.items() if item.quantity],
        "payments": _money(stand.payments.values(), "payment_method"),
        "refunds": _money(stand.refunds.values(), "refund_method"),
        "disputes": [{"id": dashed(row.id), "status": row.status, "amount": row.facts["amount_minor"]} for row in stand.disputes.values()],
        "shipments": [
            {
                "id": dashed(parcel.id), "status": parcel.status, "carrier": parcel.carrier, "warehouse": parcel.warehouse or None,
                "trackingNumber": parcel.tracking_number or None,
                "items": [{"orderItemId": stand.items[key].id, "quantity": units} for key, units in parcel.units.items()],
            }
            for parcel in stand.parcels.values()
        ],
        "returns": [{"id": dashed(ret.id), "number": ret.facts.get("number"), "status": ret.status} for ret in stand.returns.values()],
        "unknown": sorted([*stand.unknown, *(camel(name) for name in _TOLD_LATER if told[name] is None)]),
        "revision": told["revision"],
        "version": stand.version,
        "updatedAt": stand.at,
    }


def _item(item: Item, line: Line | None) -> dict[str, Any]:
    return {
        "id": item.id,
        "productVariantId": line.variant_id if line is not None else None,
        "sku": item.sku,
        "name": line.name if line is not None else None,
        "hsn": line.hsn if line is not None else None,
        "gstRate": percent(line.gst_rate_bp) if line is not None else None,
        "quantity": item.quantity,
        "price": item.price_minor,
        "discountAmount": item.discount_minor,
        "gstAmount": item.tax_minor,
        "total": item.total_minor,
        "quantityShipped": item.shipped,
        "quantityDelivered": item.delivered,
        "quantityCancelled": item.cancelled,
        "quantityReturned": item.returned,
        "quantityLost": item.lost,
    }


def _money(things: Iterable[Thing], method: str) -> list[dict[str, Any]]:
    return [
        {
            "id": dashed(thing.id), "status": thing.status, "amount": thing.facts["amount_minor"],
            "method": thing.facts.get(method) or thing.facts.get("gateway"), "processorRef": thing.facts.get("processor_ref"),
        }
        for thing in things
    ]
