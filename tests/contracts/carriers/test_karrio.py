"""karrio: our mapping with a gateway in memory, and, where the extra is installed, the library itself against a stub (`make test-karrio`)."""

from __future__ import annotations

import base64
import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shipping import carriers
from shipping.carriers.base import CarrierInDoubt, CarrierMisconfigured, CarrierRefused, CarrierUntouched
from shipping.carriers.karrio_extra import WEB, Karrio
from tests.contracts.carriers import drivers
from tests.contracts.carriers.drivers import FakeTalk, request
from tests.contracts.carriers.stub import Stub

is_there = importlib.util.find_spec("karrio") is not None
with_karrio = pytest.mark.skipif(not is_there, reason="needs the extra: make test-karrio")
GIF = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")  # one dot: UPS labels are pictures
NUMBER = "1ZXXXXXXXXXXXXXXXX"


@pytest.fixture
def talk() -> FakeTalk:
    return FakeTalk(Stub())


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (TimeoutError("slow"), CarrierInDoubt), (ConnectionResetError("cut"), CarrierInDoubt), (ConnectionRefusedError("no"), CarrierUntouched),
        ([], CarrierInDoubt), ([{"code": "429", "message": "slow down"}], CarrierUntouched), ([{"code": "503", "message": "x"}], CarrierInDoubt),
        ([{"code": "SHIPPING_SDK_INTERNAL_ERROR", "message": "timed out"}], CarrierInDoubt),
        ([{"code": "SHIPPING_SDK_INTERNAL_ERROR", "message": "[Errno 111] Connection refused"}], CarrierUntouched),
        ([{"code": "401", "message": "x"}], CarrierMisconfigured), ([{"code": "120100", "message": "Missing postal code"}], CarrierRefused),
    ],
)
def test_every_trouble_is_one_of_our_refusals(talk: FakeTalk, fault: Any, error: type[Exception]) -> None:
    talk.fails.append(fault)
    with pytest.raises(error):
        Karrio("ups", {}, talk=talk).book(request=request())
    assert talk.stub.parcels == []


def test_it_collects_no_cash_and_keeps_to_its_services(talk: FakeTalk) -> None:
    adapter = Karrio("ups", {"services": {"express": "ups_saver"}}, talk=talk)
    with pytest.raises(CarrierRefused):
        adapter.book(request=request(cod_amount_minor=1))
    adapter.book(request=request(service="express"))
    assert talk.stub.parcels[0].wish["service"] == "ups_saver"


def test_a_label_that_is_a_picture_is_none_and_the_booking_stands(talk: FakeTalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "ship", lambda _: ({"tracking_number": NUMBER, "label": base64.b64encode(b"GIF89a").decode()}, []))
    booking = Karrio("ups", {}, talk=talk).book(request=request())
    assert (booking.tracking_number, booking.label_pdf) == (NUMBER, b"")


def test_ups_hides_the_last_mile_behind_one_word_and_its_codes_tell(talk: FakeTalk, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [
        {"code": "OT", "status": "in_transit", "timestamp": "", "date": "2026-11-27", "time": "09:15 AM", "location": "Reno, NV"},
        {"code": "??", "status": None, "timestamp": "", "date": "soon", "time": "", "location": None},
    ]
    monkeypatch.setattr(talk, "track", lambda _: ([{"events": events, "estimated_delivery": None}], []))
    seen = Karrio("ups", {}, talk=talk).track(tracking_number=NUMBER).sightings
    assert [(one.meaning, one.at) for one in seen] == [("out_for_delivery", datetime(2026, 11, 27, 9, 15, tzinfo=UTC))]


def test_a_web_process_never_imports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, WEB, sys)
    with pytest.raises(CarrierMisconfigured, match="worker"):
        Karrio("ups", {}).track(tracking_number=NUMBER)


