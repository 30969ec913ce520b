"""CSV files as people have them: taken where they are clear, refused with their line where they are not."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.bulk import cells, reading
from orders.bulk.kinds import KINDS, ParcelWish, Row
from orders.bulk.reading import BadFile, rows_of
from timeline.exports.cells import safe

FULFILMENTS = KINDS["fulfilments"].columns
HEAD = b"order_number,carrier,tracking_number\n"


def read(raw: bytes) -> list[tuple[int, dict[str, str]]]:
    return list(rows_of(io.BytesIO(raw), FULFILMENTS))


def parcel(*rows: dict[str, str]) -> ParcelWish:
    found: Any = KINDS["fulfilments"].parse([Row(place, place + 2, row) for place, row in enumerate(rows)])
    assert isinstance(found, ParcelWish)
    return found


PLAIN = {"order_number": "ORD-1", "carrier": "Blue Dart", "tracking_number": "BD1"}


@pytest.mark.parametrize("raw", [
    HEAD + b"ORD-1,Blue Dart,BD1\n",
    HEAD + b"ORD-1,Blue Dart,BD1",
    b"\xef\xbb\xbf" + HEAD + b"ORD-1,Blue Dart,BD1\n",
    (HEAD + b"ORD-1,Blue Dart,BD1\n").replace(b"\n", b"\r\n"),
    (HEAD + b"ORD-1,Blue Dart,BD1\n").replace(b"\n", b"\r"),
    (HEAD + b"ORD-1,Blue Dart,BD1\n").replace(b",", b";"),
    (HEAD + b"ORD-1,Blue Dart,BD1\n").replace(b",", b"\t"),
    b'"Order Number","CARRIER",awb\n"ORD-1","Blue Dart"," BD1 "\n',
    b"tracking-number,order,carrier,,\nBD1,ORD-1,Blue Dart,,\n\n,,\n",
    b"order_number,carrier,tracking_number,line,code,problem\nORD-1,Blue Dart,BD1,7,on-hold,It waits\n",
], ids=["plain", "no end", "bom", "crlf", "cr", "semicolon", "tab", "quoted", "moved", "sent again"])
def test_a_table_is_a_table_however_it_was_saved(raw: bytes) -> None:
    assert read(raw) == [(2, PLAIN)]


@pytest.mark.parametrize(("raw", "line", "words"), [
    (b"", None, "empty"),
    (b"\xff\xfeo\x00r\x00", 1, "UTF-16"),
    (b"order_number,carrier\nORD-1,X\n", 1, "tracking_number is missing"),
    (HEAD.replace(b"\n", b",colour\n"), 1, "colour is not known"),
    (b"order_number,order,carrier,tracking_number\n", 1, "order_number is there twice"),
    (b"ORD-1,Blue Dart,BD1\n", 1, "order_number is missing"),
    (HEAD + b"ORD-1,Blue Dart,BD1\nORD-2,Caf\xe9,BD2\n", 3, "not UTF-8"),
    (HEAD + b'ORD-1,"Blue Dart,BD1\nORD-2,X,Y\n', 2, "quote"),
    (HEAD + b'ORD-1,"Blue" Dart,BD1\n', 2, "no CSV"),
    (HEAD + b"ORD-1,Blue, Dart,BD1\n", 2, "4 cells, the header 3"),
    (HEAD + b"ORD-1,Blue\x00Dart,BD1\n", 2, ""),
    (HEAD + b"ORD-1,Blue\x07Dart,BD1\n", 2, "control character"),
    (HEAD + b"ORD-1," + b"x" * 2001 + b",BD1\n", 2, "longer"),
    (HEAD + b"ORD-1," + b"x" * 70_000 + b",BD1\n", 2, "longer"),
])
def test_what_is_no_table_is_refused_with_its_line(raw: bytes, line: int | None, words: str) -> None:
    with pytest.raises(BadFile) as caught:
        read(raw)
    said = f"{caught.value.detail} {caught.value.errors}"
    assert words in said
    if line is not None:
        assert caught.value.errors[0][0] == f"#/lines/{line}"


def test_lines_are_counted_across_quoted_cells() -> None:
    rows = read(HEAD + b'ORD-1,"Blue\nDart",BD1\n\nORD-2,X,BD2\n')
    assert [(line, row["order_number"]) for line, row in rows] == [(2, "ORD-1"), (5, "ORD-2")]


def test_a_file_of_old_macs_longer_than_a_piece_is_read_whole() -> None:
    raw = HEAD.replace(b"\n", b"\r") + b"".join(b"ORD-%d,Blue Dart,BD%d\r" % (n, n) for n in range(9000))
    rows = read(raw)
    assert len(rows) == 9000
    assert rows[-1] == (9001, {**PLAIN, "order_number": "ORD-8999", "tracking_number": "BD8999"})


def test_more_rows_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_MAX", 2)
    with pytest.raises(BadFile):
        read(HEAD + b"a,b,c\n" * 3)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for tail in (raw, HEAD + raw):
        try:
            read(tail)
        except BadFile:
            continue


@pytest.mark.parametrize("mangled", ["1.23E+12", "1,23E+12", "1E+12", "123456789012.0", "7.9464479e10"])
def test_a_number_that_a_spreadsheet_has_rounded_is_refused_and_never_guessed(mangled: str) -> None:
    with pytest.raises(cells.BadCell, match="spreadsheet"):
        parcel({**PLAIN, "tracking_number": mangled})


@pytest.mark.parametrize("kept", ['="0012345"', "'0012345", "0012345"])
def test_a_number_that_was_kept_from_it_is_taken(kept: str) -> None:
    assert parcel({**PLAIN, "tracking_number": kept}).tracking_number == "0012345"


@pytest.mark.parametrize(("more", "words"), [
    ({"carrier": ""}, "carrier is empty"),
    ({"tracking_number": ""}, "tracking_number is empty"),
    ({"quantity": "2"}, "quantity is of a sku"),
    ({"sku": "TEA-1", "quantity": "0"}, "whole number"),
    ({"sku": "TEA-1", "quantity": "1.5"}, "whole number"),
    ({"sku": "TEA-1", "quantity": "१"}, "whole number"),
    ({"shipped_at": "yesterday"}, "no date"),
    ({"shipped_at": "2199-01-01"}, "yet to come"),
    ({"shipped_at": "31/02/2026"}, "no date"),
    ({"carrier": "x" * 41}, "longer"),
    ({"carrier": "Blue\u202eDart"}, "U+202E"),
])
def test_a_cell_that_cannot_be_is_refused_in_words(more: dict[str, str], words: str) -> None:
    with pytest.raises(cells.BadCell) as caught:
        parcel({**PLAIN, **more})
    assert words in caught.value.detail


def test_rows_of_one_parcel_are_one_wish() -> None:
    wish = parcel({**PLAIN, "sku": "tea-1", "quantity": "2"}, {**PLAIN, "sku": "TEA-1", "quantity": "1"}, {**PLAIN, "sku": "B"})
    assert wish.units == {"TEA-1": 3, "B": None}


@pytest.mark.parametrize("cell", ["=1+1", "+91", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_f72_what_a_spreadsheet_would_run_goes_out_as_text(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
