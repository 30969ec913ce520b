"""What a carrier is to us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import date, datetime

    from shipping.addresses import Address


class CarrierRefused(Exception):
    """The carrier said no, for good."""


class CarrierBusy(Exception):
    """The carrier is busy: the same request may be sent again."""


class CarrierInDoubt(Exception):
    """The carrier did not answer: it may have acted. Ask again with the same key."""


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """One parcel to be carried. `idempotency_key` is the same on every repeat; weights in grams, money in minor units.

    With `is_pickup` the origin is a customer's door: the carrier comes for the parcel and brings it to the warehouse.
    """

    reference: str
    shipment_id: str
    idempotency_key: str
    origin: Address
    destination: Address
    weight_g: int
    items: tuple[tuple[str, str, int], ...]
    service: str
    cod_amount_minor: int
    currency: str
    now: datetime
    is_pickup: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """The carrier's answer: a number, a label as PDF, and when it means to be there."""

    tracking_number: str
    label_pdf: bytes
    estimated_delivery: date
    service: str


class Carrier(Protocol):
    """One carrier or aggregator. Every call may be repeated; refusals are the exceptions above."""

    code: str
    name: str
    services: tuple[str, ...]

    def book(self, *, request: BookingRequest) -> Booking:
        """Take the parcel on. Raises CarrierRefused, CarrierBusy, CarrierInDoubt."""

    def cancel(self, *, tracking_number: str) -> None:
        """The parcel will not be handed over."""

    def bring_back(self, *, tracking_number: str) -> None:
        """Return the parcel to its origin."""
