"""Orders as lists of the API show them: rows of columns under the models' own names, for a list shows many and changes none.

A model for each row, and for all it stands in relation with, costs several times what the reading does.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from orders.models import Line, Order, OrderPayment, OrderTag
from orders.models.person import profile_of
from payments.rows import COLUMNS as PAYMENT_COLUMNS
from payments.rows import PaymentRow
from timeline.vault import KeyRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from payments.models import Payment

_OWN: Final = (
    "id", "number", "status", "payment_state", "fulfilment_state", "on_hold", "person_id", "channel", "channel_order_id", "channel_status",
    "currency", "subtotal_minor", "discount_code", "discount_minor", "gst_minor", "cgst_minor", "sgst_minor", "igst_minor",
    "other_tax_minor", "shipping_minor", "total_minor", "paid_minor", "refunded_minor", "item_count", "shipping_method", "payment_method",
    "shipping_provider", "shipping_address_id", "billing_address_id", "created_at", "payment_due_at", "confirmed_at", "processing_at",
    "shipped_at", "delivered_at", "cancelled_at", "refunded_at", "stream__seq", "stream__at", "person__owner_id",
)
_FOR_STAFF: Final = (
    "person__sealed", "person__erased_at", "person__key_id", "person__key__wrapped", "person__key__master_id",
    "person__key__destroyed_at", "risk__score", "assignment__assignee",
)
_LINE: Final = (
    "order_id", "id", "variant_id", "sku", "name", "hsn", "quantity", "price_minor", "price_includes_gst", "gst_rate_bp", "gst_minor",
    "cgst_minor", "sgst_minor", "igst_minor", "other_tax_minor", "discount_minor", "total_minor", "metadata", "quantity_shipped",
    "quantity_delivered", "quantity_cancelled", "quantity_returned", "quantity_lost", "created_at", "updated_at",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One order of a list. `order` has the columns of `Order`, each of `lines` those of `Line`."""

    order: Any
    lines: Sequence[Any]
    payments: Sequence[Payment | PaymentRow]
    tags: Sequence[str]

    @property
    def customer_id(self) -> UUID:
        """Whose order it is: the customer a guest turned out to be, if they did."""
        found: UUID = self.order.person__owner_id or self.order.person_id
        return found

    @property
    def refundable_minor(self) -> int:
        """Captured, less what went back or is on its way."""
        return sum(payment.refundable_minor for payment in self.payments)

    @property
    def erased_at(self) -> datetime | None:
        """When the person was erased."""
        found: datetime | None = self.order.person__erased_at
        return found

    def profile(self) -> dict[str, Any]:
        """What is known of the person, of an order that was read for staff."""
        row = self.order
        key = KeyRow(row.person__key_id, row.person__key__wrapped, row.person__key__master_id, row.person__key__destroyed_at)
        return profile_of(row.person_id, key, row.person__sealed)


def columns(orders: QuerySet[Order], *, as_staff: bool) -> QuerySet[Order, Any]:
    """The same orders as rows; `whole` reads what belongs to them."""
    return orders.values_list(*_OWN, *(_FOR_STAFF if as_staff else ()), named=True)


def whole(rows: Sequence[Any], *, as_staff: bool) -> list[Listed]:
    """The rows with their lines and payments, for staff with their tags: two statements, or three, however many there are."""
    pks = [row.id for row in rows]
    if not pks:
        return []
    lines, payments, tags = defaultdict(list), defaultdict(list), defaultdict(list)
    for line in Line.objects.filter(order_id__in=pks, quantity__gt=0).order_by("place").values_list(*_LINE, named=True):
        lines[line.order_id].append(line)
    links = OrderPayment.objects.filter(order_id__in=pks).order_by("id")
    for pk, *payment in links.values_list("order_id", *(f"payment__{column}" for column in PAYMENT_COLUMNS)):
        payments[pk].append(PaymentRow(*payment))
    if as_staff:
        for pk, tag in OrderTag.objects.filter(order_id__in=pks).values_list("order_id", "tag"):
            tags[pk].append(tag)
    return [Listed(row, lines[row.id], payments[row.id], sorted(tags[row.id])) for row in rows]
