"""The parcel's label: a PDF of 100 x 150 mm with a Code 128 barcode, tagged and titled.

The data reach the typesetter as JSON, never as markup: a customer's name can neither format nor read anything.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typst

from shipping.code128 import widths
from shipping.states import state_of
from timeline.currencies import typed

if TYPE_CHECKING:
    from shipping.addresses import Address
    from shipping.carriers.base import BookingRequest

_TEMPLATE = Path(__file__).parent / "label.typ"


def label_pdf(request: BookingRequest, tracking_number: str, carrier_name: str) -> bytes:
    """The label as PDF; the same request gives the same bytes."""
    data = {
        "carrier": carrier_name,
        "service": request.service,
        "number": tracking_number,
        "bars": widths(tracking_number),
        "reference": request.reference,
        "weight": f"{request.weight_g} g",
        "units": sum(quantity for _, _, quantity in request.items),
        "to": _lines(request.destination),
        "to_name": request.destination.name,
        "phone": request.destination.phone,
        "pin": request.destination.postal_code,
        "from_phone": request.origin.phone,
        "from": _lines(request.origin),
        "from_name": request.origin.name,
        "cash": _cash(request),
        "pickup": request.is_pickup,
    }
    compiled = _compiler().compile(format="pdf", sys_inputs={"label": json.dumps(data, ensure_ascii=False)})
    return bytes(compiled)  # type: ignore[arg-type]  # one PDF is asked for, so it is not a list


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent), ignore_system_fonts=False)


def _lines(address: Address) -> list[str]:
    state = state_of(address.state)
    lines = [address.line1, address.line2, f"{address.city} {address.postal_code}", state.name if state else address.state]
    return [line for line in lines if line.strip()]


def _cash(request: BookingRequest) -> str:
    if not request.cod_amount_minor:
        return ""
    return f"{request.currency} {typed(request.cod_amount_minor, request.currency)}"
