"""What a carrier pays for a lost or damaged parcel, in the books with the very event that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payments import journal
from shipping import operations as parcels
from timeline.models import Event

if TYPE_CHECKING:
    from uuid import UUID

    from shipping.models import Claim
    from timeline.operations import Operation


def settle(op: Operation, *, claim_id: UUID, paid_minor: int) -> Claim:
    """The carrier paid so much of a claim, into the bank. Raises ClaimOutOfRange, TransitionRefused, Missing."""
    claim = parcels.settle_claim(op, claim_id=claim_id, paid_minor=paid_minor)

    event = Event.objects.get(subject_type=claim._meta.label_lower, subject_id=claim.pk.hex, kind="claim.paid")
    journal.post(
        op, event,
        [
            journal.Line(journal.BANK, paid_minor, ref=claim.pk.hex),
            journal.Line(journal.CARRIER_CLAIMS, -paid_minor, ref=claim.pk.hex),
        ],
        currency=claim.currency,
    )
    return claim
