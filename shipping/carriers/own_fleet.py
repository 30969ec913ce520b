"""The shop's own drivers: no network, a real label."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from shipping.awb import own_number
from shipping.carriers.base import Booking, BookingRequest
from shipping.label import label_pdf

_DAYS = {"standard": 3, "express": 1}


class OwnFleet:
    """A booking is a function of the parcel: a repeat gives the same number and the same label."""

    code = "own_fleet"
    name = "Own fleet"
    services: tuple[str, ...] = ("standard", "express")

    def book(self, *, request: BookingRequest) -> Booking:
        """Number the parcel and print its label."""
        service = request.service if request.service in self.services else self.services[0]
        number = own_number(UUID(request.shipment_id))
        return Booking(
            tracking_number=number,
            label_pdf=label_pdf(request, number, self.name),
            estimated_delivery=(request.now + timedelta(days=_DAYS[service])).date(),
            service=service,
        )

    def cancel(self, *, tracking_number: str) -> None:
        """The drivers work from today's list; a cancelled parcel is not on it."""

    def bring_back(self, *, tracking_number: str) -> None:
        """The drivers work from today's list; a parcel that is called back is on it."""
