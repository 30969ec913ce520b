"""The sale of a channel's order in the books: when its goods have left, less what went back, and again nothing when it ended.

Note [Booked to what it should be]
    The customer owes what the order costs less what was given back, once the goods have left; nothing before, and nothing of
    a cancelled order. What is booked is the difference to that, so that every path ends even and a repeat books nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Sum

from orders import locks
from orders.models import Order
from orders.pricing.money import round_half_up
from payments import journal
from payments.models import Posting, Refund
from payments.operations.wishes import GOODWILL

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation

BOOKED, REVERSED = "channel_sale.booked", "channel_sale.reversed"


def settle(op: Operation, *, order_id: UUID) -> None:
    """Book what is missing of an imported order's sale. Note [Booked to what it should be]."""
    order = locks.order(order_id)
    if not order.channel_order_id:
        return
    story = str(order.pk)
    booked = _booked(story, journal.CUSTOMERS)
    missing = _wanted(order) - booked
    if not missing:
        return
    tax = round_half_up(order.gst_minor * (booked + missing), order.total_minor) if order.total_minor else 0
    tax_missing = tax + _booked(story, journal.CHANNEL_TAX)
    event = op.record(
        order, BOOKED if missing > 0 else REVERSED, stream=story,
        facts={"channel": order.channel, "amount_minor": abs(missing), "tax_minor": abs(tax_missing), "currency": order.currency},
    )
    journal.post(
        op, event,
        [
            journal.Line(journal.CUSTOMERS, missing, ref=order.pk.hex),
            journal.Line(journal.CHANNEL_TAX, -tax_missing, ref=order.pk.hex),
            journal.Line(journal.CHANNEL_SALES, tax_missing - missing, ref=order.pk.hex),
        ],
        currency=order.currency,
    )


def _wanted(order: Order) -> int:
    if order.status == Order.Status.CANCELLED or order.shipped_at is None:
        return 0
    back = Refund.objects.filter(stream=str(order.pk), status=Refund.Status.PROCESSED).exclude(reason_code=GOODWILL)
    return max(0, order.total_minor - int(back.aggregate(sum=Sum("amount_minor"))["sum"] or 0))


def _booked(story: str, account: str) -> int:
    rows = Posting.objects.filter(stream=story, account=account, entry__kind__in=[BOOKED, REVERSED])
    return int(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0)
