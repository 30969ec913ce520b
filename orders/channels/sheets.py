"""Orders of a CSV file: a row a line, the rows of an order together, columns by name. Pure.

Note [Sheets of other countries]
    Where a comma is the decimal mark, spreadsheets part columns by semicolons. So in such a file `12,50` and `1.234,50` are
    amounts, and `1.234` is one nobody can tell from `1,234`: it is held. A spreadsheet also writes long ids as `1.23457E+11`,
    and then several orders bear one id: such rows are no order. Its `="00123"` is the text in it.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from orders.channels.canonical import ADDRESS_PARTS
from orders.channels.reading import number

COLUMNS = (
    "order_id", "placed_at", "currency", "status", "email", "phone", *ADDRESS_PARTS[:1], *ADDRESS_PARTS[2:8], "sku", "title", "quantity",
    "unit_price", "discount", "tax", "shipping", "total", "paid",
)
NEEDED = ("order_id", "currency", "sku", "quantity", "unit_price")
ROWS_MAX = 5000
_KNOWN = {name.casefold(): name for name in COLUMNS}
_OF_ORDER = ("status", "shipping", "total", "paid")
_FIGURES = ("quantity", "unit_price", "discount", "tax", "shipping", "total", "paid")
_MANGLED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+")
_FORMULA = re.compile(r'="(.*)"')
_COMMA = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]+")
_UNCLEAR = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+")


class NotASheet(ValueError):
    """The file is no CSV with the columns that are needed."""


def read(raw: bytes) -> list[dict[str, Any]]:
    """A body for each order, in the order of their first rows. Amounts are the currency's units with decimals. Raises NotASheet.

    Note [Sheets of other countries].
    """
    names, rows, mark = _table(raw)
    bodies: dict[str, dict[str, Any]] = {}
    for place, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        said = {name: _cell(cell) for name, cell in zip(names, cells, strict=False)}
        if mark == ";":
            said.update({name: _figure(said[name]) for name in _FIGURES if name in said})
        body = bodies.setdefault(said.get("order_id", ""), _head(said))
        _contradict(body, said, place)
        if any(cell.strip() for cell in cells[len(names) :]):
            _trouble(body, "cells_beyond_columns", f"The row {place} has more cells than the file has columns.")
        body["lines"].append(_line(said, len(body["lines"]) + 1))
    return [_whole(body) for body in bodies.values()]


def _table(raw: bytes) -> tuple[list[str], list[list[str]], str]:
    """Names of the columns, the rows, and what parts them. Raises NotASheet."""
    try:
        text = raw.decode("utf-8-sig")
        text = text.partition("\n")[2] if text[:4].casefold() == "sep=" else text
        mark = max(",;\t", key=text.partition("\n")[0].count)
        names, *rows = [*csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=mark)] or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotASheet(f"The file is no CSV in UTF-8: {error}") from error
    names = [_KNOWN.get(name.strip().casefold(), name.strip()) for name in names]
    if missing := [name for name in NEEDED if name not in names]:
        raise NotASheet(f"These columns are needed: {', '.join(missing)}.")
    if twice := sorted({name for name in names if name in COLUMNS and names.count(name) > 1}):
        raise NotASheet(f"These columns are there twice: {', '.join(twice)}.")
    if len(rows) > ROWS_MAX:
        raise NotASheet(f"At most {ROWS_MAX} rows are read.")
    return names, rows, mark


def _cell(text: str) -> str:
    text = text.strip()
    formula = _FORMULA.fullmatch(text)
    return formula[1] if formula else text


def _figure(text: str) -> str:
    """A figure with a decimal comma as one with a point; what could be either stays unreadable."""
    if _COMMA.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return f"{text}?" if _UNCLEAR.fullmatch(text) else text


def _trouble(body: dict[str, Any], code: str, detail: str) -> None:
    body.setdefault("troubles", []).append({"code": code, "detail": detail})


def _contradict(body: dict[str, Any], said: dict[str, str], place: int) -> None:
    """What is said of the whole order is said once, or alike in each of its rows."""
    if said.get("currency", "").upper() not in {"", body["currency"].upper()}:
        _trouble(body, "several_currencies", "The rows of the order are in several currencies.")
    told = body["said"]
    differing = [name for name in _OF_ORDER if said.get(name) and told.setdefault(name, said[name]) != said[name]]
    if differing:
        _trouble(body, "rows_contradict", f"The row {place} says another {', '.join(differing)} than a row of the order before.")


def _head(said: dict[str, str]) -> dict[str, Any]:
    """What the first row of an order says of the whole of it."""
    order_id = said.get("order_id", "")
    return {
        "orderId": "" if _MANGLED.fullmatch(order_id) else order_id, "placedAt": said.get("placed_at", ""), "currency": said.get("currency", ""),
        "email": said.get("email", ""), "phone": said.get("phone", ""), "name": said.get("name", ""),
        "shipping": {name: said.get(name, "") for name in ADDRESS_PARTS}, "lines": [], "said": {},
    }


def _whole(body: dict[str, Any]) -> dict[str, Any]:
    """The body with what any of its rows said of the whole order."""
    said = body.pop("said")
    shipping = said.get("shipping", "")
    return {
        **body, "status": said.get("status", "").casefold() or "pending", "total": said.get("total", ""), "paid": said.get("paid", ""),
        "charges": [{"kind": "shipping", "title": "Shipping", "gross": shipping}] if shipping else [],
    }


def _line(said: dict[str, str], place: int) -> dict[str, Any]:
    units, price = number(said.get("quantity", "")), number(said.get("unit_price", ""))
    return {
        "id": str(place), "sku": said.get("sku", ""), "title": said.get("title") or said.get("sku", ""), "quantity": said.get("quantity", ""),
        "gross": "" if units is None or price is None else format(units * price, "f"), "discount": said.get("discount", ""), "tax": said.get("tax", ""),
    }
