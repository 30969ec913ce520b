"""What carriers write, in shapes their documents show and in those they send all the same (PROTOCOLS 3.2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shipping import carriers
from shipping.carriers import bluedart_codes, delhivery_codes, shiprocket_codes
from shipping.carriers.base import CarrierInDoubt, CarrierMisconfigured, PushPolicy
from shipping.carriers.bluedart import BlueDart
from shipping.carriers.delhivery import Delhivery
from shipping.carriers.moments import day, moment
from shipping.carriers.shiprocket import Shiprocket
from shipping.carriers.wire import Wire, minor, words_in
from shipping.sightings import MEANINGS, REASONS

ROCKET = Shiprocket(email="a@example.in", password="x", base_url="http://127.0.0.1:9")
DELHIVERY = Delhivery(token="x", base_url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("status_id", "label", "meaning"),
    [
        ("9", "RTO INITIATED", "returning"), ("", "rto_initiated", "returning"), ("15", "PICKUP RESCHEDULED", "announced"),
        ("17", "", "out_for_delivery"), ("21", "", "attempted"), ("38", "", "in_transit"), ("42", "", "picked_up"), ("10", "", "back"),
        ("", "OUT FOR DELIVERY", "out_for_delivery"), ("", "X-PPOM", ""), ("4711", "DELIVERED", ""), ("²", "DELIVERED", "delivered"),
    ],
)
def test_shiprocket_is_read_by_the_shipments_id_and_else_by_its_label(status_id: str, label: str, meaning: str) -> None:
    assert shiprocket_codes.meaning_of(status_id, label) == meaning


def test_shiprocket_with_na_for_an_id_and_a_list_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = {"date": "2021-12-23 14:23:18", "status": "X-PPOM", "activity": "picked up", "location": "Palwal", "sr-status": "NA", "sr-status-label": "NA"}
    seen = ROCKET.read_push(body=json.dumps({"awb": 10911888, "scans": [scan]}).encode())
    assert [(one.code, one.meaning, one.tracking_number) for one in seen] == [("X-PPOM", "", "10911888")]
    record = {"shipment_track": [{"shipment_id": 1, "edd": "2021-12-27 23:23:18"}], "shipment_track_activities": [{**scan, "sr-status": "42"}], "etd": ""}
    monkeypatch.setattr(ROCKET, "_ask", lambda *_, **__: [{"tracking_data": record}])
    tracked = ROCKET.track(tracking_number="10911888")
    assert tracked.sightings[0].at == datetime(2021, 12, 23, 8, 53, 18, tzinfo=UTC), "Indian time"
    assert str(tracked.estimated_delivery) == "2021-12-27"


def test_a_head_line_that_says_more_than_the_scans_is_read_too() -> None:
    said = {"awb": "1", "shipment_status": "OUT FOR DELIVERY", "shipment_status_id": 17, "current_status_id": 6, "current_timestamp": "28 11 2026 09:30:00", "scans": []}
    assert [(one.meaning, one.at) for one in ROCKET.read_push(body=json.dumps(said).encode())] == [
        ("out_for_delivery", datetime(2026, 11, 28, 4, 0, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    ("kind", "status", "code", "expected"),
    [
        ("UD", "Manifested", "X-UCI", ("announced", "")), ("UD", "In Transit", "X-PPOM", ("in_transit", "")),
        ("RT", "In Transit", "X-ILL1F", ("returning", "")), ("UD", "Dispatched", "X-DDD3FD", ("out_for_delivery", "")),
        ("UD", "Pending", "EOD-74", ("attempted", "address")), ("UD", "Pending", "EOD-6", ("attempted", "refused")),
        ("UD", "Pending", "X-IBD3F", ("in_transit", "")), ("DL", "Delivered", "EOD-38", ("delivered", "")), ("DL", "RTO", "RT-110", ("back", "")),
        ("DL", "DTO", "", ("delivered", "")), ("DL", "Delivered", "B2BPOD-1", ("remark", "")), ("UD", "Pending", "CP-101", ("remark", "")),
        ("UD", "Not Picked", "FMEOD-152", ("announced", "")), ("PU", "In Transit", "", ("in_transit", "")), ("DL", "Elsewhere", "EOD-36", ("delivered", "")),
        ("XX", "In Transit", "", ("", "")), ("", "", "", ("", "")),
    ],
)
def test_delhivery_is_read_by_its_type_first(kind: str, status: str, code: str, expected: tuple[str, str]) -> None:
    assert delhivery_codes.meaning_of(kind, status, code) == expected


def test_delhivery_pushes_one_or_many_in_local_time_without_a_zone() -> None:
    status = {"Status": "Manifested", "StatusDateTime": "2019-01-09T17:10:42.767", "StatusType": "UD", "StatusLocation": "Chandigarh (Chandigarh)"}
    one = {"Shipment": {"Status": status, "NSLCode": "X-UCI", "ReferenceNo": "28", "AWB": "59001"}}
    for body in (one, [one], [one, {"Shipment": None}, 7]):
        seen = DELHIVERY.read_push(body=json.dumps(body).encode())
        assert [(found.meaning, found.at) for found in seen] == [("announced", datetime(2019, 1, 9, 11, 40, 42, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("number", "group", "kind", "meaning"),
    [
        ("002", "S", "UD", "out_for_delivery"), ("002", "T", "UD", "in_transit"), ("2", "S", "UD", "out_for_delivery"), ("000", "T", "DL", "delivered"),
        ("000", "T", "RD", "back"), ("003", "S", "RT", "returning"), ("011", "T", "UD", "attempted"), ("188", "T", "RT", "back"), ("021", "T", "UD", "lost"),
        ("129", "T", "UD", "damaged"), ("501", "S", "PU", "announced"), ("555", "S", "UD", ""), ("000", "S", "UD", ""),
    ],
)
def test_bluedart_is_read_by_the_triple(number: str, group: str, kind: str, meaning: str) -> None:
    """The same number means different things by its group."""
    assert bluedart_codes.meaning_of(number, group, kind)[0] == meaning


def test_bluedart_with_one_scan_that_is_no_list() -> None:
    scan = {"ScanCode": "000", "ScanGroupType": "T", "ScanType": "DL", "ScanDate": "27-Nov-2025", "ScanTime": "1820", "ScannedLocation": "PUNE"}
    shipment = {"WaybillNo": 768, "Scans": {"ScanDetail": scan, "DeliveryDetails": {"ReceivedBy": "Priya"}}}
    seen = BlueDart().read_push(body=json.dumps({"statustracking": [{"Shipment": shipment}]}).encode())
    assert [(one.code, one.meaning, one.taken_by, one.at) for one in seen] == [("000-T-DL", "delivered", "Priya", datetime(2025, 11, 27, 12, 50, tzinfo=UTC))]


def test_every_table_uses_our_words() -> None:
    used: set[str] = {*shiprocket_codes.IDS.values(), *shiprocket_codes.LABELS.values(), *delhivery_codes.PAIRS.values(), *delhivery_codes.CODES.values()}
    used |= {meaning for meaning, _ in bluedart_codes._TRIPLES.values()}
    assert used <= set(MEANINGS)
    assert set(delhivery_codes.ATTEMPTS.values()) <= set(REASONS)


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01 00:00:00", "2500-01-01T00:00:00", "31-Foo-2026 10:00"])
def test_a_time_that_cannot_be_read_is_none(text: str) -> None:
    assert moment(text, "%d-%b-%Y %H:%M") is None
    assert day(text) is None


@pytest.mark.parametrize("amount", [None, "", "NaN", "-1", [], {}, "1e99", True])
def test_an_amount_that_is_none_is_no_offer(amount: Any) -> None:
    with pytest.raises(CarrierInDoubt):
        minor(amount)


def test_amounts_are_rounded_up_to_the_paisa() -> None:
    assert [minor("83.421"), minor(97), minor("0")] == [8343, 9700, 0]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"message": {"a": 1}}', b"\xff"])
def test_a_refusal_without_words_has_none(body: bytes) -> None:
    assert words_in(body) == ""


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/secret", "https://evil.example/x.pdf", "https://amazonaws.com.evil.example/x", "file:///etc/passwd", "http://s3.amazonaws.com/x"],
)
def test_labels_are_fetched_from_the_carriers_own_hosts_alone(url: str) -> None:
    with pytest.raises(CarrierMisconfigured):
        Wire("https://api.example", files_from=("amazonaws.com",)).fetch_pdf(url)


def test_a_carrier_without_credentials_is_not_offered(settings: Any) -> None:
    assert carriers.codes() == ("own_fleet",)
    settings.CARRIERS = {**settings.CARRIERS, "SHIPROCKET_EMAIL": "a@example.in", "DELHIVERY_TOKEN": "t", "BLUEDART_PUSH_SECRET": "b" * 24}
    assert carriers.codes() == ("own_fleet", "shiprocket", "delhivery"), "Blue Dart takes no bookings here"
    assert {one.code for one in carriers.connected()} == {"own_fleet", "shiprocket", "delhivery", "bluedart"}
    assert carriers.named("Blue-Dart") is carriers.behind("bluedart")
    assert carriers.named("pigeon") is None
    assert carriers.behind("aggregator") is None, "no secret, no address"


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(PushPolicy("x", "hidden", "X-Y", "hidden"))


def test_the_aggregators_address_has_no_word_it_forbids() -> None:
    """Shiprocket takes no webhook address that holds shiprocket, kartrocket, sr or kr."""
    assert not any(word in "/webhooks/carriers/aggregator/" for word in ("shiprocket", "kartrocket", "sr", "kr"))
