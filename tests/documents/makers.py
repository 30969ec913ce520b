"""Orders with documents, and refunds with their parts, made by operations."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from orders.models import Document, Line, Order, RefundPart
from orders.operations import documents, pay, refund
from orders.pricing.money import split
from payments import journal
from payments import operations as money
from payments.models import Refund
from tests.makers import STAFF, TESTER
from timeline.operations import operation

if TYPE_CHECKING:
    from timeline.operations import Operation


def invoice(order: Order) -> Document:
    with operation("invoice.issue", actor=STAFF, stream=str(order.pk)) as op:
        return documents.issue_by_hand(op, order_id=order.pk)


def give_back(order: Order, units: dict[UUID, int], *, shipping: bool = False, restock: bool = False) -> Refund:
    """Give back so many units of each line, each share from the frozen sums, and the delivery charge if wanted."""
    lines = {line.pk: line for line in Line.objects.filter(order=order)}
    parts = {line_id: _part(lines[line_id], count) for line_id, count in units.items()}
    amount = sum(sum(part) for part in parts.values()) + (order.shipping_minor if shipping else 0)
    with operation("refund.give", actor=STAFF, stream=str(order.pk)) as op:
        made = refund.give(
            op, order_id=order.pk, amount_minor=amount, reason="", items=units, restock=restock,
        )
        _keep_parts(op, order, made, units, parts, shipping=shipping)
    return made


def _part(line: Line, count: int) -> tuple[int, int, int, int]:
    """The next units' share of the four amounts: the difference of two shares of the first so many (B27)."""
    gone = sum(RefundPart.objects.filter(line=line).exclude(refund__status="failed").values_list("units", flat=True))
    columns = (line.total_minor - line.gst_minor, line.cgst_minor, line.sgst_minor, line.igst_minor)

    def upto(n: int) -> list[int]:
        return [split(column, [n, line.quantity - n])[0] for column in columns]

    return tuple(b - a for a, b in zip(upto(gone), upto(gone + count), strict=True))  # type: ignore[return-value]


def _keep_parts(
    op: Operation, order: Order, made: Refund, units: dict[UUID, int], parts: dict[UUID, tuple[int, int, int, int]],
    *, shipping: bool,
) -> None:
    del op
    if RefundPart.objects.filter(refund=made).exists():
        return
    RefundPart.objects.bulk_create([
        RefundPart(
            refund=made, order=order, line_id=line_id, units=units[line_id], taxable_minor=part[0], cgst_minor=part[1],
            sgst_minor=part[2], igst_minor=part[3], total_minor=sum(part),
        )
        for line_id, part in parts.items()
    ])
    if shipping:
        tax = order.pricing_snapshot["shippingTaxIncluded"]
        RefundPart.objects.create(
            refund=made, order=order, line=None, taxable_minor=order.shipping_minor - sum(tax.values()),
            cgst_minor=tax["cgst"], sgst_minor=tax["sgst"], igst_minor=tax["igst"], total_minor=order.shipping_minor,
        )


def finish(made: Refund) -> Document | None:
    """The gateway has given the money back; the credit note follows as the subscriber makes it."""
    with operation("refund.finish", actor=TESTER, stream=made.stream) as op:
        money.finish_refund(op, refund_id=made.pk, gateway_refund_id=f"rfnd_{made.pk.hex[-14:]}")
        pay.follow(op, order_id=UUID(made.stream))
    with operation("relay", actor=TESTER, stream=made.stream) as op:
        return documents.issue_credit_note(op, order_id=UUID(made.stream), refund_id=made.pk)


def fail(made: Refund) -> None:
    """The gateway said no."""
    with operation("refund.fail", actor=TESTER, stream=made.stream) as op:
        money.fail_refund(op, refund_id=made.pk, code="refused", reason="no")


def owed(order: Order) -> int:
    """What the books say the customer owes; negative is paid ahead."""
    return journal.balance(journal.CUSTOMERS, stream=str(order.pk))
