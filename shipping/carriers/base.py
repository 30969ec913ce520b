"""What a carrier is to us: one protocol, its values, its refusals.

Every call may be repeated, and every call is made with no transaction open (`timeline.network`). A carrier that cannot do a thing
does not list it in `can`, and raises CarrierCannot when it is asked all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import date, datetime

    from shipping.addresses import Address
    from shipping.sightings import Sighting

SERVICEABLE, RATE, BOOK, PICKUP, CANCEL, BRING_BACK, TRACK, PUSH = (
    "serviceable", "rate", "book", "pickup", "cancel", "bring_back", "track", "push",
)
DOINGS = (SERVICEABLE, RATE, BOOK, PICKUP, CANCEL, BRING_BACK, TRACK, PUSH)
REFERENCE_CHARS = 8


class CarrierError(Exception):
    """Something came of talking to a carrier that is not an answer. The text is a code or the carrier's own words, cut."""


class CarrierRefused(CarrierError):
    """The carrier said no, for good."""


class CarrierCannot(CarrierRefused):
    """The carrier has no such service, or none we are connected to."""


class CarrierBusy(CarrierError):
    """The carrier is busy, and has done nothing: the same request may be sent again."""


class CarrierUntouched(CarrierBusy):
    """Busy before anything of a booking was done: the next try is no repeat."""


class CarrierInDoubt(CarrierError):
    """The carrier did not answer: it may have acted. Ask again by our reference."""


class CarrierMisconfigured(CarrierError):
    """The carrier does not take our credentials, or answers what its documents do not say: a person has to look."""


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """One parcel to be carried. `idempotency_key` is the same on every repeat; weights in grams, money in minor units.

    With `is_pickup` the origin is a customer's door: the carrier comes for the parcel and brings it to the warehouse. With
    `is_repeat` the booking may have been made already: it is looked for by `parcel_reference` before it is sent again.
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
    is_repeat: bool = False
    warehouse_code: str = ""
    value_minor: int = 0

    @property
    def parcel_reference(self) -> str:
        """Our name of this one parcel at the carrier: an order may have several."""
        return f"{self.reference}-{self.idempotency_key[-REFERENCE_CHARS:]}"


@dataclass(frozen=True, slots=True)
class Booking:
    """The carrier's answer: a number, a label as PDF (empty: it gave none), and when it means to be there, if it says so."""

    tracking_number: str
    label_pdf: bytes
    estimated_delivery: date | None
    service: str


@dataclass(frozen=True, slots=True)
class RateRequest:
    """What a parcel like this would cost."""

    origin_pin: str
    destination_pin: str
    weight_g: int
    cod_amount_minor: int = 0
    is_pickup: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """One offer: whole minor units, whole days (None: the carrier does not say)."""

    service: str
    amount_minor: int
    currency: str
    days: int | None
    takes_cod: bool


@dataclass(frozen=True, slots=True)
class Serviceability:
    """Whether the carrier goes there; `why` is empty when it does."""

    is_served: bool
    takes_cod: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tracked:
    """What the carrier knows of one parcel, in no order, and when it now means to be there."""

    sightings: tuple[Sighting, ...] = ()
    estimated_delivery: date | None = None


@dataclass(frozen=True, slots=True)
class PushPolicy:
    """Where a carrier's webhook comes in. `alias` stands in the address (some forbid their own name in it).

    `secret` is the unguessable part of the address; empty: no such address. `header` must carry `token` where both are set.
    """

    alias: str = ""
    secret: str = field(default="", repr=False)
    header: str = ""
    token: str = field(default="", repr=False)


class Carrier(Protocol):
    """One carrier or aggregator. Raises, from each call, CarrierRefused, CarrierBusy, CarrierInDoubt, CarrierMisconfigured."""

    code: str
    name: str
    services: tuple[str, ...]
    can: frozenset[str]
    push: PushPolicy

    def serviceable(self, *, pin: str, cod: bool, weight_g: int) -> Serviceability:
        """Whether it delivers there, a parcel of this weight, with cash or without."""

    def rate(self, *, request: RateRequest) -> tuple[Rate, ...]:
        """What it would cost, cheapest first."""

    def book(self, *, request: BookingRequest) -> Booking:
        """Take the parcel on. Made twice it is one parcel; see `BookingRequest.is_repeat`."""

    def find(self, *, reference: str) -> str:
        """The number of the parcel we booked under this reference; empty when there is none. How doubt is resolved."""

    def label(self, *, tracking_number: str) -> bytes:
        """The label again, as PDF."""

    def cancel(self, *, tracking_number: str) -> None:
        """The parcel will not be handed over. Cancelling twice is once."""

    def bring_back(self, *, tracking_number: str) -> None:
        """Return the parcel to its origin. Asking twice is once."""

    def track(self, *, tracking_number: str) -> Tracked:
        """Everything the carrier has seen of it."""

    def read_push(self, *, body: bytes) -> tuple[Sighting, ...]:
        """What a webhook's body says; never raises, and what cannot be read is nothing. Nothing in it is believed yet."""
