"""Delhivery: a fixed token, one call to book, its packing slip as label.

The waybill is given with the booking, under our reference: after doubt the reference is asked for first. Its push is not signed (a
header is agreed on), sometimes a list, in local time without a zone. Pages: delhivery-express-api-doc.readme.io.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shipping.carriers import base
from shipping.carriers.base import Booking, CarrierInDoubt, CarrierRefused, Rate, Serviceability, Tracked
from shipping.carriers.delhivery_codes import meaning_of
from shipping.carriers.moments import day, moment
from shipping.carriers.wire import Wire, minor, part, rows, rupees, text
from shipping.sightings import DELIVERED, sighting
from shipping.states import state_of

if TYPE_CHECKING:
    from shipping.addresses import Address
    from shipping.carriers.base import BookingRequest, PushPolicy, RateRequest
    from shipping.sightings import Sighting

BASE_URL = "https://track.delhivery.com"
FILES_FROM = ("delhivery.com", "amazonaws.com")
PUSHES_MAX = 100
_MODES = {"standard": ("Surface", "S"), "express": ("Express", "E")}
_FORBIDDEN = str.maketrans(dict.fromkeys("&#%;\\", " "))  # its form parser stumbles over these


class Delhivery:
    """The carrier. One per thread, because its session is."""

    code = "delhivery"
    name = "Delhivery"
    services: tuple[str, ...] = ("standard", "express")
    can = frozenset(base.DOINGS)

    def __init__(
        self, *, token: str, base_url: str = BASE_URL, push: PushPolicy | None = None, wire: Wire | None = None
    ) -> None:
        self._headers = {"Authorization": f"Token {token}"}
        self._wire = wire if wire is not None else Wire(base_url, files_from=FILES_FROM)
        self.push = push if push is not None else base.PushPolicy()

    def serviceable(self, *, pin: str, cod: bool, weight_g: int) -> Serviceability:  # noqa: ARG002 its table knows no weights
        """As its table of PIN codes says."""
        found = part(self._ask("GET", "/c/api/pin-codes/json/", params={"filter_codes": pin}), "delivery_codes", 0, "postal_code")
        if not isinstance(found, dict):
            return Serviceability(is_served=False, takes_cod=False, why="not in its table")
        if "embargo" in text(found, "remarks").casefold():
            return Serviceability(is_served=False, takes_cod=False, why="embargo")
        takes_cod = text(found, "cod").upper() == "Y"
        served = takes_cod if cod else text(found, "pre_paid").upper() == "Y"
        return Serviceability(is_served=served, takes_cod=takes_cod, why="" if served else "not served")

    def rate(self, *, request: RateRequest) -> tuple[Rate, ...]:
        """Its calculator, once for surface and once for express."""
        offers = []
        for service, (_, mode) in _MODES.items():
            asked = {
                "md": mode, "ss": "DTO" if request.is_pickup else "Delivered", "d_pin": request.destination_pin,
                "o_pin": request.origin_pin, "cgm": max(request.weight_g, 1), "pt": "COD" if request.cod_amount_minor else "Pre-paid",
            }
            found = part(self._ask("GET", "/api/kinko/v1/invoice/charges/.json", params=asked), 0, "total_amount")
            offers.append(Rate(service=service, amount_minor=minor(found), currency="INR", days=None, takes_cod=True))
        return tuple(sorted(offers, key=lambda offer: (offer.amount_minor, offer.service)))

    def book(self, *, request: BookingRequest) -> Booking:
        """Book; on a repeat, or when it says the reference is taken, the waybill of our reference."""
        number = self._find(request.parcel_reference) if request.is_repeat else ""
        if not number:
            number = self._create(request) or self._find(request.parcel_reference)
        if not number:
            raise CarrierInDoubt("booked without a waybill")
        return Booking(
            tracking_number=number, label_pdf=self.label(tracking_number=number), service=request.service, estimated_delivery=None
        )

    def find(self, *, reference: str) -> str:
        """The waybill of our reference."""
        return self._find(reference)

    def label(self, *, tracking_number: str) -> bytes:
        """The packing slip."""
        answer = self._ask("GET", "/api/p/packing_slip", params={"wbns": tracking_number, "pdf": "true"})
        url = text(answer, "packages", 0, "pdf_download_link")
        if not url:
            raise CarrierInDoubt("no packing slip yet")
        return self._wire.fetch_pdf(url)

    def cancel(self, *, tracking_number: str) -> None:
        """Cancel the waybill."""
        answer = self._ask("POST", "/api/p/edit", json={"waybill": tracking_number, "cancellation": "true"})
        if part(answer, "status") not in (True, "true", "Success"):
            raise CarrierRefused(text(answer, "remark") or text(answer, "error") or "not cancelled")

    def bring_back(self, *, tracking_number: str) -> None:
        """A waybill that is cancelled on its way comes back to the origin."""
        self.cancel(tracking_number=tracking_number)

    def track(self, *, tracking_number: str) -> Tracked:
        """Every scan."""
        found = self._record(waybill=tracking_number)
        if not found:
            raise CarrierRefused("no such waybill")
        seen = [_scan(tracking_number, row["ScanDetail"]) for row in rows(found, "Scans") if isinstance(row.get("ScanDetail"), dict)]
        taken_by = text(found, "Status", "RecievedBy")  # spelt so
        return Tracked(
            sightings=tuple(_taken(one, taken_by) for one in seen if one is not None),
            estimated_delivery=day(text(found, "ExpectedDeliveryDate")) or day(text(found, "PromisedDeliveryDate")),
        )

    def read_push(self, *, body: bytes) -> tuple[Sighting, ...]:
        """One status, or a list of them."""
        try:
            said: Any = json.loads(body)
        except (ValueError, RecursionError):
            return ()
        seen = [_pushed(part(one, "Shipment")) for one in (said if isinstance(said, list) else [said])[:PUSHES_MAX]]
        return tuple(one for one in seen if one is not None)

    def _create(self, request: BookingRequest) -> str:
        """The new waybill; empty when the reference is taken already."""
        wish = {"pickup_location": {"name": request.warehouse_code}, "shipments": [_shipment(request)]}
        answer = self._ask("POST", "/api/cmu/create.json", data={"format": "json", "data": json.dumps(wish, ensure_ascii=False)})
        package = part(answer, "packages", 0)
        if text(package, "status") == "Success":
            return text(package, "waybill")
        why = " ".join(map(str, part(package, "remarks") or [])).strip() or text(answer, "rmk") or text(answer, "error")
        if "duplicate" in why.casefold():
            return ""
        raise CarrierRefused(why[:200] or "not booked")

    def _find(self, reference: str) -> str:
        return text(self._record(ref_ids=reference), "AWB")

    def _record(self, **asked: str) -> dict[str, Any]:
        try:
            answer = self._ask("GET", "/api/v1/packages/json/", params=asked)
        except CarrierRefused:
            return {}
        found = part(answer, "ShipmentData", 0, "Shipment")
        return found if isinstance(found, dict) else {}

    def _ask(self, method: str, path: str, **words: Any) -> Any:
        return self._wire.ask(method, path, headers=self._headers, **words)


def _shipment(request: BookingRequest) -> dict[str, Any]:
    """Its form's words. For a pickup the address is where the driver goes, and `return_` where the parcel goes to."""
    door, other = (request.origin, request.destination) if request.is_pickup else (request.destination, request.origin)
    mode = "Pickup" if request.is_pickup else "COD" if request.cod_amount_minor else "Prepaid"
    return {
        **_end("", door), **_end("return_", other), "order": request.parcel_reference, "payment_mode": mode,
        "cod_amount": rupees(request.cod_amount_minor), "total_amount": rupees(request.cod_amount_minor or request.value_minor),
        "weight": max(request.weight_g, 1), "quantity": sum(quantity for _, _, quantity in request.items),
        "products_desc": ", ".join(name for _, name, _ in request.items).translate(_FORBIDDEN)[:200],
        "shipping_mode": _MODES.get(request.service, _MODES["standard"])[0],
    }


