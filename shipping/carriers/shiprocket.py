"""Shiprocket: one account, some twenty couriers.

Login by e-mail gives a token for days. A booking is four calls, and a repeat goes on from where the last try got to.
Its webhook has no signature: an unguessable address (its own name may not stand in it), a fixed `x-api-key`, and what it says of a
delivery is asked for again. Pages: apidocs.shiprocket.in.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from shipping.carriers import base
from shipping.carriers.base import Booking, CarrierInDoubt, CarrierRefused, Rate, Serviceability, Tracked
from shipping.carriers.moments import IST, day, moment
from shipping.carriers.shiprocket_codes import meaning_of
from shipping.carriers.wire import Unauthorised, Wire, kilograms, minor, part, rows, rupees, text
from shipping.sightings import ATTEMPTED, OTHER, sighting
from shipping.states import state_of

if TYPE_CHECKING:
    from shipping.addresses import Address
    from shipping.carriers.base import BookingRequest, PushPolicy, RateRequest
    from shipping.sightings import Sighting

BASE_URL = "https://apiv2.shiprocket.in"
FILES_FROM = ("shiprocket.in", "shiprocket.co", "s3.ap-south-1.amazonaws.com", "amazonaws.com")
TOKEN_S = 8 * 24 * 3600  # a token lasts ten days
BOX_CM = {"length": 20, "breadth": 15, "height": 10}
SCAN_TIMES = ("%Y-%m-%d %H:%M:%S", "%d %m %Y %H:%M:%S", "%d-%m-%Y %H:%M:%S")
_API = "/v1/external"
_tokens: dict[tuple[str, str], tuple[str, float]] = {}
_login = threading.Lock()


class Shiprocket:
    """The aggregator. One per thread, because its session is; the token is shared."""

    code = "shiprocket"
    name = "Shiprocket"
    services: tuple[str, ...] = ("standard", "express")
    can = frozenset(base.DOINGS)

    def __init__(
        self, *, email: str, password: str, base_url: str = BASE_URL, origin_pin: str = "", contact_email: str = "",
        push: PushPolicy | None = None, wire: Wire | None = None,
    ) -> None:
        self._account = (base_url, email)
        self._password = password
        self._origin_pin = origin_pin
        self._contact_email = contact_email
        self._wire = wire if wire is not None else Wire(base_url, files_from=FILES_FROM)
        self.push = push if push is not None else base.PushPolicy()

    def serviceable(self, *, pin: str, cod: bool, weight_g: int) -> Serviceability:
        """Whether any of its couriers goes there from where we pack."""
        found = self._couriers(self._origin_pin, pin, cod=cod, weight_g=weight_g, is_return=False)
        if found:
            return Serviceability(is_served=True, takes_cod=any(_takes_cod(row) for row in found))
        return Serviceability(is_served=False, takes_cod=False, why="no courier goes there")

    def rate(self, *, request: RateRequest) -> tuple[Rate, ...]:
        """Each courier's offer, cheapest first."""
        cod = bool(request.cod_amount_minor)
        found = self._couriers(
            request.origin_pin, request.destination_pin, cod=cod, weight_g=request.weight_g, is_return=request.is_pickup
        )
        offers = [
            Rate(
                service=text(row, "courier_name"), amount_minor=minor(row.get("rate")), currency="INR",
                days=_whole(text(row, "estimated_delivery_days")), takes_cod=_takes_cod(row),
            )
            for row in found
        ]
        if not offers:
            raise CarrierRefused("no courier goes there")
        return tuple(sorted(offers, key=lambda offer: (offer.amount_minor, offer.service)))

    def book(self, *, request: BookingRequest) -> Booking:
        """Order, number, label, pickup: on a repeat from where the last try got to."""
        order = self._find(request.parcel_reference) if request.is_repeat else {}
        shipment_id = text(order, "shipments", 0, "id")
        number = text(order, "shipments", 0, "awb")
        if not shipment_id:
            path = "create/return" if request.is_pickup else "create/adhoc"
            made = self._ask("POST", f"/orders/{path}", json=self._order(request))
            shipment_id, number = text(made, "shipment_id"), text(made, "awb_code")
            if not shipment_id:
                raise CarrierInDoubt("the order has no shipment")
        if not number:
            number = self._number(shipment_id, is_return=request.is_pickup)
        pdf = self._label(shipment_id)
        self._call_pickup(shipment_id)
        return Booking(
            tracking_number=number, label_pdf=pdf, service=request.service,
            estimated_delivery=day(text(order, "etd_date"), "%Y-%m-%d", *SCAN_TIMES),
        )

    def find(self, *, reference: str) -> str:
        """The number of the order we called so."""
        return text(self._find(reference), "shipments", 0, "awb")

    def label(self, *, tracking_number: str) -> bytes:
        """The label again."""
        shipment_id = text(self._record(tracking_number), "shipment_track", 0, "shipment_id")
        if not shipment_id:
            raise CarrierRefused("no such shipment")
        return self._label(shipment_id)

    def cancel(self, *, tracking_number: str) -> None:
        """Cancel by number; one that is cancelled already is refused with these words, and that is fine."""
        try:
            self._ask("POST", "/orders/cancel/shipment/awbs", json={"awbs": [tracking_number]})
        except CarrierRefused as error:
            if "already" not in str(error).casefold():
                raise

    def bring_back(self, *, tracking_number: str) -> None:
        """Answer the delivery trouble with "return"."""
        self._ask("POST", f"/ndr/{tracking_number}/action", json={"action": "return", "comments": "Called back by the shop"})

    def track(self, *, tracking_number: str) -> Tracked:
        """All activities; the API lists them newest first, which does not matter."""
        record = self._record(tracking_number)
        seen = [_seen(tracking_number, row) for row in rows(record, "shipment_track_activities")]
        return Tracked(
            sightings=tuple(one for one in seen if one is not None),
            estimated_delivery=day(text(record, "etd"), *SCAN_TIMES) or day(text(record, "shipment_track", 0, "edd"), *SCAN_TIMES),
        )

    def read_push(self, *, body: bytes) -> tuple[Sighting, ...]:
        """Each scan of the webhook, and its head line when that says more than the last scan."""
        try:
            said: Any = json.loads(body)
        except (ValueError, RecursionError):
            return ()
        number = text(said, "awb")
        if not number:
            return ()
        head = {
            "date": text(said, "current_timestamp"), "sr-status": text(said, "shipment_status_id"),
            "sr-status-label": text(said, "shipment_status") or text(said, "current_status"),
        }
        seen = [_seen(number, row) for row in [*rows(said, "scans"), head]]
        return tuple({one.key: one for one in seen if one is not None}.values())

    def _couriers(self, origin: str, pin: str, *, cod: bool, weight_g: int, is_return: bool) -> list[dict[str, Any]]:
        asked = {
            "pickup_postcode": origin, "delivery_postcode": pin, "cod": int(cod), "weight": kilograms(weight_g),
            "is_return": int(is_return),
        }
        try:
            found = self._ask("GET", "/courier/serviceability/", params=asked)
        except CarrierRefused:
            return []
        return rows(found, "data", "available_courier_companies")

    def _find(self, reference: str) -> dict[str, Any]:
        """The order of our reference, with its shipment; empty when there is none."""
        found = rows(self._ask("GET", "/orders", params={"search": reference, "per_page": 20}), "data")
        return next((order for order in found if text(order, "channel_order_id") == reference), {})

    def _number(self, shipment_id: str, *, is_return: bool) -> str:
        wish = {"shipment_id": shipment_id, **({"is_return": 1} if is_return else {})}
        answer = self._ask("POST", "/courier/assign/awb", json=wish)
        number = text(answer, "response", "data", "awb_code")
        if not number:
            raise CarrierRefused(text(answer, "response", "data", "awb_assign_error") or text(answer, "message") or "no number")
        return number

    def _label(self, shipment_id: str) -> bytes:
        answer = self._ask("POST", "/courier/generate/label", json={"shipment_id": [shipment_id]})
        url = text(answer, "label_url")
        if not url:
            raise CarrierInDoubt("no label yet")
        return self._wire.fetch_pdf(url)

    def _call_pickup(self, shipment_id: str) -> None:
        """Have it collected; a pickup that is planned already is refused, and that is fine."""
        try:
            self._ask("POST", "/courier/generate/pickup", json={"shipment_id": [shipment_id]})
        except CarrierRefused:
            return

    def _record(self, tracking_number: str) -> dict[str, Any]:
        said = self._ask("GET", f"/courier/track/awb/{tracking_number}")
        found = part(said, "tracking_data") or part(said, 0, "tracking_data") or part(said, tracking_number, "tracking_data")
        if not isinstance(found, dict) or not rows(found, "shipment_track"):
            raise CarrierRefused(text(found, "error") or "no such shipment")
        return found

    def _ask(self, method: str, path: str, **words: Any) -> Any:
        """Ask with the token; one that is not taken any more is fetched anew, once."""
        token = self._token()
        try:
            return self._wire.ask(method, f"{_API}{path}", headers={"Authorization": f"Bearer {token}"}, **words)
        except Unauthorised:
            _tokens.pop(self._account, None)
        return self._wire.ask(method, f"{_API}{path}", headers={"Authorization": f"Bearer {self._token()}"}, **words)

    def _token(self) -> str:
        with _login:
            token, until = _tokens.get(self._account, ("", 0.0))
            if time.monotonic() < until:
                return token
            wish = {"email": self._account[1], "password": self._password}
            try:
                token = text(self._wire.ask("POST", f"{_API}/auth/login", json=wish), "token")
            except CarrierRefused as error:
                raise base.CarrierMisconfigured("the login was refused") from error
            if not token:
                raise base.CarrierMisconfigured("the login gave no token")
            _tokens[self._account] = (token, time.monotonic() + TOKEN_S)
            return token

    def _order(self, request: BookingRequest) -> dict[str, Any]:
        worth = rupees(request.cod_amount_minor or max(request.value_minor, 100))
        units = sum(quantity for _, _, quantity in request.items) or 1
        order = {
            "order_id": request.parcel_reference,
            "order_date": (request.now.astimezone(IST)).strftime("%Y-%m-%d %H:%M"),
            "order_items": [
                {"name": name, "sku": sku, "units": quantity, "selling_price": round(worth / units, 2)}
                for sku, name, quantity in request.items
            ],
            "payment_method": "COD" if request.cod_amount_minor else "Prepaid",
            "sub_total": worth, "weight": kilograms(request.weight_g), **BOX_CM,
        }
        if request.is_pickup:
            return {**order, **_ends("pickup", request.origin), **_ends("shipping", request.destination)}
        return {
            **order, "pickup_location": request.warehouse_code, "billing_email": self._contact_email, "shipping_is_billing": True,
            **_ends("billing", request.destination),
        }


