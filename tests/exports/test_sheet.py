"""No text of a file is a formula in a spreadsheet (A4); numbers stay numbers."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.exports.hostile import texts
from timeline.exports.cells import safe
from timeline.exports.formats import CsvWriter, Sink
from timeline.exports.sources import Column

COLUMNS = (Column("number", "whole"), Column("text"), Column("object", "json"))
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An export of 400 hostile texts."""
    path = tmp_path / "hostile.csv"
    with Sink(path) as sink:
        writer = CsvWriter(sink, COLUMNS)
        writer.write([(-number, text, {text: text}) for number, text in enumerate(texts(), 1)])
        writer.end()
    return path


def test_every_hostile_text_begins_with_a_safe_character_and_is_otherwise_itself(file: Path) -> None:
    with file.open(newline="", encoding="utf-8") as plain:
        rows = list(csv.reader(plain))[1:]
    assert len(rows) == len(texts()) == 400
    for row, text in zip(rows, texts(), strict=True):
        assert row[1] == f"'{text}"
        assert row[2][0] == "{"
    assert [int(row[0]) for row in rows] == [-number for number in range(1, 401)]


def test_the_bytes_are_those_of_the_standard_librarys_writer(tmp_path: Path) -> None:
    cells = [*texts(), "", "a,b", "plain", 'x"y', "\r", "two words", None]
    with Sink(tmp_path / "ours.csv") as sink:
        CsvWriter(sink, COLUMNS).write([(None if cell is None else 1, cell, None) for cell in cells])
    expected = io.StringIO(newline="")
    writer = csv.writer(expected, lineterminator="\r\n")
    writer.writerows([("number", "text", "object"), *((None if cell is None else 1, cell and safe(cell), None) for cell in cells)])
    assert (tmp_path / "ours.csv").read_bytes() == expected.getvalue().encode()


@pytest.mark.parametrize("text", ["", "Meera", "10", "a=b", "नमस्ते", "(=1)", "_x", "#1", "₹ -5"])
def test_a_plain_text_is_left_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.skipif(not os.environ.get("SHEETS"), reason="needs LibreOffice: make sheet-proof")
def test_libreoffice_finds_no_formula_and_numbers_where_numbers_are(file: Path, tmp_path: Path) -> None:
    program = shutil.which("soffice")
    assert program, "install libreoffice-calc-nogui"
    (tmp_path / "control.csv").write_text("text\r\n=1+1\r\n", encoding="utf-8")
    subprocess.run(
        [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), str(file),
         str(tmp_path / "control.csv")],
        check=True, capture_output=True, timeout=300,
    )
    assert f"{TABLE}formula" in {name for cell in ET.parse(tmp_path / "control.fods").iter() for name in cell.attrib}  # noqa: S314 as below
    cells = list(ET.parse(tmp_path / "hostile.fods").iter(f"{TABLE}table-cell"))  # noqa: S314 written by our own program
    formulas = [cell for cell in cells if cell.get(f"{TABLE}formula")]
    kinds = [cell.get(f"{OFFICE}value-type") for cell in cells if cell.get(f"{OFFICE}value-type")]
    print(f"\n{len(cells):,} cells: {len(formulas)} formulas, {kinds.count('float')} numbers, {kinds.count('string')} texts")  # noqa: T201 the programme says what it found
    assert formulas == []
    assert (kinds.count("float"), kinds.count("string")) == (400, 803)
