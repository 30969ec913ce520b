"""One local server that speaks each carrier's documented protocol: login, errors, 429, 5xx, answers that are cut.

It believes nobody: what was booked it counts by our reference, so a parcel that is booked twice is seen.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

IST = timezone(timedelta(hours=5, minutes=30))
UNSERVED = "194101"
PDF = b"%PDF-1.7\n% a label of the stub\n"
Answer = tuple[int, Any]

SHIPROCKET = {
    "announced": ("3", "PICKUP SCHEDULED"), "picked_up": ("42", "PICKED UP"), "in_transit": ("18", "IN TRANSIT"),
    "out_for_delivery": ("17", "OUT FOR DELIVERY"), "attempted": ("21", "UNDELIVERED"), "delivered": ("7", "DELIVERED"),
    "returning": ("9", "RTO INITIATED"), "back": ("10", "RTO DELIVERED"), "lost": ("12", "LOST"), "": ("999", "TELEPORTED"),
}
DELHIVERY = {
    "announced": ("UD", "Manifested", "X-UCI"), "picked_up": ("UD", "Picked Up", "X-PPOM"), "in_transit": ("UD", "In Transit", "X-PIOM"),
    "out_for_delivery": ("UD", "Dispatched", "X-DDD3FD"), "attempted": ("UD", "Pending", "EOD-11"), "delivered": ("DL", "Delivered", "EOD-38"),
    "returning": ("RT", "In Transit", "X-ILL1F"), "back": ("DL", "RTO", "RD-AC"), "lost": ("LT", "Lost", "LT-100"),
    "": ("ZZ", "Teleported", "ZZ-1"),
}
BLUEDART = {
    "announced": ("501", "S", "PU"), "picked_up": ("015", "S", "UD"), "in_transit": ("001", "S", "UD"), "out_for_delivery": ("002", "S", "UD"),
    "attempted": ("013", "T", "UD"), "delivered": ("000", "T", "DL"), "returning": ("016", "T", "RT"), "back": ("188", "T", "RT"),
    "lost": ("021", "T", "UD"), "": ("987", "S", "UD"),
}


@dataclass
class Held:
    """A parcel as the carrier has it."""

    number: str
    reference: str
    id: int
    wish: dict[str, Any] = field(default_factory=dict)
    scans: list[tuple[str, datetime]] = field(default_factory=list)
    is_cancelled: bool = False
    is_returning: bool = False


@dataclass
class Fault:
    """Something that goes wrong once, at an address that ends or begins so: before the deed is done, or after."""

    path: str
    kind: str  # "429", "500", "401", "garbage"; "drop" before the deed, "cut" after it


class Stub:
    """The carriers' side of the wire."""

    def __init__(self) -> None:
        self.url = ""
        self.parcels: list[Held] = []
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.tokens: set[str] = set()
        self.passwords = {"shop@example.in": "let me in"}
        self._ids = itertools.count(1000)
        self._lock = threading.Lock()

    def hold(self, reference: str, wish: dict[str, Any], *, number: str = "") -> Held:
        identity = next(self._ids)
        held = Held(number=number, reference=reference, id=identity, wish=wish)
        self.parcels.append(held)
        return held

    def of(self, number: str) -> Held | None:
        return next((one for one in self.parcels if one.number and one.number == number), None)

    def fault(self, path: str, kind: str) -> None:
        self.faults.append(Fault(path, kind))

    def taken(self, path: str) -> str:
        """The fault that is due here, taken off the list."""
        for one in list(self.faults):
            if one.path in path:
                self.faults.remove(one)
                return one.kind
        return ""

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes] | None:
        """The answer, or None for one that never arrives."""
        parts = urlsplit(target)
        with self._lock:
            self.calls.append(f"{method} {parts.path}")
            fault = self.taken(parts.path)
            if fault == "drop":
                return None
            if fault in ("429", "500", "401", "503"):
                return int(fault), b'{"message": "not now"}'
            if fault == "garbage":
                return 200, b"<html>maintenance</html>"
            status, said = self.route(method, parts.path, dict(parse_qs(parts.query)), headers, body)
            if fault == "cut":
                return None
        return status, said if isinstance(said, bytes) else json.dumps(said).encode()

    def route(self, method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], body: bytes) -> Answer:
        if path.startswith("/files/"):
            return 200, PDF
        for prefix, speak in (("/shiprocket", self.shiprocket), ("/delhivery", self.delhivery), ("/bluedart", self.bluedart)):
            if path.startswith(prefix):
                return speak(method, path.removeprefix(prefix), {key: values[0] for key, values in query.items()}, headers, body)
        return 404, {"message": "not found"}

    # --- Shiprocket -------------------------------------------------------------------------------------------------

    def shiprocket(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:  # noqa: C901, PLR0911, PLR0912 a table of addresses
        said = json.loads(body or b"{}")
        path = path.removeprefix("/v1/external")
        if path == "/auth/login":
            if self.passwords.get(said.get("email", "")) != said.get("password"):
                return 403, {"message": "Invalid email and password combination"}
            token = f"token-{next(self._ids)}"
            self.tokens.add(token)
            return 200, {"token": token, "email": said["email"]}
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"message": "Unauthenticated."}
        if path in ("/orders/create/adhoc", "/orders/create/return"):
            return self._rocket_order(said, is_return=path.endswith("return"))
        if path == "/orders" and method == "GET":
            found = [one for one in self.parcels if query.get("search", "") in one.reference]
            return 200, {"data": [_rocket_row(one) for one in found]}
        if path == "/courier/assign/awb":
            return self._rocket_number(said)
        if path == "/courier/generate/label":
            return 200, {"label_created": 1, "label_url": f"{self.url}/files/label-{said['shipment_id'][0]}.pdf"}
        if path == "/courier/generate/pickup":
            return 200, {"pickup_status": 1}
        if path == "/orders/cancel/shipment/awbs":
            return self._rocket_cancel(said["awbs"])
        if path.startswith("/ndr/"):
            found_one = self.of(path.split("/")[2])
            if found_one is None or said.get("action") != "return":
                return 400, {"message": "Invalid AWB"}
            found_one.is_returning = True
            return 200, {"message": "success"}
        if path.startswith("/courier/track/awb/"):
            return 200, _rocket_track(self.of(path.rpartition("/")[2]))
        if path == "/courier/serviceability/":
            return 200, _rocket_couriers(query)
        return 404, {"message": "not found"}

    def _rocket_order(self, said: dict[str, Any], *, is_return: bool) -> Answer:
        for needed in ("order_id", "order_items", "payment_method", "sub_total", "weight", "length"):
            if needed not in said:
                return 422, {"message": f"{needed} is required", "status_code": 422}
        pin = said.get("shipping_pincode") if is_return else said.get("billing_pincode")
        if pin == UNSERVED:
            return 422, {"message": "Pincode is not serviceable", "status_code": 422}
        held = self.hold(said["order_id"], said)
        return 200, {"order_id": held.id + 500_000, "shipment_id": held.id, "status": "NEW", "status_code": 1, "awb_code": ""}

    def _rocket_number(self, said: dict[str, Any]) -> Answer:
        held = next((one for one in self.parcels if str(one.id) == str(said["shipment_id"])), None)
        if held is None or held.number:
            return 400, {"message": "AWB is already assigned or shipment is unknown"}
        held.number = f"14{held.id:011d}"
        return 200, {"awb_assign_status": 1, "response": {"data": {"awb_code": held.number, "courier_name": "Xpressbees"}}}

    def _rocket_cancel(self, numbers: list[str]) -> Answer:
        held = self.of(numbers[0])
        if held is None:
            return 400, {"message": "Invalid AWB"}
        if held.is_cancelled:
            return 400, {"message": "Shipment is already cancelled"}
        held.is_cancelled = True
        return 200, {"message": "Bulk Shipment cancellation is in progress"}

    # --- Delhivery --------------------------------------------------------------------------------------------------

    def delhivery(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:  # noqa: PLR0911 a table of addresses
        if headers.get("authorization") != "Token dlv-token":
            return 401, {"detail": "Authentication credentials were not provided."}
        if path == "/api/cmu/create.json" and method == "POST":
            form = parse_qs(body.decode())
            if form.get("format") != ["json"]:
                return 200, {"success": False, "rmk": "format key missing in POST", "packages": []}
            return self._delhivery_create(json.loads(form["data"][0]))
        if path == "/api/v1/packages/json/":
            found = self.of(query.get("waybill", "")) or next((one for one in self.parcels if one.reference == query.get("ref_ids")), None)
            return 200, {"ShipmentData": [{"Shipment": _delhivery_record(found)}]} if found else {"Error": "No such waybill or Order Id found"}
        if path == "/api/p/packing_slip":
            held = self.of(query["wbns"])
            return 200, {"packages_found": 1, "packages": [{"pdf_download_link": f"{self.url}/files/{held.number}.pdf"}]} if held else {"packages": []}
        if path == "/api/p/edit":
            return self._delhivery_edit(json.loads(body))
        if path == "/c/api/pin-codes/json/":
            pin = query["filter_codes"]
            row = {"pin": pin, "pre_paid": "Y", "cod": "N" if pin.startswith("79") else "Y", "pickup": "Y", "remarks": ""}
            return 200, {"delivery_codes": [] if pin == UNSERVED else [{"postal_code": row}]}
        if path == "/api/kinko/v1/invoice/charges/.json":
            return 200, [{"total_amount": 91.36 if query["md"] == "S" else 140.5, "zone": "C"}]
        return 404, {"detail": "not found"}

    def _delhivery_create(self, said: dict[str, Any]) -> Answer:
        wish = said["shipments"][0]
        if wish["pin"] == UNSERVED:
            return 200, {"success": False, "packages": [{"status": "Fail", "waybill": "", "refnum": wish["order"], "remarks": ["Pincode not serviceable"]}]}
        if any(one.reference == wish["order"] for one in self.parcels):
            return 200, {"success": False, "packages": [{"status": "Fail", "waybill": "", "remarks": [f"Duplicate order id {wish['order']}"]}]}
        held = self.hold(wish["order"], {**wish, "pickup_location": said["pickup_location"]["name"]})
        held.number = f"59{held.id:010d}"
        return 200, {"success": True, "packages": [{"status": "Success", "waybill": held.number, "refnum": wish["order"], "remarks": [""]}]}

    def _delhivery_edit(self, said: dict[str, Any]) -> Answer:
        held = self.of(said["waybill"])
        if held is None or said.get("cancellation") != "true":
            return 200, {"status": False, "remark": "Waybill not found"}
        if held.scans:
            held.is_returning = True
        else:
            held.is_cancelled = True
        return 200, {"status": True, "waybill": held.number, "remark": "Shipment has been cancelled."}

    # --- Blue Dart --------------------------------------------------------------------------------------------------

    def bluedart(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
        del method, body
        if path == "/token/v1/login":
            if headers.get("clientsecret") != "bd-secret":
                return 401, {"title": "Unauthorized"}
            self.tokens.add("bd-jwt")
            return 200, {"JWTToken": "bd-jwt"}
        if headers.get("jwttoken") not in self.tokens:
            return 401, {"title": "Unauthorized"}
        held = self.of(query.get("numbers", ""))
        return 200, {"ShipmentData": {"Shipment": [bluedart_record(held)] if held else []}}


def _rocket_row(one: Held) -> dict[str, Any]:
    shipment = {"id": one.id, "awb": one.number, "courier": "Xpressbees"}
    return {"id": one.id + 500_000, "channel_order_id": one.reference, "status": "NEW", "shipments": [shipment]}


def _rocket_scan(one: tuple[str, datetime]) -> dict[str, str]:
    status_id, label = SHIPROCKET[one[0]]
    at = one[1].astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")
    return {"date": at, "status": f"X-{status_id}", "activity": label.title(), "location": "Palwal", "sr-status": status_id, "sr-status-label": label}


def _rocket_track(held: Held | None) -> dict[str, Any]:
    if held is None:
        return {"tracking_data": {"track_status": 0, "shipment_track": [], "shipment_track_activities": None, "error": "Aahh! There is no activities found."}}
    activities = [_rocket_scan(one) for one in sorted(held.scans, key=lambda scan: scan[1], reverse=True)]
    head = {"awb_code": held.number, "shipment_id": held.id, "edd": "2026-12-02 23:23:18"}
    return {"tracking_data": {"track_status": 1, "shipment_status": 42, "shipment_track": [head], "shipment_track_activities": activities, "etd": "2026-12-02 10:19:35"}}


def _rocket_couriers(query: dict[str, str]) -> dict[str, Any]:
    if query["delivery_postcode"] == UNSERVED:
        return {"status": 404, "message": "No courier serviceable"}
    offers = [
        {"courier_name": "Xpressbees Surface", "rate": 97.5, "cod": 1, "estimated_delivery_days": "4"},
        {"courier_name": "Amazon Surface 1kg", "rate": 83.42, "cod": 0, "estimated_delivery_days": "6"},
    ]
    wanted = [one for one in offers if query["cod"] == "0" or one["cod"] == 1]
    return {"status": 200, "data": {"available_courier_companies": wanted}}


def rocket_push(held: Held) -> dict[str, Any]:
    """The webhook: scans ascend, and two systems of status ids stand side by side."""
    scans = [_rocket_scan(one) for one in sorted(held.scans, key=lambda scan: scan[1])]
    word, at = max(held.scans, key=lambda scan: scan[1])
    status_id, label = SHIPROCKET[word]
    return {
        "awb": held.number, "courier_name": "Xpressbees", "current_status": label, "current_status_id": 15, "shipment_status": label,
        "shipment_status_id": int(status_id), "current_timestamp": at.astimezone(IST).strftime("%d %m %Y %H:%M:%S"),
        "order_id": held.reference, "sr_order_id": held.id, "etd": "2026-12-02 10:19:35", "scans": scans, "is_return": 0, "channel_id": 1,
    }


def _delhivery_record(held: Held) -> dict[str, Any]:
    scans = []
    for word, at in held.scans:
        kind, status, code = DELHIVERY[word]
        local = at.astimezone(IST).strftime("%Y-%m-%dT%H:%M:%S.767")
        scans.append({"ScanDetail": {"ScanDateTime": local, "StatusDateTime": local, "ScanType": kind, "Scan": status, "StatusCode": code, "ScannedLocation": "Pune_Hub (Maharashtra)", "Instructions": ""}})
    return {"AWB": held.number, "ReferenceNo": held.reference, "ExpectedDeliveryDate": "2026-12-02T23:59:59", "Status": {"RecievedBy": "Priya"}, "Scans": scans}


def delhivery_push(held: Held) -> list[dict[str, Any]]:
    """One push a status; some senders bundle them."""
    pushes = []
    for word, at in held.scans:
        kind, status, code = DELHIVERY[word]
        local = at.astimezone(IST).strftime("%Y-%m-%dT%H:%M:%S.767")
        said = {"Status": status, "StatusDateTime": local, "StatusType": kind, "StatusLocation": "Pune_Hub (Maharashtra)", "Instructions": "x"}
        pushes.append({"Shipment": {"Status": said, "PickUpDate": local, "NSLCode": code, "Sortcode": "PNQ/HDP", "ReferenceNo": held.reference, "AWB": held.number}})
    return pushes


def bluedart_record(held: Held) -> dict[str, Any]:
    """A shipment as both its tracking and its push write it."""
    details = []
    for word, at in held.scans:
        code, group, kind = BLUEDART[word]
        local = at.astimezone(IST)
        details.append({"ScanCode": code, "ScanGroupType": group, "ScanType": kind, "Scan": word, "ScanDate": local.strftime("%d-%b-%Y"), "ScanTime": local.strftime("%H:%M"), "ScannedLocation": "PUNE HUB"})
    return {"WaybillNo": held.number, "RefNo": held.reference, "Scans": {"ScanDetail": details, "DeliveryDetails": {"ReceivedBy": "Priya"}}}


@contextlib.contextmanager
def serving() -> Iterator[Stub]:
    """The stub on a port of its own while the block runs."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = stub.answer(self.command, self.path, headers, body)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(answer[1])))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer[1])

        do_GET = do_POST = _serve  # noqa: N815 the server's own names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()


Push = Callable[[Held], Any]
