"""Refunds as pages show them: of what they consist, who asked, how the money goes, and what may be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orders.models import RefundPart
from payments.queries import reason_of
from timeline.vocabulary import money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orders.queries import OrderDetail
    from payments.models import Refund
    from timeline.models import Event

_CUSTOMERS = ("customer", "guest")


@dataclass(frozen=True, slots=True)
class RefundCard:
    """One refund. `who` is empty for the customer's own wish; `notes` are short sentences on how the money goes."""

    refund: Refund
    reason: str
    who: str
    parts: list[RefundPart]
    notes: list[str]

    @property
    def asks(self) -> str:
        """Who asks for how much, of a request."""
        amount = money(self.refund.amount_minor, self.refund.currency)
        return f"{self.who} wants to give {amount} back." if self.who else f"The customer asks for {amount} back."


def cards(detail: OrderDetail, story: Sequence[Event]) -> list[RefundCard]:
    """The order's refunds, oldest first. One statement for all their parts, none where there are no refunds."""
    if not detail.refunds:
        return []
    parts: dict[object, list[RefundPart]] = {}
    for part in RefundPart.objects.filter(order=detail.order).select_related("line").order_by("id"):
        parts.setdefault(part.refund_id, []).append(part)
    names: dict[str, str] = {}
    for event in story:
        if event.kind.startswith("refund."):
            names.setdefault(event.subject_id, event.actor_name)
    return [
        RefundCard(
            refund=refund,
            reason=reason_of(refund) or "",
            who="" if refund.requested_by_type in _CUSTOMERS else names.get(refund.pk.hex) or refund.requested_by_type,
            parts=parts.get(refund.pk, []),
            notes=_notes(refund),
        )
        for refund in detail.refunds
    ]


def _notes(refund: Refund) -> list[str]:
    notes = []
    if refund.reason_code == "made_at_gateway":
        notes.append("Made at the gateway")
    elif refund.reason_code not in ("items", "amount", "customer_request"):
        notes.append(refund.reason_code.replace("_", " ").capitalize())
    if refund.by_other_means:
        notes.append("Given by other means")
    elif refund.speed == "optimum":
        fallback = refund.speed_processed == "normal"
        notes.append("Instant was not possible: 5 to 7 working days" if fallback else "Instant")
    if refund.reference:
        notes.append(f"Bank reference {refund.reference}")
    if refund.error_reason and refund.status == "failed":
        notes.append(refund.error_reason.replace("_", " ").capitalize())
    return notes
