"""Changes of placed orders in the answers of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers as s

from orders.api.shapes import GstShape, Money
from orders.models import OrderEdit
from timeline.api.wire import Output, Page

if TYPE_CHECKING:
    from orders.models import Person


class EditSumsShape(Output):
    """What the order comes to."""

    subtotal = Money()
    discount_amount = Money()
    gst_amount = Money()
    gst = GstShape()
    shipping_cost = Money()
    total = Money()


class EditStockShape(Output):
    """What stock says about units to be added."""

    needed = s.IntegerField()
    available = s.IntegerField()
    is_short = s.BooleanField()


class EditLineShape(Output):
    """One line before and after; `orderItemId` is null while it has to be made."""

    order_item_id = s.UUIDField(allow_null=True)
    sku = s.CharField()
    name = s.CharField()
    price = Money()
    price_includes_gst = s.BooleanField()
    quantity_before = s.IntegerField()
    quantity = s.IntegerField()
    discount_amount = Money()
    gst_amount = Money()
    total_before = Money()
    total = Money()
    stock = EditStockShape(allow_null=True)


class EditThenShape(Output):
    """What a commit does about the money: `refund`, `ask`, `collect`, `overpaid` or `nothing`."""

    action = s.ChoiceField(choices=("refund", "ask", "collect", "overpaid", "nothing"))
    amount = Money()
    text = s.CharField()


class EditSupplyShape(Output):
    """The place of supply before and after."""

    before = s.CharField()
    after = s.CharField()
    tax_changes = s.BooleanField()


class EditPreviewShape(Output):
    """What the change comes to. `balance` is above zero what is to be paid, below zero what was paid too much."""

    lines = EditLineShape(many=True)
    before = EditSumsShape()
    after = EditSumsShape()
    difference = s.IntegerField()
    balance = s.IntegerField()
    currency = s.CharField()
    then = EditThenShape()
    place_of_supply = EditSupplyShape()
    addresses = s.ListField(child=s.CharField())
    keeps_old_address = s.ListField(child=s.UUIDField())


class EditAddShape(Output):
    """Units to be added."""

    sku = s.CharField()
    quantity = s.IntegerField()


class EditQuantityShape(Output):
    """How many units a line is to have."""

    order_item_id = s.UUIDField()
    quantity = s.IntegerField()


class EditShape(Output):
    """One change of an order."""

    id = s.UUIDField()
    order_id = s.UUIDField()
    status = s.ChoiceField(choices=OrderEdit.Status.choices)
    add = EditAddShape(many=True)
    quantities = EditQuantityShape(many=True)
    shipping_address = s.DictField(allow_null=True)
    billing_address = s.DictField(allow_null=True)
    discount_amount = Money()
    preview = EditPreviewShape()
    based_on = s.IntegerField()
    revision = s.IntegerField(allow_null=True)
    created_by = s.CharField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)


class EditPage(Page):
    """A page of changes."""

    data: Any = EditShape(many=True)


def edit_row(edit: OrderEdit, person: Person) -> dict[str, Any]:
    """One change, as it was last shown."""
    addresses = edit.addresses(person)
    return {
        "id": edit.pk,
        "orderId": edit.order_id,
        "status": edit.status,
        "add": edit.changes["add"],
        "quantities": edit.changes["quantities"],
        "shippingAddress": addresses.get("shipping"),
        "billingAddress": addresses.get("billing"),
        "discountAmount": edit.changes.get("discount", 0),
        "preview": edit.preview,
        "basedOn": edit.based_on,
        "revision": edit.revision,
        "createdBy": edit.created_by,
        "createdAt": edit.created_at,
        "updatedAt": edit.updated_at,
        "endedAt": edit.ended_at,
    }
