"""A month's outward supplies in the sections of GSTR-1, made from the documents alone.

Names of sections and fields are those of the GST portal's JSON. Amounts are decimals made from integers of minor units. A
section with nothing in it is left out, as the portal wants. Credit notes of registered customers are `cdnr`, those of large
inter-state invoices to others `cdnur`; all others are taken off `b2cs`, and those of rate 0 off `nil`.
"""

from __future__ import annotations

import calendar
import csv
import io
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Max, Min

from orders.models import Document
from orders.operations.documents import rows_of
from orders.pricing.supply import UNIT_QUANTITY_CODE, Amounts
from payments.journal import rupees
from shipping.states import state_of
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orders.pricing.supply import Row

# Inter-state invoices to unregistered customers above this are listed one by one (notification 12/2024).
LARGE_MINOR = 1_00_000_00
CHUNK = 500
CSV_COLUMNS = (
    "section", "number", "date", "gstin", "placeOfSupply", "original", "hsn", "quantity", "rate", "taxableValue", "igst",
    "cgst", "sgst", "value",
)
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)
_DOCUMENT_KINDS = ((Document.Kind.INVOICE, 1), (Document.Kind.CREDIT_NOTE, 5))  # the portal's numbers of their natures

Items = dict[int, Amounts]  # by rate in basis points


class MonthInvalid(Invalid):
    """A month is a year and its month, such as 2026-11."""


@dataclass(slots=True)
class Issued:
    """One document as a section lists it."""

    number: str
    day: date
    place: str
    gstin: str
    value_minor: int
    items: Items
    original: str = ""


@dataclass(slots=True)
class Return:
    """A month's supplies by section, in minor units."""

    month: str
    gstin: str
    b2b: list[Issued] = field(default_factory=list)
    b2cl: list[Issued] = field(default_factory=list)
    b2cs: dict[tuple[str, int], Amounts] = field(default_factory=lambda: defaultdict(Amounts))
    cdnr: list[Issued] = field(default_factory=list)
    cdnur: list[Issued] = field(default_factory=list)
    nil: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    hsn: dict[tuple[bool, str, int], tuple[int, Amounts]] = field(default_factory=dict)
    issued: list[tuple[int, str, str, int]] = field(default_factory=list)

    def total(self) -> Amounts:
        """Every section together: invoices less credit notes."""
        plus = [items for one in (*self.b2b, *self.b2cl) for items in one.items.values()]
        minus = [items for one in (*self.cdnr, *self.cdnur) for items in one.items.values()]
        found = sum((*plus, *self.b2cs.values()), Amounts(taxable_minor=sum(self.nil.values())))
        return found - sum(minus, Amounts())


def days_of(month: str) -> tuple[date, date]:
    """The first and the last day of `2026-11`. Raises MonthInvalid."""
    found = _MONTH.fullmatch(month)
    if found is None:
        raise MonthInvalid(errors=[("#/month", "A year and its month, such as 2026-11.")])
    year, number = int(found[1]), int(found[2])
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def gather(month: str) -> Return:
    """Sort the month's documents into their sections. Raises MonthInvalid."""
    days = days_of(month)
    found = Return(month=month, gstin=settings.SHOP_GSTIN)
    documents = Document.objects.filter(day__range=days).select_related("key", "original").order_by("issued_at", "id")
    seat = state_of(settings.SHOP_STATE)
    for document in documents.iterator(chunk_size=CHUNK):
        _file(found, document, seat.gst_code if seat is not None else "")
    for kind, nature in _DOCUMENT_KINDS:
        series = Document.objects.filter(day__range=days, kind=kind).values("series")
        for row in series.annotate(low=Min("number"), high=Max("number"), n=Count("id")).order_by("series"):
            found.issued.append((nature, row["low"], row["high"], row["n"]))
    return found


def as_json(found: Return) -> str:
    """The return as the portal's JSON; amounts have two decimals."""
    year, month = found.month.split("-")
    b2cs = [(place, rate, amounts) for (place, rate), amounts in sorted(found.b2cs.items()) if amounts != Amounts()]
    hsn = {
        name: [
            _hsn(number, *row)
            for number, row in enumerate(
                ((code, rate, *sums) for (registered, code, rate), sums in sorted(found.hsn.items()) if registered is who), 1
            )
        ]
        for name, who in (("hsn_b2b", True), ("hsn_b2c", False))
    }
    sections: dict[str, Any] = {
        "gstin": found.gstin,
        "fp": f"{month}{year}",
        "b2b": [{"ctin": gstin, "inv": [_registered(one, "inum", "idt") for one in own]} for gstin, own in _by(found.b2b, "gstin")],
        "b2cl": [{"pos": place, "inv": [_listed(one, "inum", "idt") for one in own]} for place, own in _by(found.b2cl, "place")],
        "b2cs": [_small(place, rate, amounts) for place, rate, amounts in b2cs],
        "cdnr": [
            {"ctin": gstin, "nt": [{"ntty": "C", **_registered(one, "nt_num", "nt_dt")} for one in own]}
            for gstin, own in _by(found.cdnr, "gstin")
        ],
        "cdnur": [
            {"typ": "B2CL", "ntty": "C", "pos": one.place, **_listed(one, "nt_num", "nt_dt")} for one in found.cdnur
        ],
        "nil": {
            "inv": [
                {"sply_ty": word, "expt_amt": _r(0), "nil_amt": _r(amount), "ngsup_amt": _r(0)}
                for word, amount in sorted(found.nil.items()) if amount
            ]
        },
        "hsn": {name: rows for name, rows in hsn.items() if rows},
        "doc_issue": {"doc_det": _counted(found)},
    }
    full = {name: part for name, part in sections.items() if part not in ([], {}, {"inv": []}, {"doc_det": []})}
    return _text(full)


