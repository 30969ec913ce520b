"""What a refund consists of: worked out from the frozen prices, written with it, and still there when it is repeated.

Note [What remains of a line]
    Its frozen amounts, less the parts of refunds that have gone back or are on their way. A request sets nothing aside,
    and what a failed refund would have given back is there again; so approving and retrying look whether their parts
    still are. Where the gateway did give back what another refund has taken meanwhile, nothing remains of the line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from orders.models import KeptPart, Line, Order, OrderPayment, RefundPart
from orders.pricing import giving_back
from orders.pricing.giving_back import BeyondRemaining, Part, Remaining
from payments.models import Payment, Refund
from timeline.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from timeline.operations import Operation

COUNTED = (Refund.Status.PENDING, Refund.Status.IN_DOUBT, Refund.Status.PROCESSED)
DUPLICATE, AT_GATEWAY, ORDER_CANCELLED = "duplicate_payment", "made_at_gateway", "order_cancelled"


class AboveRefundable(Invalid):
    """More than can be refunded: captured, less what went back or is on its way."""


class TooManyUnitsBack(Invalid):
    """The refund names more units than the order has left to give back."""


class NothingNamed(Invalid):
    """Say what is to go back: an amount, or items."""


class WorthNothing(Invalid):
    """What is named cost nothing; there is no money to give back."""


class GoodwillStandsAlone(Invalid):
    """A goodwill payment is an amount for no items; nothing is restocked and no tax is given back with it."""


class GivenBackMeanwhile(Refused):
    """What this refund is for has been given back by another; decline it, or give a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to go back: units, an amount, units at another amount than their worth, or goodwill.

    Without a word about shipping an amount may take it, units alone do not. `fees` are what the shop keeps of the units'
    worth, by line.
    """

    items: Mapping[UUID, int] = field(default_factory=dict)
    fees: Mapping[UUID, int] = field(default_factory=dict)
    amount_minor: int | None = None
    with_shipping: bool | None = None
    goodwill: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named: no units, no amount, no shipping."""
        return not self.items and self.amount_minor is None and not self.with_shipping


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a refund would come to. Amounts are minor units; `items_minor` is what the named units are worth.

    `adjustment_minor` is what the amount differs from the units' worth and shipping; `maximum_minor` what can go back in
    one go with the same wish. The lines' value is after discount and before GST.
    """

    currency: str
    amount_minor: int
    items_minor: int
    adjustment_minor: int
    maximum_minor: int
    refundable_minor: int
    parts: tuple[Part, ...]
    kept: tuple[Part, ...] = ()
    lines: tuple[Remaining, ...]
    shipping: Remaining
    payment: Payment

    @property
    def of_lines(self) -> tuple[Part, ...]:
        """The parts of goods."""
        return tuple(part for part in self.parts if part.key is not None)

    @property
    def fee_minor(self) -> int:
        """What the shop keeps of the units' worth."""
        return sum(part.total_minor for part in self.kept)

    @property
    def value_minor(self) -> int:
        """What the goods' parts are worth after discount, before GST."""
        return sum(part.taxable_minor for part in self.of_lines)

    @property
    def gst(self) -> dict[str, int]:
        """The GST of the goods' parts that is reversed."""
        return {
            "cgst": sum(part.cgst_minor for part in self.of_lines),
            "sgst": sum(part.sgst_minor for part in self.of_lines),
            "igst": sum(part.igst_minor for part in self.of_lines),
        }

    @property
    def gst_minor(self) -> int:
        """All of that GST."""
        return sum(self.gst.values())

    @property
    def shipping_minor(self) -> int:
        """The shipping charge's part, with the GST it contains."""
        return sum(part.total_minor for part in self.parts if part.key is None)


@dataclass(frozen=True, slots=True)
class Left:
    """What has not been given back of an order."""

    lines: tuple[Remaining, ...]
    shipping: Remaining

    @property
    def total_minor(self) -> int:
        """All of it."""
        return sum(line.total_minor for line in self.lines) + self.shipping.total_minor


