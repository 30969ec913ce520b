"""Blue Dart: its scans, by push and, with credentials, by asking. Parcels are booked and labelled in its own system.

Without a tracking API nobody can be asked whether a pushed delivery is true: it waits for a person.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shipping.carriers import base
from shipping.carriers.base import CarrierCannot, CarrierRefused, Tracked
from shipping.carriers.bluedart_codes import meaning_of
from shipping.carriers.moments import day, moment
from shipping.carriers.wire import Unauthorised, Wire, part, rows, text
from shipping.sightings import DELIVERED, sighting

if TYPE_CHECKING:
    from shipping.carriers.base import Booking, BookingRequest, PushPolicy, Rate, RateRequest, Serviceability
    from shipping.sightings import Sighting

BASE_URL = "https://apigateway.bluedart.com/in/transportation"
TIMES = ("%d-%b-%Y %H:%M", "%d-%b-%Y %H%M", "%d %B %Y %H:%M", "%d-%m-%Y %H:%M")
DAYS = ("%d-%b-%Y", "%d %B %Y", "%d-%m-%Y")
PUSHES_MAX = 100
NOT_OURS = "booked and labelled in Blue Dart's own system"


class BlueDart:
    """The carrier's eyes. One per thread, because its session is."""

    code = "bluedart"
    name = "Blue Dart"
    services: tuple[str, ...] = ()

    def __init__(
        self, *, client_id: str = "", client_secret: str = "", login_id: str = "", licence_key: str = "", base_url: str = BASE_URL,
        push: PushPolicy | None = None, wire: Wire | None = None,
    ) -> None:
        self._client = {"ClientID": client_id, "clientSecret": client_secret}
        self._login = {"loginid": login_id, "lickey": licence_key}
        self._wire = wire if wire is not None else Wire(base_url)
        self._token = ""
        self.push = push if push is not None else base.PushPolicy()
        self.can = frozenset({base.PUSH, *({base.TRACK} if client_id else set())})

    def serviceable(self, *, pin: str, cod: bool, weight_g: int) -> Serviceability:  # noqa: ARG002 nothing is asked
        """Not connected."""
        raise CarrierCannot(NOT_OURS)

    def rate(self, *, request: RateRequest) -> tuple[Rate, ...]:  # noqa: ARG002 nothing is asked
        """Not connected."""
        raise CarrierCannot(NOT_OURS)

    def book(self, *, request: BookingRequest) -> Booking:  # noqa: ARG002 nothing is asked
        """Not connected: enter the number of a parcel that was labelled there."""
        raise CarrierCannot(NOT_OURS)

    def find(self, *, reference: str) -> str:  # noqa: ARG002 nothing is asked
        """Nothing is booked through us."""
        return ""

    def label(self, *, tracking_number: str) -> bytes:  # noqa: ARG002 nothing is asked
        """Not connected."""
        raise CarrierCannot(NOT_OURS)

    def cancel(self, *, tracking_number: str) -> None:  # noqa: ARG002 nothing is asked
        """Not connected."""
        raise CarrierCannot(NOT_OURS)

    def bring_back(self, *, tracking_number: str) -> None:  # noqa: ARG002 nothing is asked
        """Not connected."""
        raise CarrierCannot(NOT_OURS)

    def track(self, *, tracking_number: str) -> Tracked:
        """Every scan."""
        if base.TRACK not in self.can:
            raise CarrierCannot("no credentials for its tracking")
        asked = {
            "handler": "tnt", "action": "custawbquery", "awb": "awb", "format": "json", "verno": "1", "scan": "1",
            "numbers": tracking_number, **self._login,
        }
        answer = self._ask("/tracking/v1", asked)
        found = next((row for row in rows(answer, "ShipmentData", "Shipment") if text(row, "WaybillNo") == tracking_number), None)
        if found is None:
            raise CarrierRefused("no such waybill")
        return Tracked(
            sightings=_scans(found, tracking_number), estimated_delivery=day(text(found, "ExpectedDeliveryDate"), *DAYS)
        )

    def read_push(self, *, body: bytes) -> tuple[Sighting, ...]:
        """Each scan of each shipment."""
        try:
            said: Any = json.loads(body)
        except (ValueError, RecursionError):
            return ()
        seen: list[Sighting] = []
        for one in rows(said, "statustracking")[:PUSHES_MAX]:
            shipment = part(one, "Shipment")
            if isinstance(shipment, dict) and text(shipment, "WaybillNo"):
                seen += _scans(shipment, text(shipment, "WaybillNo"))
        return tuple(seen)

    def _ask(self, path: str, params: dict[str, str]) -> Any:
        for _ in range(2):
            try:
                self._token = self._token or text(self._wire.ask("GET", "/token/v1/login", headers=self._client), "JWTToken")
                return self._wire.ask("GET", path, params=params, headers={"JWTToken": self._token})
            except Unauthorised:
                self._token = ""
        raise Unauthorised("the login was refused")


def _scans(shipment: dict[str, Any], number: str) -> tuple[Sighting, ...]:
    details = part(shipment, "Scans", "ScanDetail")
    found = details if isinstance(details, list) else [details]
    taken_by = text(shipment, "Scans", "DeliveryDetails", "ReceivedBy")
    seen = [_scan(number, row, taken_by) for row in found if isinstance(row, dict)]
    return tuple(one for one in seen if one is not None)


def _scan(number: str, row: dict[str, Any], taken_by: str) -> Sighting | None:
    at = moment(f"{text(row, 'ScanDate')} {text(row, 'ScanTime')}", *TIMES)
    if at is None:
        return None
    code, group, kind = text(row, "ScanCode"), text(row, "ScanGroupType"), text(row, "ScanType")
    meaning, reason = meaning_of(code, group, kind)
    return sighting(
        tracking_number=number, code=f"{code}-{group}-{kind}", meaning=meaning, at=at, place=text(row, "ScannedLocation"),
        reason=reason, taken_by=taken_by if meaning == DELIVERED else "",
    )
