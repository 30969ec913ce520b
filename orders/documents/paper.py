"""A document as a tagged PDF with the fields of rule 46 (invoice) and rule 53(1A) (credit note).

The data reach the typesetter as JSON, never as markup. The same document gives the same bytes on the same machine: fonts
that come with the typesetter are used first, those of the system only for scripts they lack.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
import typst
from django.http import HttpResponse

from orders.documents.wording import amount_in_words, percent
from orders.models import Document
from orders.operations.documents import rows_of
from orders.pricing.supply import SHIPPING
from shipping.states import State, state_of
from timeline.vocabulary import money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orders.pricing.supply import Row

_TEMPLATE = Path(__file__).parent / "document.typ"
_TITLES = {Document.Kind.INVOICE: "Tax invoice", Document.Kind.CREDIT_NOTE: "Credit note"}
_REASONS = {
    "items": "Goods given back",
    "amount": "Part of the price given back",
    "customer_request": "At the customer's request",
    "order_cancelled": "Order cancelled",
    "units_cancelled": "Goods cancelled before they were sent",
    "units_taken_off": "Goods not delivered",
    "made_at_gateway": "Refund made at the payment gateway",
}

log = structlog.get_logger("bahi.documents")


def pdf(document: Document) -> bytes:
    """The document as PDF/UA-1; without that promise, still tagged, when no font has a letter of a name in it."""
    words = {"document": json.dumps(_data(document), ensure_ascii=False)}
    try:
        return _made(words, is_accessible=True)
    except typst.TypstError as error:
        log.warning("document.not_accessible", document=str(document.pk), error=error.message.split(":")[0])
        return _made(words, is_accessible=False)


def printed(document: Document) -> HttpResponse:
    """The PDF as an answer, to be shown or saved under its number; never kept by a shared cache."""
    headers = {"Content-Disposition": f'inline; filename="{file_name(document)}"', "Cache-Control": "private, no-store"}
    return HttpResponse(pdf(document), content_type="application/pdf", headers=headers)


def file_name(document: Document) -> str:
    """`INV-26-27-000123.pdf`."""
    return f"{document.number.replace('/', '-')}.pdf"


def _made(words: dict[str, str], *, is_accessible: bool) -> bytes:
    compiled = _compiler().compile(format="pdf", sys_inputs=words, pdf_standards=["ua-1"] if is_accessible else [])
    return bytes(compiled)  # type: ignore[arg-type]  # one PDF is asked for, so it is not a list


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent), ignore_system_fonts=False)


def _data(document: Document) -> dict[str, Any]:
    content, rows = document.content, rows_of(document)
    place = state_of(content["placeOfSupply"])
    seat = state_of(content["supplier"]["state"])
    between = bool(document.igst_minor) or place != seat
    return {
        "title": _TITLES[Document.Kind(document.kind)],
        "number": document.number,
        "date": f"{document.day:%d %B %Y}",
        "order": content["order"],
        "supplier": {**content["supplier"], "state": _state(seat)},
        "recipient": _recipient(document),
        "place": _state(place),
        "between": between,
        "taxes": ["IGST"] if between else ["CGST", "UTGST" if place and place.has_utgst else "SGST"],
        "rows": [_row(place_, row, document.currency, between=between) for place_, row in enumerate(rows, start=1)],
        "sums": _sums(document, rows, between=between),
        "total": money(document.total_minor, document.currency),
        "words": amount_in_words(document.total_minor, document.currency),
        "reverse": "Yes" if content["reverseCharge"] else "No",
        "original": _original(content.get("original")),
        "reason": _REASONS.get(content.get("reason", ""), str(content.get("reason", "")).replace("_", " ").capitalize()),
    }


def _recipient(document: Document) -> dict[str, Any]:
    known = document.recipient()
    if not known:
        return {"erased": True, "gstin": "", "billing": [], "delivery": []}
    return {
        "erased": False,
        "gstin": known.get("gstin") or "",
        "billing": _lines(known["billing"]),
        "delivery": _lines(known["delivery"]) if known["delivery"] else ["To the same address"],
    }


def _original(known: Mapping[str, str] | None) -> dict[str, str] | None:
    return {"number": known["number"], "day": f"{date.fromisoformat(known['day']):%d %B %Y}"} if known else None


def _lines(address: Mapping[str, Any]) -> list[str]:
    town = f"{address.get('city') or ''} {address.get('postalCode') or ''}"
    state = state_of(str(address.get("state") or ""))
    lines = [address.get("name"), address.get("line1"), address.get("line2"), town, _state(state)]
    return [str(line) for line in lines if line and str(line).strip()]


def _row(place: int, row: Row, currency: str, *, between: bool) -> dict[str, Any]:
    taxes = [row.igst_minor] if between else [row.cgst_minor, row.sgst_minor]
    return {
        "place": str(place),
        "description": row.description,
        "sku": row.sku,
        "hsn": row.hsn,
        "quantity": f"{row.quantity} {row.uqc}" if row.quantity else "–",
        "price": _plain(row.price_minor, currency) if row.quantity and row.key != SHIPPING else "–",
        "discount": _plain(row.discount_minor, currency) if row.discount_minor else "–",
        "taxable": _plain(row.taxable_minor, currency),
        "rate": percent(row.rate_bp // len(taxes)) if row.rate_bp % len(taxes) == 0 else f"{percent(row.rate_bp)} / 2",
        "taxes": [_plain(tax, currency) for tax in taxes],
        "total": _plain(row.total_minor, currency),
    }


def _sums(document: Document, rows: Sequence[Row], *, between: bool) -> dict[str, Any]:
    taxes = [document.igst_minor] if between else [document.cgst_minor, document.sgst_minor]
    discount = sum(row.discount_minor for row in rows)
    return {
        "discount": _plain(discount, document.currency) if discount else "–",
        "taxable": _plain(document.taxable_minor, document.currency),
        "taxes": [_plain(tax, document.currency) for tax in taxes],
        "total": _plain(document.total_minor, document.currency),
    }


def _plain(minor: int, currency: str) -> str:
    """The figure with its grouping; the sign or the code stands with the total."""
    return money(minor, currency).replace("₹", "").removesuffix(f" {currency}")


def _state(state: State | None) -> str:
    return f"{state.name} ({state.gst_code})" if state is not None else ""