def quote(*, order: Order, lines: Sequence[Line], wish: Wish) -> Quote:
    """What this wish comes to, as `give` would do it and without writing.

    Raises NothingNamed, GoodwillStandsAlone, TooManyUnitsBack, AboveRefundable, WorthNothing.
    """
    due = due_payments(order.pk)
    left = left_of(order, lines)
    if wish.is_empty:
        raise NothingNamed(errors=[("#/amount", "An amount, or items, must be named.")])
    if wish.goodwill and (wish.items or wish.with_shipping or wish.amount_minor is None):
        raise GoodwillStandsAlone(errors=[("#/goodwill", "It takes an amount and a reason, and nothing else.")])

    worth, parts = _reckoned(left, wish, due, order.currency)
    parts, kept = giving_back.keep(parts, {str(pk): fee for pk, fee in wish.fees.items()})
    amount_minor = wish.amount_minor if wish.amount_minor is not None else sum(part.total_minor for part in parts)
    if amount_minor == 0:
        raise WorthNothing
    of_shipping = sum(part.total_minor for part in parts if part.key is None)
    return Quote(
        currency=order.currency,
        amount_minor=amount_minor,
        items_minor=worth,
        adjustment_minor=amount_minor - worth - of_shipping if wish.items and not kept else 0,
        maximum_minor=_maximum(left, wish, due),
        refundable_minor=sum(payment.refundable_minor for payment in due),
        parts=tuple(parts),
        kept=tuple(kept),
        lines=left.lines,
        shipping=left.shipping,
        payment=_payment_for(due, amount_minor, order.currency),
    )


def write(
    op: Operation, *, order: Order, refund: Refund, parts: Iterable[Part], kept: Iterable[Part] = ()
) -> None:
    """The parts of a refund and what is kept of its units, once and for all."""
    del op  # the capability: only an operation may write
    RefundPart.objects.bulk_create(
        RefundPart(
            refund=refund, order=order, line_id=UUID(part.key) if part.key else None, units=part.units,
            taxable_minor=part.taxable_minor, cgst_minor=part.cgst_minor, sgst_minor=part.sgst_minor,
            igst_minor=part.igst_minor, total_minor=part.total_minor,
        )
        for part in parts
    )
    KeptPart.objects.bulk_create(
        KeptPart(
            refund=refund, order=order, line_id=UUID(part.key), taxable_minor=part.taxable_minor,
            cgst_minor=part.cgst_minor, sgst_minor=part.sgst_minor, igst_minor=part.igst_minor, total_minor=part.total_minor,
        )
        for part in kept if part.key
    )


def write_by_amount(op: Operation, *, order: Order, refund: Refund, lines: Sequence[Line]) -> None:
    """The parts of a refund nobody named items for; none where it is more than was due."""
    left = left_of(order, lines, but=refund)
    if refund.amount_minor <= left.total_minor:
        write(op, order=order, refund=refund, parts=giving_back.by_amount(left.lines, left.shipping, refund.amount_minor))


def adopt(op: Operation, *, order: Order, payments: Iterable[Payment]) -> None:
    """Parts for the refunds a person made at the gateway, by amount, once; none for a payment that was never due.

    `payments` are the order's; where none of them has a refund nothing is asked.
    """
    if not any(payment.refunded_minor or payment.pending_refund_minor for payment in payments):
        return
    found = Refund.objects.filter(stream=str(order.pk), reason_code=AT_GATEWAY, status__in=COUNTED)
    known = set(RefundPart.objects.filter(order=order).values_list("refund_id", flat=True)) if found else set()
    due = {payment.pk for payment in due_payments(order.pk)} if found else set()
    for refund in found:
        if refund.pk not in known and refund.payment_id in due:
            write_by_amount(op, order=order, refund=refund, lines=list(Line.objects.filter(order=order)))


def require_there(*, order: Order, refund: Refund) -> None:
    """That what a refund is for has not been given back meanwhile. Raises GivenBackMeanwhile."""
    wanted = [part_of(row) for row in RefundPart.objects.filter(refund=refund)]
    wanted += [kept_of(row) for row in KeptPart.objects.filter(refund=refund)]
    left = left_of(order, list(Line.objects.filter(order=order).order_by("place")), but=refund)
    try:
        for remaining in (*left.lines, left.shipping):
            remaining.less(wanted)
    except BeyondRemaining as error:
        raise GivenBackMeanwhile from error


def left_of(order: Order, lines: Sequence[Line], *, but: Refund | None = None) -> Left:
    """What has not been given back; Note [What remains of a line]. `but` is a refund that does not count."""
    rows = RefundPart.objects.filter(order=order, refund__status__in=COUNTED)
    parts = [part_of(row) for row in (rows.exclude(refund=but) if but is not None else rows)]
    held = KeptPart.objects.filter(order=order, refund__status__in=COUNTED)
    parts += [kept_of(row) for row in (held.exclude(refund=but) if but is not None else held)]
    shipping = giving_back.shipping_of(order.prices())
    return Left(tuple(_left(whole(line), parts) for line in lines), _left(shipping, parts))


