"""Lost and damaged parcels, and what their carrier owes for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipping import locks
from shipping.models import Claim, Shipment
from shipping.operations import parcels
from timeline.errors import Invalid, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from timeline.operations import Operation

CLAIM_MINOR_MAX = 10**11
_UNDAMAGEABLE = (Shipment.Status.BOOKED, Shipment.Status.CANCELLED)


class NotCarried(Refused):
    """Nobody has carried this parcel, so nobody can have damaged it."""


class ClaimedAlready(Refused):
    """There is a claim for this already."""


class ClaimOutOfRange(Invalid):
    """A claim asks for something, and is paid with at most what it asks."""


def lose(op: Operation, *, shipment_id: UUID, claim_minor: int = 0) -> Shipment:
    """The parcel is given up; with an amount, its carrier is to pay for it. Raises TransitionRefused, ClaimOutOfRange."""
    shipment = parcels.give_up(op, shipment_id=shipment_id)
    if claim_minor:
        open_claim(op, shipment=shipment, kind=Claim.Kind.LOST, amount_minor=claim_minor)
    return shipment


def damage(op: Operation, *, shipment_id: UUID, claim_minor: int = 0, note: str = "") -> Shipment:
    """The parcel was damaged on its way; where it goes is another matter. Raises NotCarried, ClaimedAlready."""
    shipment = locks.shipment(shipment_id)

    if shipment.status in _UNDAMAGEABLE:
        raise NotCarried(status=str(shipment.status))
    if shipment.damaged_at is not None:
        raise ClaimedAlready("The parcel is known to be damaged.")

    op.record(
        shipment, "shipment.damaged", stream=shipment.stream, facts={"tracking_number": shipment.tracking_number},
        private={"note": note} if note else None, person=shipment.key,
    )
    shipment.damaged_at = op.now
    Shipment.objects.filter(pk=shipment.pk).update(damaged_at=op.now)
    if claim_minor:
        open_claim(op, shipment=shipment, kind=Claim.Kind.DAMAGED, amount_minor=claim_minor)
    return shipment


def open_claim(op: Operation, *, shipment: Shipment, kind: str, amount_minor: int) -> Claim:
    """Ask the parcel's carrier for so much. Raises ClaimOutOfRange, ClaimedAlready."""
    if not 0 < amount_minor <= CLAIM_MINOR_MAX:
        raise ClaimOutOfRange(errors=[("#/claimAmount", "More than nothing.")])
    if Claim.objects.filter(shipment=shipment, kind=kind).exists():
        raise ClaimedAlready
    claim = Claim(
        id=op.new_id(), shipment=shipment, stream=shipment.stream, kind=kind, carrier=shipment.carrier, amount_minor=amount_minor,
        currency=shipment.currency, created_at=op.now,
    )
    begin(
        op, claim, "claim.opened", stream=shipment.stream, targets=[("shipment", shipment.pk)],
        facts={"carrier": shipment.carrier, "amount_minor": amount_minor, "currency": claim.currency, "loss": kind},
    )
    return claim


def file_claim(op: Operation, *, claim_id: UUID, reference: str = "") -> Claim:
    """The carrier has it, under its own number. Raises TransitionRefused."""
    claim = locks.claim(claim_id)

    advance(
        op, claim.file, stream=claim.stream, at=op.now, reference=reference, carrier=claim.carrier, amount_minor=claim.amount_minor,
        currency=claim.currency,
    )
    return claim


def settle_claim(op: Operation, *, claim_id: UUID, paid_minor: int) -> Claim:
    """The carrier paid so much of it. Raises ClaimOutOfRange, TransitionRefused."""
    claim = locks.claim(claim_id)

    if not 0 < paid_minor <= claim.amount_minor:
        raise ClaimOutOfRange(errors=[("#/paidAmount", f"Between 1 and {claim.amount_minor}.")])

    advance(
        op, claim.pay, stream=claim.stream, at=op.now, paid_minor=paid_minor, amount_minor=paid_minor, carrier=claim.carrier,
        currency=claim.currency, reference=claim.reference,
    )
    return claim


def refuse_claim(op: Operation, *, claim_id: UUID) -> Claim:
    """The carrier will not pay. Raises TransitionRefused."""
    claim = locks.claim(claim_id)

    _end(op, claim, claim.refuse)
    return claim


def drop_claim(op: Operation, *, claim_id: UUID) -> Claim:
    """We let it go. Raises TransitionRefused."""
    claim = locks.claim(claim_id)

    _end(op, claim, claim.drop)
    return claim


def _end(op: Operation, claim: Claim, step: Callable[..., None]) -> None:
    advance(
        op, step, stream=claim.stream, at=op.now, amount_minor=claim.amount_minor, currency=claim.currency, carrier=claim.carrier
    )