def test_the_web_process_is_free_of_it_with_the_carrier_offered() -> None:
    """Imported lazily: neither the start nor a request brings it in."""
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; import config.wsgi; from django.urls import get_resolver;"
        " get_resolver().url_patterns; from shipping import carriers; assert 'karrio_ups' in carriers.codes();"
        " sys.exit('karrio' in sys.modules)"
    )
    import os

    environment = {**os.environ, "KARRIO_GATEWAYS": '{"ups": {}}'}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"ups": 7}'])
def test_settings_that_are_no_json_offer_nothing(settings: Any, text: str) -> None:
    settings.CARRIERS = {**settings.CARRIERS, "KARRIO_GATEWAYS": text}
    assert carriers.codes() == ("own_fleet",)


def test_its_carriers_are_found_by_the_name_people_write(settings: Any) -> None:
    settings.CARRIERS = {**settings.CARRIERS, "KARRIO_GATEWAYS": json.dumps({"ups": {}, "dhl_express": {}})}
    assert {one.code for one in carriers.connected()} == {"own_fleet", "karrio_ups", "karrio_dhl_express"}
    found = carriers.named("DHL-Express")
    assert found is not None
    assert found.code == "karrio_dhl_express"


# --- The library itself -----------------------------------------------------------------------------------------------


@pytest.fixture
def ups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Karrio]:
    """The genuine library, its UPS pointed at a stub of UPS's own API."""
    label = base64.b64encode(GIF).decode()
    activity = {"location": {"address": {"city": "RENO", "countryCode": "US"}}, "status": {"type": "I", "code": "OT", "description": "Out For Delivery"}, "date": "20261127", "time": "091500"}
    package = {"TrackingNumber": NUMBER, "ShippingLabel": {"ImageFormat": {"Code": "GIF"}, "GraphicImage": label}}
    answers: dict[str, Any] = {
        "/security/v1/oauth/token": {"access_token": "t", "expires_in": "14399", "issued_at": "1790000000000", "status": "approved"},
        "/api/shipments/": {"ShipmentResponse": {"ShipmentResults": {"ShipmentIdentificationNumber": NUMBER, "PackageResults": [package]}}},
        "/api/track/": {"trackResponse": {"shipment": [{"package": [{"trackingNumber": NUMBER, "activity": [activity]}]}]}},
    }

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = next((answer for path, answer in answers.items() if self.path.startswith(path)), None)
            body = json.dumps(found or {"response": {"errors": [{"code": "404", "message": "no"}]}}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 the server's own names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    adapter = Karrio("ups", {"client_id": "x", "client_secret": "y", "account_number": "A1", "test_mode": True, "services": {"standard": "ups_standard"}})
    talk: Any = adapter._sdk()
    monkeypatch.setattr(type(talk._gateway.settings), "server_url", property(lambda _: f"http://127.0.0.1:{server.server_address[1]}"))
    yield adapter
    server.shutdown()
    server.server_close()


@with_karrio
@pytest.mark.filterwarnings("ignore")
def test_the_library_books_and_tracks(ups: Karrio) -> None:
    booking = ups.book(request=request())
    assert (booking.tracking_number, booking.label_pdf[:5]) == (NUMBER, b"%PDF-")
    seen = ups.track(tracking_number=NUMBER).sightings
    assert [(one.code, one.meaning) for one in seen] == [("OT", "out_for_delivery")]


@with_karrio
@pytest.mark.filterwarnings("ignore")
def test_the_library_without_a_server_is_busy_or_in_doubt(ups: Karrio, monkeypatch: pytest.MonkeyPatch) -> None:
    talk: Any = ups._sdk()
    monkeypatch.setattr(type(talk._gateway.settings), "server_url", property(lambda _: "http://127.0.0.1:9"))
    with pytest.raises(CarrierUntouched):
        ups.book(request=request())


@with_karrio
@pytest.mark.filterwarnings("ignore")
def test_the_library_knows_no_such_carrier() -> None:
    with pytest.raises(CarrierMisconfigured):
        Karrio("pigeon_post", {}).track(tracking_number="1")


def test_the_driver_is_the_fake() -> None:
    assert isinstance(drivers.karrio(Stub()).adapter, Karrio)
