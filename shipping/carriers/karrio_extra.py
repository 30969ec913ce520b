"""The carriers of karrio (LGPL-3.0, some fifty, none of them Indian): an extra, `pip install 'bahi[karrio]'`, for the worker alone.

karrio takes half a second and 50 MB to import and more for the first carrier, so it is imported when it is first used, and never in a web
process. It has no time limit of its own and cannot look for a booking by our reference: a booking whose answer was cut is never sent
again by itself, a person looks at the carrier's page and types the number, or calls the parcel off.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import socket
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from shipping.carriers import base
from shipping.carriers.base import (
    Booking,
    CarrierCannot,
    CarrierInDoubt,
    CarrierMisconfigured,
    CarrierRefused,
    CarrierUntouched,
    Rate,
    Tracked,
)
from shipping.carriers.moments import day
from shipping.carriers.wire import PDF, minor
from shipping.sightings import (
    ANNOUNCED,
    ATTEMPTED,
    CALLED_OFF,
    DELIVERED,
    IN_TRANSIT,
    OTHER,
    OUT_FOR_DELIVERY,
    PICKED_UP,
    REMARK,
    RETURNING,
    UNKNOWN,
    sighting,
)
from timeline.network import refuse_inside_transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipping.addresses import Address
    from shipping.carriers.base import BookingRequest, RateRequest, Serviceability
    from shipping.sightings import Sighting

TIMEOUT_S = 15.0
SWALLOWED = "SHIPPING_SDK_INTERNAL_ERROR"  # karrio's code for any exception on its way
WEB = "config.wsgi"  # the module that makes a process a web process
NAMES = {"ups": "UPS", "fedex": "FedEx", "usps": "USPS", "dhl_express": "DHL Express", "mydhl": "DHL Express"}
MEANINGS: dict[str, str] = {
    "pending": ANNOUNCED, "picked_up": PICKED_UP, "on_hold": REMARK, "cancelled": CALLED_OFF, "delivered": DELIVERED,
    "in_transit": IN_TRANSIT, "delivery_failed": ATTEMPTED, "delivery_delayed": IN_TRANSIT, "out_for_delivery": OUT_FOR_DELIVERY,
    "ready_for_pickup": REMARK, "return_to_sender": RETURNING,
}
# UPS's one word for everything on the road hides the last mile: its event codes tell.
CODES: dict[tuple[str, str], str] = {("ups", "OT"): OUT_FOR_DELIVERY, ("ups", "OF"): OUT_FOR_DELIVERY, ("ups", "MP"): ANNOUNCED}
_one_at_a_time = threading.Lock()


class Talk(Protocol):
    """karrio as this adapter sees it: plain data in, plain data and messages out. May raise OSError."""

    def rates(self, wish: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Offers."""

    def ship(self, wish: dict[str, Any]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """A booking."""

    def cancel(self, number: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """Call a booking off."""

    def track(self, number: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What was seen."""


class Karrio:
    """One of karrio's carriers, by its name there."""

    services: tuple[str, ...] = ("standard", "express")
    can = frozenset({base.RATE, base.BOOK, base.PICKUP, base.CANCEL, base.TRACK})
    push = base.PushPolicy()

    def __init__(self, connector: str, credentials: dict[str, Any], *, talk: Talk | None = None) -> None:
        self.code = f"karrio_{connector}"
        self.name = NAMES.get(connector, connector.replace("_", " ").title())
        self._connector = connector
        self._services = {str(key): str(value) for key, value in dict(credentials.get("services") or {}).items()}
        self._credentials = {key: value for key, value in credentials.items() if key != "services"}
        self._talk = talk

    def serviceable(self, *, pin: str, cod: bool, weight_g: int) -> Serviceability:  # noqa: ARG002 nothing is asked
        """Karrio knows no such question; ask for rates."""
        raise CarrierCannot("ask for its rates")

    def rate(self, *, request: RateRequest) -> tuple[Rate, ...]:
        """Every service's price, cheapest first."""
        wish = {
            "shipper": _pin(request.origin_pin), "recipient": _pin(request.destination_pin), "parcels": [_box(request.weight_g)],
            "is_return": request.is_pickup,
        }
        with _asking(acts=False):
            found, said = self._sdk().rates(wish)
        if not found:
            raise _trouble(said, acts=False)
        offers = [
            Rate(
                service=str(row["service"]), amount_minor=minor(row["total_charge"]), currency=str(row["currency"]),
                days=row["transit_days"] if isinstance(row["transit_days"], int) else None, takes_cod=False,
            )
            for row in found
        ]
        return tuple(sorted(offers, key=lambda offer: (offer.amount_minor, offer.service)))

    def book(self, *, request: BookingRequest) -> Booking:
        """Book once; a repeat cannot be told from a second parcel, so a person has to look."""
        if request.is_repeat:
            raise CarrierMisconfigured("it may be booked already and cannot be asked: look there, and type its number or cancel")
        if request.cod_amount_minor:
            raise CarrierRefused("karrio's carriers collect no cash for us")
        wish = {
            "service": self._services.get(request.service, request.service), "shipper": _address(request.origin),
            "recipient": _address(request.destination), "parcels": [_box(request.weight_g)], "reference": request.parcel_reference,
            "label_type": "PDF", "is_return": request.is_pickup,
        }
        with _asking(acts=True):
            made, said = self._sdk().ship(wish)
        if made is None or not made.get("tracking_number"):
            raise _trouble(said, acts=True)
        return Booking(
            tracking_number=str(made["tracking_number"]), label_pdf=_pdf(made.get("label")), service=request.service,
            estimated_delivery=None,
        )

    def find(self, *, reference: str) -> str:  # noqa: ARG002 nothing is asked
        """Karrio cannot look for a reference."""
        return ""

    def label(self, *, tracking_number: str) -> bytes:  # noqa: ARG002 nothing is asked
        """The label comes with the booking and is kept."""
        raise CarrierCannot("the label is kept with the parcel")

    def cancel(self, *, tracking_number: str) -> None:
        """Call it off; one that is called off already is fine."""
        with _asking(acts=True):
            done, said = self._sdk().cancel(tracking_number)
        if (done is None or not done.get("success")) and not any("already" in str(row.get("message", "")).casefold() for row in said):
            raise _trouble(said, acts=True)

    def bring_back(self, *, tracking_number: str) -> None:  # noqa: ARG002 nothing is asked
        """Karrio knows no such order: the carrier's own page does."""
        raise CarrierCannot("call it back on the carrier's own page")

    def track(self, *, tracking_number: str) -> Tracked:
        """Every event."""
        with _asking(acts=False):
            found, said = self._sdk().track(tracking_number)
        if not found:
            raise _trouble(said, acts=False)
        seen = [self._seen(tracking_number, event) for event in found[0]["events"]]
        return Tracked(
            sightings=tuple(one for one in seen if one is not None), estimated_delivery=day(str(found[0].get("estimated_delivery") or ""))
        )

    def read_push(self, *, body: bytes) -> tuple[Sighting, ...]:  # noqa: ARG002 karrio's carriers are asked
        """Nothing: these carriers are asked."""
        return ()

    def _seen(self, number: str, event: dict[str, Any]) -> Sighting | None:
        at = _moment(event)
        if at is None:
            return None
        code, status = str(event.get("code") or ""), str(event.get("status") or "")
        meaning = CODES.get((self._connector, code)) or MEANINGS.get(status, UNKNOWN)
        return sighting(
            tracking_number=number, code=code or status, meaning=meaning, at=at, place=str(event.get("location") or ""),
            reason=OTHER if meaning == ATTEMPTED else "",
        )

    def _sdk(self) -> Talk:
        if self._talk is None:
            if WEB in sys.modules:
                raise CarrierMisconfigured("karrio is for the worker alone")
            from shipping.carriers.karrio_sdk import SdkTalk

            self._talk = SdkTalk(self._connector, self._credentials)
        return self._talk


@contextlib.contextmanager
def _asking(*, acts: bool) -> Iterator[None]:
    """No transaction is open, a time limit holds, and what the network does wrong is one of our refusals."""
    refuse_inside_transaction()
    with _one_at_a_time:  # the time limit is the process's
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(TIMEOUT_S)
        try:
            yield
        except ConnectionRefusedError as error:
            raise CarrierUntouched("nobody there") from error
        except OSError as error:
            raise (CarrierInDoubt if acts else CarrierUntouched)(type(error).__name__) from error
        finally:
            socket.setdefaulttimeout(before)


def _trouble(said: list[dict[str, Any]], *, acts: bool) -> base.CarrierError:
    """What came instead of an answer, by the codes carriers share."""
    text = "; ".join(str(row.get("message") or row.get("code") or "") for row in said).strip("; ")[:200]
    codes = {str(row.get("code") or "") for row in said}
    if not said:
        return CarrierInDoubt("no answer") if acts else CarrierRefused("nothing found")
    if SWALLOWED in codes and "Connection refused" not in text:  # whatever it was, the request may have left
        return (CarrierInDoubt if acts else CarrierUntouched)(text)
    if codes & {"429", SWALLOWED}:
        return CarrierUntouched(text or "too many requests")
    if any(code.startswith("5") and len(code) == 3 for code in codes):  # noqa: PLR2004 an HTTP status
        return (CarrierInDoubt if acts else CarrierUntouched)(text)
    if codes & {"401", "403", "250002", "250003"}:
        return CarrierMisconfigured(text)
    return CarrierRefused(text or "refused")


def _address(there: Address) -> dict[str, str]:
    return {
        "person_name": there.name, "phone_number": there.phone, "address_line1": there.line1, "address_line2": there.line2,
        "city": there.city, "state_code": there.state.removeprefix("IN-"), "postal_code": there.postal_code, "country_code": there.country,
    }


def _pin(pin: str) -> dict[str, str]:
    return {"postal_code": pin, "country_code": "IN"}


def _box(weight_g: int) -> dict[str, Any]:
    return {
        "weight": max(weight_g, 1) / 1000, "weight_unit": "KG", "length": 20.0, "width": 15.0, "height": 10.0, "dimension_unit": "CM",
    }


def _pdf(label: Any) -> bytes:
    """The label of a booking that is made; a picture instead of a PDF is none, and the booking stands."""
    try:
        found = base64.b64decode(str(label or ""), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    return found if found.startswith(PDF) else b""


def _moment(event: dict[str, Any]) -> datetime | None:
    text = str(event.get("timestamp") or "") or f"{event.get('date') or ''}T{event.get('time') or '00:00'}"
    for form in (None, "%Y-%m-%dT%I:%M %p", "%Y-%m-%dT%H:%M"):
        try:
            found = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007 below
        except ValueError:
            continue
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    return None
