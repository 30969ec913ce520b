"""Whether the sums on payments agree with their refunds (I3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from payments.models import Dispute, Payment, Refund

if TYPE_CHECKING:
    from uuid import UUID

DIFFERENCES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """One payment whose column says another sum than its rows; amounts in minor units."""

    payment_id: UUID
    stream: str
    what: str
    expected_minor: int
    found_minor: int


def differences() -> list[Difference]:
    """Every payment whose refunded, pending, disputed or captured sum is not what its refunds and disputes say.

    Empty in a sound database. At most `DIFFERENCES_MAX` payments are named.
    """
    open_states = [Refund.Status.PENDING, Refund.Status.IN_DOUBT]
    zero = 0
    held = Dispute.objects.filter(payment=OuterRef("pk")).values("payment").annotate(sum=Sum("deducted_minor")).values("sum")
    sums = Payment.objects.annotate(
        held_minor=Coalesce(Subquery(held), zero),
        given_minor=Coalesce(Sum("refunds__amount_minor", filter=Q(refunds__status=Refund.Status.PROCESSED)), zero),
        waiting_minor=Coalesce(Sum("refunds__amount_minor", filter=Q(refunds__status__in=open_states)), zero),
    )
    wrong = sums.filter(
        ~Q(refunded_minor=F("given_minor"))
        | ~Q(pending_refund_minor=F("waiting_minor"))
        | ~Q(disputed_minor=F("held_minor"))
        | Q(captured_minor__lt=F("refunded_minor") + F("pending_refund_minor"))
    )
    return [found for row in wrong.order_by("created_at")[:DIFFERENCES_MAX] for found in _of(row)]


def _of(row: Payment) -> list[Difference]:
    given, waiting = int(getattr(row, "given_minor")), int(getattr(row, "waiting_minor"))  # noqa: B009 annotations
    gone = row.refunded_minor + row.pending_refund_minor
    sides = [
        ("refunded", given, row.refunded_minor),
        ("pending", waiting, row.pending_refund_minor),
        ("disputed", int(getattr(row, "held_minor")), row.disputed_minor),  # noqa: B009 an annotation
        ("above_captured", min(gone, row.captured_minor), gone),
    ]
    return [
        Difference(payment_id=row.pk, stream=row.stream, what=what, expected_minor=expected, found_minor=found)
        for what, expected, found in sides
        if expected != found
    ]