def _ends(prefix: str, there: Address) -> dict[str, str]:
    state = state_of(there.state)
    return {
        f"{prefix}_customer_name": there.name, f"{prefix}_last_name": "", f"{prefix}_address": there.line1,
        f"{prefix}_address_2": there.line2, f"{prefix}_city": there.city, f"{prefix}_pincode": there.postal_code,
        f"{prefix}_state": state.name if state else there.state, f"{prefix}_country": "India",
        f"{prefix}_phone": there.phone.removeprefix("+91"),
    }


def _seen(number: str, row: dict[str, Any]) -> Sighting | None:
    at = moment(text(row, "date"), *SCAN_TIMES)
    if at is None:
        return None
    status_id, label = text(row, "sr-status"), text(row, "sr-status-label") or text(row, "status")
    if status_id == "NA":
        status_id = ""
    meaning = meaning_of(status_id, label)
    return sighting(
        tracking_number=number, code=status_id or text(row, "status") or label, meaning=meaning, at=at, place=text(row, "location"),
        reason=OTHER if meaning == ATTEMPTED else "",
    )


def _takes_cod(row: dict[str, Any]) -> bool:
    return text(row, "cod") == "1"


def _whole(words: str) -> int | None:
    return int(words) if words.isascii() and words.isdigit() else None


