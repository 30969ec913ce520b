"""Papers of the warehouse: the packing slip (A5) that lies in the box, and the pick list (A4) of a wave.

The data reach the typesetter as JSON, never as markup. Neither paper names a price.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst
from django.conf import settings
from django.http import HttpResponse
from django.utils.timezone import localtime

from orders.operations import people
from shipping.code128 import widths
from shipping.states import state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orders.models import Fulfilment
    from orders.work import Wave

_HERE = Path(__file__).parent


def packing_slip(box: Fulfilment) -> bytes:
    """The slip of one box: to whom, which units, and the order's number as a barcode."""
    order = box.order
    parcel = box.shipment
    address = people.read_address(order.shipping_address, order.person)
    items = sorted(box.lines.all(), key=lambda item: item.line.place)
    data = {
        "shop": settings.SHOP_NAME,
        "from": settings.SHOP_ADDRESS,
        "number": order.number,
        "bars": widths(order.number),
        "day": f"{localtime(order.created_at):%d %B %Y}",
        "warehouse": box.warehouse_code,
        "tracking": parcel.tracking_number if parcel is not None else "",
        "to": _lines(address),
        "rows": [{"sku": item.line.sku, "name": item.line.name, "units": str(item.quantity)} for item in items],
        "units": str(sum(item.quantity for item in items)),
        "part": _part(box),
    }
    return _made("packing_slip", data)


def pick_list(wave: Wave) -> bytes:
    """What is to be fetched for a wave, by SKU, and for which orders."""
    rows: dict[str, dict[str, Any]] = {}
    for place, box in enumerate(wave.boxes, start=1):
        for item in box.lines.all():
            row = rows.setdefault(item.line.sku, {"sku": item.line.sku, "name": item.line.name, "units": 0, "boxes": []})
            row["units"] += item.quantity
            row["boxes"].append(f"{place}: {item.quantity}")
    data = {
        "warehouse": wave.warehouse,
        "zone": wave.zone.replace("_", " "),
        "cutoff": f"{wave.cutoff:%a %d %B, %H:%M}",
        "rows": [
            {**row, "units": str(row["units"]), "boxes": ", ".join(row["boxes"])} for _, row in sorted(rows.items())
        ],
        "boxes": [
            {
                "place": str(place), "number": box.order.number, "bars": widths(box.order.number),
                "units": str(sum(item.quantity for item in box.lines.all())),
            }
            for place, box in enumerate(wave.boxes, start=1)
        ],
        "units": str(wave.units),
    }
    return _made("pick_list", data)


def printed(pdf: bytes, name: str) -> HttpResponse:
    """The PDF as an answer, to be shown; never kept by a shared cache."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "private, no-store"}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _made(name: str, data: Mapping[str, Any]) -> bytes:
    compiled = _compiler(name).compile(format="pdf", sys_inputs={"paper": json.dumps(data, ensure_ascii=False)})
    return bytes(compiled)  # type: ignore[arg-type]  # one PDF is asked for, so it is not a list


@cache
def _compiler(name: str) -> typst.Compiler:
    return typst.Compiler(str(_HERE / f"{name}.typ"), root=str(_HERE), ignore_system_fonts=False)


def _part(box: Fulfilment) -> str:
    """Whether more boxes of the order come."""
    others = [row for row in box.order.fulfilments.all() if row.pk != box.pk and row.status != "cancelled"]
    return f"This is one of {len(others) + 1} boxes of the order; the others come by themselves." if others else ""


def _lines(address: Mapping[str, Any]) -> list[str]:
    if not address:
        return ["The recipient's data have been erased."]
    state = state_of(str(address.get("state") or ""))
    town = f"{address.get('city') or ''} {address.get('postalCode') or ''}"
    lines = [address.get("name"), address.get("line1"), address.get("line2"), town, state.name if state else ""]
    return [str(line) for line in lines if line and str(line).strip()]