def _end(prefix: str, there: Address) -> dict[str, str]:
    state = state_of(there.state)
    plain = {
        "name": there.name, "add": f"{there.line1} {there.line2}".strip(), "pin": there.postal_code, "city": there.city,
        "state": state.name if state else there.state, "country": "India", "phone": there.phone.removeprefix("+91"),
    }
    return {f"{prefix}{key}": value.translate(_FORBIDDEN) for key, value in plain.items()}


def _scan(number: str, row: dict[str, Any]) -> Sighting | None:
    at = moment(text(row, "StatusDateTime")) or moment(text(row, "ScanDateTime"))
    if at is None:
        return None
    code = text(row, "StatusCode")
    meaning, reason = meaning_of(text(row, "ScanType"), text(row, "Scan"), code)
    return sighting(
        tracking_number=number, code=code or text(row, "Scan"), meaning=meaning, at=at, place=text(row, "ScannedLocation"), reason=reason
    )


def _pushed(said: Any) -> Sighting | None:
    at, number = moment(text(said, "Status", "StatusDateTime")), text(said, "AWB")
    if at is None or not number:
        return None
    code, status = text(said, "NSLCode"), text(said, "Status", "Status")
    meaning, reason = meaning_of(text(said, "Status", "StatusType"), status, code)
    return sighting(
        tracking_number=number, code=code or status, meaning=meaning, at=at, place=text(said, "Status", "StatusLocation"), reason=reason
    )


def _taken(one: Sighting, taken_by: str) -> Sighting:
    if one.meaning != DELIVERED or not taken_by:
        return one
    return sighting(
        tracking_number=one.tracking_number, code=one.code, meaning=one.meaning, at=one.at, place=one.place, taken_by=taken_by
    )
