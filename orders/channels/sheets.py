"""Orders of a CSV file: a row a line, the rows of an order together, columns by name. Pure."""

from __future__ import annotations

import csv
import io
from typing import Any

from orders.channels.canonical import ADDRESS_PARTS
from orders.channels.reading import number

COLUMNS = (
    "order_id", "placed_at", "currency", "status", "email", "phone", *ADDRESS_PARTS[:1], *ADDRESS_PARTS[2:8], "sku", "title", "quantity",
    "unit_price", "discount", "tax", "shipping", "total", "paid",
)
NEEDED = ("order_id", "currency", "sku", "quantity", "unit_price")
ROWS_MAX = 5000


class NotASheet(ValueError):
    """The file is no CSV with the columns that are needed."""


def read(raw: bytes) -> list[dict[str, Any]]:
    """A body for each order, in the order of their first rows. Amounts are the currency's units with decimals. Raises NotASheet."""
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotASheet(f"The file is no CSV in UTF-8: {error}") from error
    names = set(reader.fieldnames or ())
    if missing := [name for name in NEEDED if name not in names]:
        raise NotASheet(f"These columns are needed: {', '.join(missing)}.")
    if len(rows) > ROWS_MAX:
        raise NotASheet(f"At most {ROWS_MAX} rows are read.")
    bodies: dict[str, dict[str, Any]] = {}
    for row in rows:
        said = {key: value.strip() for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
        body = bodies.setdefault(said.get("order_id", ""), _head(said))
        if said.get("currency", "").upper() not in {"", body["currency"].upper()}:
            body["troubles"] = [{"code": "several_currencies", "detail": "The rows of the order are in several currencies."}]
        body["lines"].append(_line(said, len(body["lines"]) + 1))
    return list(bodies.values())


def _head(said: dict[str, str]) -> dict[str, Any]:
    """What the first row of an order says of the whole of it."""
    shipping = said.get("shipping", "")
    return {
        "orderId": said.get("order_id", ""), "placedAt": said.get("placed_at", ""), "currency": said.get("currency", ""),
        "status": said.get("status") or "pending", "email": said.get("email", ""), "phone": said.get("phone", ""), "name": said.get("name", ""),
        "shipping": {name: said.get(name, "") for name in ADDRESS_PARTS}, "lines": [], "total": said.get("total", ""), "paid": said.get("paid", ""),
        "charges": [{"kind": "shipping", "title": "Shipping", "gross": shipping}] if shipping else [],
    }


def _line(said: dict[str, str], place: int) -> dict[str, Any]:
    units, price = number(said.get("quantity", "")), number(said.get("unit_price", ""))
    return {
        "id": str(place), "sku": said.get("sku", ""), "title": said.get("title") or said.get("sku", ""), "quantity": said.get("quantity", ""),
        "gross": "" if units is None or price is None else format(units * price, "f"), "discount": said.get("discount", ""), "tax": said.get("tax", ""),
    }
