"""A person's verdict on an order that waits for its risk: let it go on, or cancel it as fraud (B73)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orders import colleagues, locks
from orders.models import OrderHold
from orders.operations import cancel, holds
from orders.risk.verdict import PASS
from timeline.errors import Refused

if TYPE_CHECKING:
    from uuid import UUID

    from orders.models import Order
    from timeline.operations import Operation

REJECT: Final = "reject"
VERDICTS: Final = (PASS, REJECT)
REASON_CHARS_MAX: Final = 500


class NothingToReview(Refused):
    """This order does not wait for a review: it has no hold for fraud."""


def review(op: Operation, *, order_id: UUID, verdict: str, reason: str) -> Order:
    """Say `pass`, and its holds for fraud are released, or `reject`, and it is cancelled as fraud; other holds stand.

    The reason is sealed. Raises Missing, MayNotJudge, NothingToReview, and TransitionRefused where it can no longer be cancelled.
    """
    order = locks.order(order_id)
    colleagues.require_judge(op.actor)
    waiting = list(
        OrderHold.objects.filter(order=order, reason__in=holds.FRAUD, released_at=None).order_by("created_at").values_list("pk", flat=True)
    )
    if not waiting:
        raise NothingToReview

    op.record(
        order, "risk.reviewed", facts={"verdict": verdict}, private={"reason": reason}, person=order.person.key,
    )
    if verdict == REJECT:
        cancel.cancel(op, order_id=order_id, code="fraud", reason=reason)
    for hold_id in waiting:
        holds.release(op, order_id=order_id, hold_id=hold_id)
    return locks.order(order_id)