def whole(line: Line) -> Remaining:
    """A line before anything was given back."""
    return Remaining(
        key=str(line.pk), units=line.quantity, taxable_minor=line.total_minor - line.cgst_minor - line.sgst_minor - line.igst_minor,
        cgst_minor=line.cgst_minor, sgst_minor=line.sgst_minor, igst_minor=line.igst_minor, total_minor=line.total_minor,
    )


def part_of(row: RefundPart) -> Part:
    """The row as the arithmetic knows it."""
    return Part(
        key=str(row.line_id) if row.line_id else None, units=row.units, taxable_minor=row.taxable_minor,
        cgst_minor=row.cgst_minor, sgst_minor=row.sgst_minor, igst_minor=row.igst_minor, total_minor=row.total_minor,
    )


def kept_of(row: KeptPart) -> Part:
    """What is kept, as the arithmetic knows it: its units are in the refund's own part."""
    return Part(
        key=str(row.line_id), units=0, taxable_minor=row.taxable_minor, cgst_minor=row.cgst_minor,
        sgst_minor=row.sgst_minor, igst_minor=row.igst_minor, total_minor=row.total_minor,
    )


def due_payments(order_id: UUID) -> list[Payment]:
    """The order's payments but those that were never due and go back as a whole (F22), oldest first."""
    links = OrderPayment.objects.filter(order_id=order_id).exclude(payment__refunds__reason_code=DUPLICATE)
    return [link.payment for link in links.select_related("payment").order_by("id")]


def _reckoned(left: Left, wish: Wish, due: Sequence[Payment], currency: str) -> tuple[int, list[Part]]:
    """What the named units are worth, and the parts."""
    if wish.goodwill:
        return 0, []
    items = {str(pk): units for pk, units in wish.items.items()}
    _require_units(left, wish.items)
    plain = giving_back.by_items(left.lines, left.shipping, items, with_shipping=bool(wish.with_shipping))
    worth = sum(part.total_minor for part in plain if part.key is not None)
    if wish.amount_minor is None:
        return worth, plain
    try:
        parts = giving_back.by_amount(
            left.lines, left.shipping, wish.amount_minor, with_shipping=wish.with_shipping is not False, prefer=items
        )
    except BeyondRemaining as error:
        raise _above(due, _maximum(left, wish, due), currency) from error
    return worth, parts


def _require_units(left: Left, items: Mapping[UUID, int]) -> None:
    known = {line.key: line.units for line in left.lines}
    errors = [
        (f"#/items/{place}", f"{known[str(pk)]} units are left." if str(pk) in known else "There is no such line.")
        for place, (pk, units) in enumerate(items.items())
        if not 1 <= units <= known.get(str(pk), 0)
    ]
    if errors:
        raise TooManyUnitsBack(errors=errors)


def _payment_for(due: Sequence[Payment], amount_minor: int, currency: str) -> Payment:
    fits = [payment for payment in due if payment.refundable_minor >= amount_minor]
    if amount_minor <= 0 or not fits:
        raise _above(due, _most(due), currency)
    return min(fits, key=lambda payment: payment.refundable_minor)


def _maximum(left: Left, wish: Wish, due: Sequence[Payment]) -> int:
    if wish.goodwill:
        return _most(due)
    return min(_most(due), left.total_minor - (left.shipping.total_minor if wish.with_shipping is False else 0))


def _most(due: Sequence[Payment]) -> int:
    return max((payment.refundable_minor for payment in due), default=0)


def _above(due: Sequence[Payment], most: int, currency: str) -> AboveRefundable:
    in_all = sum(payment.refundable_minor for payment in due)
    return AboveRefundable(
        f"At most {most} can be refunded in one go; {in_all} in all.", refundable=in_all, currency=currency,
        errors=[("#/amount", f"At most {most}.")],
    )


def _left(remaining: Remaining, parts: Sequence[Part]) -> Remaining:
    try:
        return remaining.less(parts)
    except BeyondRemaining:
        return Remaining(
            key=remaining.key, units=0, taxable_minor=0, cgst_minor=0, sgst_minor=0, igst_minor=0, total_minor=0
        )
