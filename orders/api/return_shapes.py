"""The shapes of returns, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from orders.models import Return, ReturnUnit
from timeline.api.wire import Output


class Money(s.IntegerField):
    """Minor units of the currency."""


class ReturnUnitShape(Output):
    """What so many units were found to be."""

    quantity = s.IntegerField()
    grade = s.ChoiceField(choices=ReturnUnit.Grade.choices)
    disposition = s.ChoiceField(choices=ReturnUnit.Disposition.choices)
    warehouse = s.CharField()


class ReturnItemShape(Output):
    """One item of a return."""

    order_item_id = s.UUIDField()
    sku = s.CharField()
    name = s.CharField()
    quantity = s.IntegerField()
    reason = s.CharField()
    condition = s.CharField()
    worth = Money()
    fee = Money()
    quantity_received = s.IntegerField()
    units = ReturnUnitShape(many=True)


class ReturnPhotoShape(Output):
    """One picture, and where it is."""

    place = s.IntegerField()
    media = s.CharField()
    bytes = s.IntegerField()
    url = s.CharField()


class ReturnParcelShape(Output):
    """A parcel the goods travel in."""

    id = s.UUIDField()
    direction = s.CharField()
    status = s.CharField()
    carrier = s.CharField()
    tracking_number = s.CharField(allow_null=True)
    tracking_page = s.CharField()


class ReturnActorShape(Output):
    """Who asked."""

    type = s.CharField()
    id = s.CharField()


class ReturnShape(Output):
    """Goods on their way back."""

    id = s.UUIDField()
    number = s.CharField()
    order_id = s.UUIDField()
    status = s.ChoiceField(choices=Return.Status.choices)
    wish = s.ChoiceField(choices=Return.Wish.values)
    reason = s.CharField(allow_null=True)
    items = ReturnItemShape(many=True)
    comment = s.CharField(allow_null=True)
    pickup_address = s.DictField(allow_null=True, help_text="An address, if the goods are not fetched where they were delivered.")
    decline_reason = s.CharField(allow_null=True)
    currency = s.CharField()
    worth = Money()
    fee = Money()
    refund_amount = Money()
    warehouse = s.CharField(allow_null=True)
    send_by = s.DateTimeField(allow_null=True)
    photos = ReturnPhotoShape(many=True)
    shipments = ReturnParcelShape(many=True)
    exchange_order_id = s.UUIDField(allow_null=True)
    exchange_order_number = s.CharField(allow_null=True)
    outcome = s.CharField(allow_null=True)
    beyond_rules = s.ListField(child=s.CharField(), required=False)
    others = s.ListField(child=s.DictField(), required=False)
    allowed_actions = s.ListField(child=s.CharField())
    requested_by = ReturnActorShape()
    created_at = s.DateTimeField()
    approved_at = s.DateTimeField(allow_null=True)
    received_at = s.DateTimeField(allow_null=True)
    inspected_at = s.DateTimeField(allow_null=True)
    closed_at = s.DateTimeField(allow_null=True)


class ExchangeItemShape(Output):
    """One item of an exchange, priced."""

    sku = s.CharField()
    quantity = s.IntegerField()
    price = Money()
    gst_amount = Money()
    total = Money()


class ExchangeQuoteShape(Output):
    """What an exchange would come to: what is due, what goes back, and the paise no price could express."""

    credit = Money()
    total = Money()
    due = Money()
    back = Money()
    kept = Money()
    currency = s.CharField()
    items = ExchangeItemShape(many=True)


class ReturnList(Output):
    """The returns of one order."""

    data: Any = ReturnShape(many=True)


class ReturnPage(ReturnList):
    """One page of returns."""

    page = s.IntegerField(allow_null=True)
    limit = s.IntegerField()
    total = s.IntegerField()
    total_is_capped = s.BooleanField()
    next_cursor = s.CharField(allow_null=True)


class ReturnRuleShape(Output):
    """A product's own days to send it back."""

    sku = s.CharField()
    days = s.IntegerField(allow_null=True)
    updated_at = s.DateTimeField(allow_null=True)


class ReturnRulePage(Output):
    """One page of products with days of their own."""

    data: Any = ReturnRuleShape(many=True)
    page = s.IntegerField(allow_null=True)
    limit = s.IntegerField()
    total = s.IntegerField()
    total_is_capped = s.BooleanField()
    next_cursor = s.CharField(allow_null=True)
