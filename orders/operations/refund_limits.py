"""How much one person may give back alone. Above it another person must agree: who makes is not who checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Sum

from orders.operations.refund_parts import COUNTED
from payments.models import Refund
from timeline import rights
from timeline.errors import Refused

if TYPE_CHECKING:
    from timeline.actors import Actor

UNLIMITED = "refunds:unlimited"


class MakerIsChecker(Refused):
    """Whoever asked for a refund cannot approve it; another person must."""


class AboveYourLimit(Refused):
    """This is more than you may approve; somebody of finance can."""


def limit_of(user: Any, scopes: list[str] | None = None) -> int | None:
    """What this caller may give back alone, in minor units; None is without limit. At most one statement."""
    return None if UNLIMITED in rights.held(user, scopes) else int(settings.REFUND_LIMIT_MINOR)


def needs_approval(*, stream: str, actor: Actor, amount_minor: int, limit_minor: int | None) -> bool:
    """Whether this goes beyond the limit, with what the same person has given back on this order before."""
    if limit_minor is None:
        return False
    before = Refund.objects.filter(
        stream=stream, requested_by_type=actor.type, requested_by_id=actor.id, status__in=COUNTED
    ).aggregate(sum=Sum("amount_minor"))["sum"]
    return amount_minor + int(before or 0) > limit_minor


def require_other_hand(*, refund: Refund, actor: Actor, limit_minor: int | None) -> None:
    """That this person may approve this refund. Raises MakerIsChecker, AboveYourLimit."""
    if (refund.requested_by_type, refund.requested_by_id) == (actor.type, actor.id):
        raise MakerIsChecker
    if limit_minor is not None and refund.amount_minor > limit_minor:
        raise AboveYourLimit
