"""When an order may be changed, and what to do instead where it may not.

Goods may be added and taken away while the order waits, is confirmed or is being packed, and only as long as nothing of it
is labelled: with the first label comes the tax invoice, and from then on units are cancelled or refunded with a credit note.
An address may be changed as long as something has still to be labelled. A hold forbids neither: it may be the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from orders.models import Document, Fulfilment, FulfilmentLine, Order
from orders.operations import balance
from timeline.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from orders.models import Line

_LABELLED = (
    "labelled", "shipped", "in_transit", "out_for_delivery", "attempted", "delivered", "lost", "returning", "returned",
)
_INSTEAD = {
    Order.Status.SHIPPED: "The goods are on their way: take them back as a return, or give money back.",
    Order.Status.DELIVERED: "The goods have arrived: take them back as a return, or give money back.",
    Order.Status.CANCELLED: "The order is cancelled: nothing of it can be changed; a new order can be placed.",
    Order.Status.REFUNDED: "All its money has gone back: nothing of it can be changed; a new order can be placed.",
}


class NotEditable(Refused):
    """The order cannot be changed any more."""


class PaymentUnderWay(Refused):
    """A payment of this order is being taken just now; change the order once it is settled."""


class UnitsPacked(Refused):
    """These units are packed or in a parcel already; unpack them or cancel the parcel first."""


def require_goods(order: Order) -> None:
    """That goods may be added to the order and taken from it. Raises NotEditable, PaymentUnderWay."""
    _require_open(order)
    if invoiced(order.pk):
        raise NotEditable(
            "The tax invoice is issued: nothing can be added, and what is not wanted is cancelled by unit or refunded, with a"
            " credit note."
        )
    if order.payment_state == Order.PaymentState.DISPUTED:
        raise NotEditable("The customer's bank is deciding over the money: change the order when it has, or its address alone.")
    if balance.is_under_way(order):
        raise PaymentUnderWay


def require_address(order: Order, lines: Sequence[Line]) -> None:
    """That something of the order has still to get its label. Raises NotEditable."""
    _require_open(order)
    if not any(units > 0 for units in free_units(order.pk, lines).values()):
        raise NotEditable("Everything is packed for the old address: cancel a parcel that has not left first.")


def free_units(order_id: UUID, lines: Sequence[Line]) -> dict[UUID, int]:
    """Units of each line that are neither cancelled, nor packed, nor in a parcel. One statement."""
    free = {line.pk: line.quantity - line.quantity_cancelled for line in lines}
    word, called_off = Fulfilment.Status, Q(fulfilment__shipment__status="cancelled")
    sent_again = Q(fulfilment__outcome__in=Fulfilment.GONE)
    packed = Q(fulfilment__status=word.PACKED, fulfilment__shipment=None)
    in_parcel = Q(fulfilment__shipment__isnull=False) & ~called_off & ~sent_again
    rows = FulfilmentLine.objects.filter(packed | in_parcel, fulfilment__order_id=order_id)
    for line_id, units in rows.exclude(fulfilment__status=word.CANCELLED).values_list("line_id", "quantity"):
        free[line_id] -= units
    return free


def parcels_with_address(order_id: UUID) -> list[Fulfilment]:
    """The parcels that go to where the order went when they were booked, and have not ended. One statement."""
    ended = ("cancelled", "returned", "lost")
    found = Fulfilment.objects.filter(order_id=order_id, shipment__isnull=False).exclude(shipment__status__in=ended)
    return list(found.select_related("shipment").order_by("created_at", "id"))


def invoiced(order_id: UUID) -> bool:
    """Whether there is a tax invoice, or a label for which it comes in a moment."""
    if Document.objects.filter(order_id=order_id, kind=Document.Kind.INVOICE).exists():
        return True
    return Fulfilment.objects.filter(order_id=order_id, shipment__status__in=_LABELLED).exists()


def require_ours(order: Order) -> None:
    """That no channel priced the order: its goods and sums are changed there. Raises NotEditable."""
    if order.channel_order_id:
        raise NotEditable(f"{order.channel.capitalize()} took this order: change it there, and it follows here.")


def _require_open(order: Order) -> None:
    require_ours(order)
    if order.status not in balance.OPEN:
        raise NotEditable(_INSTEAD[Order.Status(order.status)], status=str(order.status))
