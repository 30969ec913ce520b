"""The own fleet's label is a real label: right number, readable barcode, text that stays text."""

from __future__ import annotations

import re
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping import code128
from shipping.addresses import Address
from shipping.awb import own_number
from shipping.carriers import UnknownCarrier, carrier, codes
from shipping.carriers.base import BookingRequest
from shipping.carriers.own_fleet import OwnFleet
from shipping.check_digits import s10_digit

HOME = Address("Priya Shrivastava", "+919876543210", "12 MG Road", "", "Bengaluru", "IN-KA", "560001")
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def request(**wish: Any) -> BookingRequest:
    words: dict[str, Any] = {
        "reference": "ORD-20261121-00118", "shipment_id": str(uuid.UUID(int=7)), "idempotency_key": "k", "origin": HOME,
        "destination": HOME, "weight_g": 900, "items": (("TEA-1", "Tea", 2),), "service": "standard",
        "cod_amount_minor": 0, "currency": "INR", "now": NOW,
    }
    return BookingRequest(**{**words, **wish})


def decoded(widths: list[int]) -> str:
    """Read the bars back, as a scanner does."""
    assert sum(widths) % 11 == 2, "whole symbols and a stop of thirteen modules"
    symbols = ["".join(map(str, widths[at : at + 6])) for at in range(0, len(widths) - 7, 6)]
    values = [code128._WIDTHS.index(symbol) for symbol in symbols]
    start, *data, check = values
    assert start == 104
    assert "".join(map(str, widths[-7:])) == "2331112"
    assert (start + sum(place * value for place, value in enumerate(data, start=1))) % 103 == check
    return "".join(chr(value + 32) for value in data)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30))
def test_the_barcode_reads_back(text: str) -> None:
    assert decoded(code128.widths(text)) == text


@pytest.mark.parametrize("text", ["", "é", "a\n"])
def test_what_the_barcode_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        code128.widths(text)


@pytest.mark.parametrize(("serial", "digit"), [("47312482", 9), ("47312483", 2), ("12345678", 5)])
def test_check_digits_are_those_of_s10(serial: str, digit: int) -> None:
    """UPU S10; 473124829 is the standard's own example."""
    assert s10_digit(serial) == digit


def test_a_booking_is_a_function_of_the_parcel() -> None:
    first, second = OwnFleet().book(request=request()), OwnFleet().book(request=request())
    assert first == second
    assert re.fullmatch(r"BH[0-9]{9}IN", first.tracking_number)
    assert first.tracking_number == own_number(uuid.UUID(int=7))
    assert first.estimated_delivery == NOW.date() + timedelta(days=3)
    assert OwnFleet().book(request=request(service="express")).estimated_delivery == NOW.date() + timedelta(days=1)


def test_the_label_is_one_page_of_100_by_150_mm() -> None:
    pdf = OwnFleet().book(request=request(cod_amount_minor=249_900)).label_pdf
    assert pdf.startswith(b"%PDF-")
    text = pdf + b"".join(_inflated(pdf))
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([0-9.]+) ([0-9.]+)\s*\]", text)
    assert len(boxes) == 1
    width, height = (float(value) * 25.4 / 72 for value in boxes[0])
    assert (round(width), round(height)) == (100, 150)
    assert b"/StructTreeRoot" in text, "tagged for screen readers"


@pytest.mark.parametrize(
    "name", ['#read("/etc/passwd")', "a\\ b", '"quoted"', "*bold* _it_ $x$", "<script>", "प्रिया श्रीवास्तव", "]#panic()"]
)
def test_a_name_is_never_markup(name: str) -> None:
    there = Address(name, HOME.phone, f"{name} road", "", "Pune", "IN-MH", "411004")
    assert OwnFleet().book(request=request(destination=there)).label_pdf.startswith(b"%PDF-")


def test_the_registry_knows_its_carriers() -> None:
    assert codes() == ("own_fleet",)
    assert carrier("own_fleet").name == "Own fleet"
    with pytest.raises(UnknownCarrier):
        carrier("pigeon")


def _inflated(pdf: bytes) -> list[bytes]:
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return found
