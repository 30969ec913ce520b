"""The shop's own drivers: no network, a real label."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from shipping.awb import own_number
from shipping.carriers import base
from shipping.carriers.base import Booking, BookingRequest, CarrierCannot, Rate, RateRequest, Serviceability, Tracked
from shipping.label import label_pdf
from shipping.states import STATES, pin_matches

if TYPE_CHECKING:
    from shipping.sightings import Sighting

DAYS = {"standard": 3, "express": 1}
WEIGHT_G_MAX = 30_000


class OwnFleet:
    """A booking is a function of the parcel: a repeat gives the same number and the same label.

    What the drivers see, people and scanners write down in our own system, so there is nobody to ask and nothing to be told.
    """

    code = "own_fleet"
    name = "Own fleet"
    services: tuple[str, ...] = ("standard", "express")
    can = frozenset({base.SERVICEABLE, base.RATE, base.BOOK, base.PICKUP, base.CANCEL, base.BRING_BACK})
    push = base.PushPolicy()

    def serviceable(self, *, pin: str, cod: bool, weight_g: int) -> Serviceability:  # noqa: ARG002 the drivers take cash everywhere
        """Everywhere in India, up to thirty kilograms."""
        if not any(pin_matches(pin, state) for state in STATES):
            return Serviceability(is_served=False, takes_cod=False, why="no such PIN code")
        if weight_g > WEIGHT_G_MAX:
            return Serviceability(is_served=False, takes_cod=False, why=f"heavier than {WEIGHT_G_MAX} g")
        return Serviceability(is_served=True, takes_cod=True)

    def rate(self, *, request: RateRequest) -> tuple[Rate, ...]:
        """Our own drivers send no bill."""
        served = self.serviceable(pin=request.destination_pin, cod=bool(request.cod_amount_minor), weight_g=request.weight_g)
        if not served.is_served:
            raise base.CarrierRefused(served.why)
        return tuple(Rate(service=word, amount_minor=0, currency="INR", days=DAYS[word], takes_cod=True) for word in self.services)

    def book(self, *, request: BookingRequest) -> Booking:
        """Number the parcel and print its label."""
        service = request.service if request.service in self.services else self.services[0]
        number = own_number(UUID(request.shipment_id))
        return Booking(
            tracking_number=number,
            label_pdf=label_pdf(request, number, self.name),
            estimated_delivery=(request.now + timedelta(days=DAYS[service])).date(),
            service=service,
        )

    def find(self, *, reference: str) -> str:  # noqa: ARG002 nobody is asked
        """Nothing is ever in doubt with our own drivers."""
        return ""

    def label(self, *, tracking_number: str) -> bytes:  # noqa: ARG002 nothing is asked
        """The label is printed with the booking and kept; it is a function of the parcel, not of its number."""
        raise CarrierCannot("the label is kept with the parcel")

    def cancel(self, *, tracking_number: str) -> None:
        """The drivers work from today's list; a cancelled parcel is not on it."""

    def bring_back(self, *, tracking_number: str) -> None:
        """The drivers work from today's list; a parcel that is called back is on it."""

    def track(self, *, tracking_number: str) -> Tracked:  # noqa: ARG002 nobody is asked
        """What the drivers saw stands in our own book already."""
        raise CarrierCannot("the own fleet is tracked by hand")

    def read_push(self, *, body: bytes) -> tuple[Sighting, ...]:  # noqa: ARG002 nobody pushes to us
        """Nobody pushes."""
        return ()
