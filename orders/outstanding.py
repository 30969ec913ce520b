"""Money that waits for a person: paid too much or too little, reserved, unanswered, refused, gone twice.

Note [Paid too much, or too little]
    Of an order that stands, the customer owes its total, less the parts of the refunds that have gone back or are on
    their way. What came in for it is what was captured, less those refunds, less what disputes have taken. A goodwill
    payment is a gift and counts on neither side. A cancelled order owes nothing, and all its refunds count. Captured
    payments are whole (a gateway order is paid with one amount or not at all), so there is no paying in parts.

    An order is overpaid when more came in than it owes. It is underpaid when less did, once it has been accepted: it is
    neither pending nor cancelled, and cash that is due at the door is not owed before the delivery. A dispute alone makes
    no order underpaid: it stands in the list of disputes. These are the orders' own sums; the ledger's are those of the
    documents, and reconciliation holds them to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from orders import queries
from orders.models import Order, OrderPayment, RefundPart
from payments import queries as money
from payments.models import COD, Payment, Refund

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

OVERPAID, UNDERPAID, IN_DOUBT = "overpaid", "underpaid", "in_doubt"
FAILED_REFUNDS, AUTHORIZED, PAID_TWICE = "failed_refunds", "authorized", "disputed_beyond"
GOODWILL = "goodwill"
NEWEST_FIRST, OLDEST_FIRST = ("-created_at", "-id"), ("created_at", "id")
_COUNTED = (Refund.Status.PENDING, Refund.Status.IN_DOUBT, Refund.Status.PROCESSED)
_NOTHING = Value(0, output_field=BigIntegerField())
_CANCELLED = Q(status=Order.Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class Sums:
    """What an order comes to, in minor units."""

    captured_minor: int
    returned_minor: int
    disputed_minor: int
    owed_minor: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One row of a list: an order, a payment or a refund, with the order it belongs to.

    `amount_minor` is what it is about. Of an order: what was paid too much, below zero what was paid too little.
    """

    kind: str
    row: Any
    order: Order | None
    amount_minor: int
    sums: Sums | None = None
    payment: Payment | None = None
    refund: Refund | None = None
    doubted: tuple[Refund, ...] = ()
    authorized_at: datetime | None = None
    expires_at: datetime | None = None


def overpaid() -> QuerySet[Order]:
    """Orders for which more came in than they owe, by Note [Paid too much, or too little]."""
    possible = Q(paid_minor__gt=F("total_minor")) | (_CANCELLED & Q(paid_minor__gt=F("refunded_minor")))
    return _summed(Order.objects.filter(possible)).filter(its_difference__gt=0)


def underpaid() -> QuerySet[Order]:
    """Accepted orders for which less came in than they owe, by Note [Paid too much, or too little]."""
    cash_to_come = Q(payment_method=COD, delivered_at=None)
    named = Exists(RefundPart.objects.filter(refund=OuterRef("pk")))
    unnamed = Refund.objects.filter(~Q(reason_code=GOODWILL), ~named, status__in=_COUNTED)
    refunded = OrderPayment.objects.filter(payment__in=unnamed.values("payment_id"))
    possible = Q(paid_minor__lt=F("total_minor")) | Q(pk__in=refunded.values("order_id"))
    accepted = Order.objects.exclude(status__in=[Order.Status.PENDING, Order.Status.CANCELLED]).exclude(cash_to_come)
    return _summed(accepted.filter(possible)).filter(its_difference__lt=-F("its_disputed"))


LISTS: dict[str, tuple[Callable[[], QuerySet[Any]], tuple[str, ...]]] = {
    OVERPAID: (overpaid, NEWEST_FIRST),
    UNDERPAID: (underpaid, NEWEST_FIRST),
    IN_DOUBT: (money.doubtful, OLDEST_FIRST),
    FAILED_REFUNDS: (money.failed_refunds, OLDEST_FIRST),
    AUTHORIZED: (money.reserved, OLDEST_FIRST),
    PAID_TWICE: (money.over_disputed, NEWEST_FIRST),
}


def standing(name: str, found: Sequence[Any]) -> list[Standing]:
    """Rows of this list with all that is shown of them. At most two statements more."""
    if name in (OVERPAID, UNDERPAID):
        return [_of_order(row) for row in found]
    orders = queries.orders_of_streams(row.stream for row in found)
    if name == FAILED_REFUNDS:
        return [
            Standing("refund", row, orders.get(row.stream), row.amount_minor, payment=row.payment, refund=row)
            for row in found
        ]
    since = money.authorised_at(row.pk for row in found) if name == AUTHORIZED else {}
    return [_of_payment(row, orders.get(row.stream), since.get(row.pk), twice=name == PAID_TWICE) for row in found]


def asked_of_customer(order: Order, payments: Iterable[Payment]) -> Payment | None:
    """What the customer is asked to pay online now: the order's payment, or the rest an edited order costs."""
    current = queries.current_payment(payments)
    at_door = order.payment_method == COD or current is None or current.captured_minor
    if at_door or current is None or current.is_superseded:
        return None
    further = current.is_further and order.status in (Order.Status.CONFIRMED, Order.Status.PROCESSING)
    return current if order.status == Order.Status.PENDING or further else None


def _of_order(row: Any) -> Standing:
    sums = Sums(row.its_captured, row.its_returned, row.its_disputed, row.its_owed)
    too_much = row.its_difference > 0
    return Standing("order", row, row, row.its_difference + (0 if too_much else row.its_disputed), sums=sums)


def _of_payment(row: Payment, order: Order | None, since: datetime | None, *, twice: bool) -> Standing:
    gone = row.refunded_minor + row.pending_refund_minor + row.disputed_minor - row.captured_minor
    return Standing(
        "payment", row, order, gone if twice else row.amount_minor, payment=row,
        doubted=tuple(getattr(row, "doubted", ())), authorized_at=since, expires_at=since and since + money.RESERVED_FOR,
    )


def _summed(orders: QuerySet[Order]) -> QuerySet[Any]:
    """The orders, each with its sums as annotations: `its_captured` and so on."""
    paid = OrderPayment.objects.filter(order=OuterRef("pk"))
    back = paid.filter(payment__refunds__status__in=_COUNTED)
    parts = RefundPart.objects.filter(order=OuterRef("pk"), refund__status__in=_COUNTED)
    given = F("payment__refunds__amount_minor")
    less_gifts = Case(When(payment__refunds__reason_code=GOODWILL, then=_NOTHING), default=given)
    return orders.annotate(
        its_captured=_sum(paid, "payment__captured_minor"),
        its_disputed=_sum(paid, "payment__disputed_minor"),
        its_returned=Case(When(_CANCELLED, then=_sum(back, given)), default=_sum(back, less_gifts)),
        its_owed=Case(When(_CANCELLED, then=_NOTHING), default=F("total_minor") - _sum(parts, "total_minor")),
    ).annotate(its_difference=F("its_captured") - F("its_returned") - F("its_disputed") - F("its_owed"))


def _sum(rows: QuerySet[Any], what: Any) -> Coalesce:
    summed = rows.order_by().values("order").annotate(sum=Sum(what)).values("sum")
    return Coalesce(Subquery(summed, output_field=BigIntegerField()), _NOTHING)
