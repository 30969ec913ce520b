"""The answer to the question what a refund would come to."""

from __future__ import annotations

from rest_framework import serializers as s

from orders.api.shapes import GstShape, Money
from timeline.api.wire import Output


class RefundPartShape(Output):
    """One item's part of a refund, or the shipping's (null)."""

    order_item_id = s.UUIDField(allow_null=True)
    quantity = s.IntegerField()
    taxable = Money()
    gst = GstShape()
    total = Money()


class RefundLeftShape(Output):
    """What has not been given back of one item."""

    order_item_id = s.UUIDField()
    quantity = s.IntegerField()
    total = Money()


class RefundQuoteShape(Output):
    """What a refund would come to."""

    amount = Money()
    currency = s.CharField()
    items_worth = Money()
    item_value = Money()
    gst_amount = Money()
    gst = GstShape()
    shipping = Money()
    adjustment = Money()
    maximum = Money()
    refundable = Money()
    needs_approval = s.BooleanField()
    parts = RefundPartShape(many=True)
    left = RefundLeftShape(many=True)
    shipping_left = Money()
