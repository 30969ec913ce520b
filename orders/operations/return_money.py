"""Money for goods that come back: the units' worth by the frozen prices, less the fee; a return closes when nothing is left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.models import Line, Order, Return
from orders.operations import refund, refund_parts, return_goods, return_policy
from orders.operations.refund_parts import Wish
from orders.operations.returns import words_of
from orders.pricing.money import split
from payments.models import Refund
from timeline.errors import Invalid, Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from orders.operations.refund_parts import Quote
    from timeline.operations import Operation

REFUNDED, EXCHANGED, KEPT, LOST, NOTHING = "refunded", "exchanged", "customer_keeps", "lost", "nothing_given"
OUTCOMES = (REFUNDED, EXCHANGED, KEPT, LOST, NOTHING)
REASON_CODE = "return"
_LIVE = (*refund_parts.COUNTED, Refund.Status.REQUESTED)


class NotApproved(Refused):
    """Money is given for a return once it is approved, and as long as it was not called off."""


class GivenAlready(Refused):
    """This return has been refunded or exchanged."""


class NothingToGive(Refused):
    """No units of this return are with us, or on their way to us, that were not refunded before."""


class FeeTooHigh(Invalid):
    """The fee is more than the goods are worth."""


def quote(*, return_id: UUID, fee_minor: int | None = None, with_shipping: bool = False) -> Quote:
    """What a refund of the return would come to, without writing. Raises what `give` raises."""
    ret = Return.objects.select_related("order").get(pk=return_id)
    lines = list(Line.objects.filter(order=ret.order).order_by("place"))
    wish = wish_of(ret=ret, lines=lines, fee_minor=fee_minor, with_shipping=with_shipping)
    return refund_parts.quote(order=ret.order, lines=lines, wish=wish)


def give(
    op: Operation, *, return_id: UUID, reason: str, fee_minor: int | None = None, with_shipping: bool = False,
    initiate_payment_refund: bool = True, speed: str = "normal", limit_minor: int | None = None,
    despite_dispute: bool = False,
) -> Refund:
    """Refund the return's units: what they are worth less the fee, `fee_minor` instead of the agreed one.

    Before the goods came it is for those announced, afterwards for those received that stay with us. Above `limit_minor` it
    becomes a request. Raises NotApproved, GivenAlready, NothingToGive, FeeTooHigh, and what `refund.give` raises.
    """
    ret = locks.ret(return_id)
    lines = locks.lines(ret.order_id)

    wish = wish_of(ret=ret, lines=lines, fee_minor=fee_minor, with_shipping=with_shipping)

    made = refund.give(
        op, order_id=ret.order_id, reason=reason, items=wish.items, fees=wish.fees, with_shipping=with_shipping,
        initiate_payment_refund=initiate_payment_refund, speed=speed, limit_minor=limit_minor, return_id=ret.pk,
        despite_dispute=despite_dispute, reason_code=REASON_CODE,
    )
    follow(op, return_id=ret.pk)
    return made


def close(op: Operation, *, return_id: UUID, outcome: str | None = None) -> Return:
    """Nothing is left to do. Without a word the outcome follows from what was given.

    Raises TransitionRefused while goods are to be graded, or before it was approved.
    """
    ret = locks.ret(return_id)
    found = outcome or _outcome(ret)

    advance(op, ret.close, at=op.now, outcome=found, **words_of(ret))
    return ret


def follow(op: Operation, *, return_id: UUID) -> None:
    """Close a return that was inspected once its money is back or its exchange is placed. Safe to repeat."""
    ret = locks.ret(return_id)
    done = _is_exchanged(ret) or Refund.objects.filter(return_id=ret.pk, status=Refund.Status.PROCESSED).exists()
    open_still = Refund.objects.filter(return_id=ret.pk).exclude(
        status__in=[Refund.Status.PROCESSED, Refund.Status.DECLINED]
    )
    if ret.status == Return.Status.INSPECTED and done and not open_still.exists():
        close(op, return_id=return_id)


def wish_of(*, ret: Return, lines: Sequence[Line], fee_minor: int | None, with_shipping: bool = False) -> Wish:
    """The units of a return that may be refunded now, and the fee by line."""
    require_givable(ret)
    left = {row.key: row.units for row in refund_parts.left_of(ret.order, lines).lines}
    units = {
        pk: count for pk, had in return_goods.kept_units(ret).items() if (count := min(had, left.get(str(pk), 0)))
    }
    if not units:
        raise NothingToGive
    return Wish(
        items=units, fees=_fees(ret, lines, units, fee_minor), with_shipping=True if with_shipping else None
    )


def require_givable(ret: Return) -> None:
    """That money or goods may be given for it now. Raises NotApproved, GivenAlready."""
    ended = (Return.Status.DECLINED, Return.Status.CANCELLED, Return.Status.EXPIRED)
    if ret.approved_at is None or ret.status in ended:
        raise NotApproved
    if ret.exchange_order_id is not None or Refund.objects.filter(return_id=ret.pk, status__in=_LIVE).exists():
        raise GivenAlready


def _fees(
    ret: Return, lines: Sequence[Line], units: Mapping[UUID, int], fee_minor: int | None
) -> dict[UUID, int]:
    rows = {row.line_id: row for row in ret.lines.all()}
    worths = {
        pk: worth.worth_minor
        for pk, worth in return_policy.worths(
            order=ret.order, lines=lines, units=units, reasons={pk: rows[pk].reason for pk in units}
        ).items()
    }
    if fee_minor is None:
        agreed = {
            pk: return_policy.fee_share(
                worth_minor=worth, agreed_worth_minor=rows[pk].worth_minor, agreed_fee_minor=rows[pk].fee_minor
            )
            for pk, worth in worths.items()
        }
        return {pk: fee for pk, fee in agreed.items() if fee}
    if fee_minor > sum(worths.values()):
        raise FeeTooHigh(errors=[("#/fee", f"At most {sum(worths.values())}.")])
    shares = split(fee_minor, list(worths.values())) if fee_minor else [0] * len(worths)
    return {pk: fee for pk, fee in zip(worths, shares, strict=True) if fee}


def _is_exchanged(ret: Return) -> bool:
    """Whether the exchange is paid; one that waits for a difference may still come to nothing."""
    waits = (Order.Status.PENDING, Order.Status.CANCELLED)
    return ret.exchange_order is not None and ret.exchange_order.status not in waits


def _outcome(ret: Return) -> str:
    if ret.exchange_order_id is not None:
        return EXCHANGED
    if Refund.objects.filter(return_id=ret.pk, status__in=_LIVE).exists():
        return REFUNDED
    return LOST if ret.status == Return.Status.ON_THE_WAY else NOTHING