def as_csv(found: Return) -> str:
    """The return as one table, a row for each document and rate, place and rate, or HSN and rate."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\r\n")
    sheet.writerow(CSV_COLUMNS)
    for row in _csv_rows(found):
        sheet.writerow(row)
    return out.getvalue()


def _file(found: Return, document: Document, seat: str) -> None:
    """Put one document where it belongs."""
    first = document.original or document
    is_note = first is not document
    inter = document.place_of_supply != seat
    items: Items = defaultdict(Amounts)
    for row in rows_of(document):
        items[row.rate_bp] += row.amounts
        _count_hsn(found, row, is_registered=document.registered, off=is_note)
    one = Issued(
        number=document.number, day=document.day, place=document.place_of_supply,
        gstin=str(document.recipient().get("gstin") or "") if document.registered else "",
        value_minor=document.total_minor, items=dict(items), original=first.number if is_note else "",
    )
    if document.registered:
        (found.cdnr if is_note else found.b2b).append(one)
    elif inter and first.total_minor > LARGE_MINOR:
        (found.cdnur if is_note else found.b2cl).append(one)
    else:
        for rate, amounts in items.items():
            signed = Amounts() - amounts if is_note else amounts
            if rate:
                found.b2cs[one.place, rate] += signed
            else:
                found.nil["INTRB2C" if inter else "INTRAB2C"] += signed.taxable_minor


def _count_hsn(found: Return, row: Row, *, is_registered: bool, off: bool) -> None:
    key = (is_registered, row.hsn, row.rate_bp)
    units, sums = found.hsn.get(key, (0, Amounts()))
    found.hsn[key] = (units - row.quantity, sums - row.amounts) if off else (units + row.quantity, sums + row.amounts)


def _registered(one: Issued, number: str, day: str) -> dict[str, Any]:
    return {**_listed(one, number, day), "pos": one.place, "rchrg": "N", "inv_typ": "R"}


def _listed(one: Issued, number: str, day: str) -> dict[str, Any]:
    return {
        number: one.number,
        day: f"{one.day:%d-%m-%Y}",
        "val": _r(one.value_minor),
        "itms": [
            {"num": place, "itm_det": {"rt": _r(rate), **_taxes(amounts)}}
            for place, (rate, amounts) in enumerate(sorted(one.items.items()), start=1)
        ],
    }


def _small(place: str, rate: int, amounts: Amounts) -> dict[str, Any]:
    seat = state_of(settings.SHOP_STATE)
    kind = "INTRA" if seat is not None and place == seat.gst_code else "INTER"
    return {"sply_ty": kind, "typ": "OE", "pos": place, "rt": _r(rate), **_taxes(amounts)}


def _hsn(number: int, code: str, rate: int, units: int, amounts: Amounts) -> dict[str, Any]:
    return {
        "num": number, "hsn_sc": code, "uqc": UNIT_QUANTITY_CODE, "qty": units, "rt": _r(rate), **_taxes(amounts),
    }


def _counted(found: Return) -> list[dict[str, Any]]:
    natures: dict[int, list[dict[str, Any]]] = {}
    for nature, low, high, count in found.issued:
        docs = natures.setdefault(nature, [])
        docs.append(
            {"num": len(docs) + 1, "from": low, "to": high, "totnum": count, "cancel": 0, "net_issue": count}
        )
    return [{"doc_num": nature, "docs": docs} for nature, docs in natures.items()]


def _taxes(amounts: Amounts) -> dict[str, Decimal]:
    return {
        "txval": _r(amounts.taxable_minor), "iamt": _r(amounts.igst_minor), "camt": _r(amounts.cgst_minor),
        "samt": _r(amounts.sgst_minor), "csamt": _r(0),
    }


def _by(documents: Iterable[Issued], name: str) -> list[tuple[str, list[Issued]]]:
    groups: dict[str, list[Issued]] = defaultdict(list)
    for one in documents:
        groups[getattr(one, name)].append(one)
    return sorted(groups.items())


def _csv_rows(found: Return) -> Iterator[tuple[object, ...]]:
    for section in ("b2b", "b2cl", "cdnr", "cdnur"):
        for one in getattr(found, section):
            head = (section, one.number, one.day.isoformat(), one.gstin, one.place, one.original)
            for rate, amounts in sorted(one.items.items()):
                yield (*head, "", "", *_figures(rate, amounts), rupees(one.value_minor))
    for (place, rate), amounts in sorted(found.b2cs.items()):
        yield ("b2cs", "", "", "", place, "", "", "", *_figures(rate, amounts), rupees(amounts.total_minor))
    for word, amount in sorted(found.nil.items()):
        yield ("nil", "", "", "", word, "", "", "", *_figures(0, Amounts(amount)), rupees(amount))
    for (registered, code, rate), (units, amounts) in sorted(found.hsn.items()):
        section = "hsn_b2b" if registered else "hsn_b2c"
        yield (section, "", "", "", "", "", code, units, *_figures(rate, amounts), rupees(amounts.total_minor))
    for nature, low, high, count in found.issued:
        yield ("doc_issue", low, "", "", "", high, nature, count, "", "", "", "", "", "")


def _figures(rate: int, amounts: Amounts) -> tuple[str, ...]:
    columns = (rate, amounts.taxable_minor, amounts.igst_minor, amounts.cgst_minor, amounts.sgst_minor)
    return tuple(rupees(column) for column in columns)


def _r(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)


def _text(value: Any) -> str:
    """JSON in which a decimal is a number with two places, which `json` cannot write."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_text(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return f"{value:.2f}" if isinstance(value, Decimal) else json.dumps(value)
