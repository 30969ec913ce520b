"""What staff note of parcels on their way, both ways; the order follows those that go to its customer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from orders.models import ReturnParcel
from orders.operations import fulfil, taking_back
from orders.parcels import worth_minor
from shipping import operations as parcels
from shipping.models import Shipment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from orders.operations.return_goods import Graded
    from timeline.operations import Operation


def dispatch(op: Operation, *, order_id: UUID, shipment: Shipment, at: datetime | None = None) -> Shipment:
    """The carrier has it: our parcel left, theirs was picked up. Raises what `fulfil.dispatch` raises."""
    if is_of_return(shipment):
        return parcels.dispatch(op, shipment_id=shipment.pk, at=at)
    return fulfil.dispatch(op, order_id=order_id, shipment_id=shipment.pk, at=at)


def deliver(
    op: Operation, *, order_id: UUID, shipment: Shipment, delivered_to: str | None = None, signature_required: bool | None = None,
    photo_url: str | None = None, at: datetime | None = None,
) -> Shipment:
    """It arrived, at the customer's or at ours. Raises what `fulfil.deliver` raises."""
    if is_of_return(shipment):
        return parcels.deliver(
            op, shipment_id=shipment.pk, delivered_to=delivered_to, signature_required=signature_required, photo_url=photo_url, at=at
        )
    return fulfil.deliver(
        op, order_id=order_id, shipment_id=shipment.pk, delivered_to=delivered_to, signature_required=signature_required,
        photo_url=photo_url, at=at,
    )


def take_back(op: Operation, *, order_id: UUID, shipment: Shipment, units: Sequence[Graded] | None = None) -> Shipment:
    """It came back: its goods are stock again, or what each was graded. Raises what `taking_back.take_back` raises.

    A parcel of a return moves alone: its goods are received with the return, or counted back in by hand.
    """
    if is_of_return(shipment):
        return parcels.take_back(op, shipment_id=shipment.pk)
    if units is None:
        return fulfil.take_back(op, order_id=order_id, shipment_id=shipment.pk)
    return taking_back.take_back(op, order_id=order_id, shipment_id=shipment.pk, units=units)


def scan(
    op: Operation, *, shipment: Shipment, status: str, code: str | None = None, place: str | None = None, at: datetime | None = None,
    reason: str | None = None,
) -> Shipment:
    """Somebody saw it. Raises JourneyEnded, UnknownReason."""
    moved = parcels.scan(
        op, shipment_id=shipment.pk, status=status, at=at, code=code or "", place=place or "", reason=reason or ""
    )
    return _followed(op, moved)


def attempt(
    op: Operation, *, shipment: Shipment, reason: str, next_step: str | None = None, place: str | None = None, at: datetime | None = None
) -> Shipment:
    """It was not taken in: why, and what is next; sending it back calls it back. Raises JourneyEnded, UnknownReason."""
    moved = parcels.attempt(
        op, shipment_id=shipment.pk, reason=reason, next_step=next_step or "", at=at, place=place or ""
    )
    if next_step == "send_back":
        moved = parcels.bring_back(op, shipment_id=shipment.pk)
    return _followed(op, moved)


def lose(op: Operation, *, shipment: Shipment, claim_amount: int | None = None) -> Shipment:
    """It is given up; its carrier owes the goods' worth, or what is named (nothing: no claim). Raises TransitionRefused."""
    return _followed(op, parcels.lose(op, shipment_id=shipment.pk, claim_minor=_claim(shipment, claim_amount)))


def damage(op: Operation, *, shipment: Shipment, claim_amount: int | None = None, note: str | None = None) -> Shipment:
    """It was damaged on its way. Raises NotCarried, ClaimedAlready."""
    return parcels.damage(
        op, shipment_id=shipment.pk, claim_minor=_claim(shipment, claim_amount), note=note or ""
    )


def bring_back(op: Operation, *, shipment: Shipment) -> Shipment:
    """Call it back; its goods are stock again when they are received (Z4). Raises TransitionRefused."""
    return _followed(op, parcels.bring_back(op, shipment_id=shipment.pk))


def answer(op: Operation, *, shipment: Shipment, note: str | None = None) -> Shipment:
    """A person has looked at what is flagged. Raises NotInDoubt."""
    return parcels.answer_flags(op, shipment_id=shipment.pk, note=note or "")


def is_of_return(shipment: Shipment) -> bool:
    """Whether the goods of a return travel in it, to us or back to the customer. One statement at most."""
    return shipment.is_reverse or ReturnParcel.objects.filter(shipment=shipment).exists()


def _claim(shipment: Shipment, amount_minor: int | None) -> int:
    """What is named, else the goods' worth; our own drivers owe us nothing."""
    if amount_minor is not None:
        return amount_minor
    return 0 if shipment.carrier == fulfil.OWN_FLEET else worth_minor(shipment)


def _followed(op: Operation, shipment: Shipment) -> Shipment:
    if not is_of_return(shipment):
        fulfil.settle(op, order_id=UUID(shipment.stream))
    return shipment
