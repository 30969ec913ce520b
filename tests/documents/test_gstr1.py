"""The monthly return equals the documents, which equal the ledger (PAINS 24, idea 12)."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils.timezone import localdate

from orders.documents import gstr1
from orders.models import Document, Line, Order
from orders.pricing.supply import Amounts
from payments import journal
from tests import makers
from tests.documents.makers import finish, give_back, invoice

pytestmark = pytest.mark.django_db
THEIRS = "27AAPFU0939F1ZV"
COLUMNS = ("taxable_minor", "cgst_minor", "sgst_minor", "igst_minor")


def month() -> str:
    return f"{localdate():%Y-%m}"


def order_to(state: str, *, price_minor: int = 49_900, rate_bp: int = 1800, gstin: str | None = None) -> Order:
    sku = makers.product(price_minor=price_minor, gst_rate_bp=rate_bp).sku
    pin = {"IN-KA": "560001", "IN-MH": "400001"}[state]
    address = makers.address(state=state, postalCode=pin)
    more = {"billingAddress": {**address, "gstin": gstin}} if gstin else {}
    return makers.processing_order(skus=[sku], quantity=2, shippingAddress=address, **more)


def returned(order: Order) -> Document:
    line = Line.objects.filter(order=order)[0]
    note = finish(give_back(order, {line.pk: 1}))
    assert note is not None
    return note


@pytest.fixture
def busy_month() -> dict[str, Order]:
    """One of each section, each with a credit note."""
    orders = {
        "b2b": order_to("IN-MH", gstin=THEIRS),
        "b2cl": order_to("IN-MH", price_minor=6_000_000),
        "b2cs": order_to("IN-KA"),
        "b2cs inter": order_to("IN-MH", rate_bp=500),
        "nil": order_to("IN-KA", rate_bp=0),
    }
    for order in orders.values():
        invoice(order)
        returned(order)
    return orders


def sums_of_documents() -> Amounts:
    totals = {
        kind: Amounts(*(row[name] for name in COLUMNS))
        for kind in ("invoice", "credit_note")
        for row in [Document.objects.filter(kind=kind).aggregate(**{name: Sum(name) for name in COLUMNS})]
    }
    return totals["invoice"] - totals["credit_note"]


@pytest.mark.usefixtures("busy_month")
def test_the_return_equals_the_documents_and_the_ledger() -> None:
    found = gstr1.gather(month())
    assert found.total() == sums_of_documents()
    assert sum((amounts for _, amounts in found.hsn.values()), Amounts()) == sums_of_documents()
    for tax in ("cgst", "sgst", "igst"):
        assert -journal.balance(f"{tax}_payable") == getattr(found.total(), f"{tax}_minor")


def test_every_section_has_the_portals_names(busy_month: dict[str, Order]) -> None:
    made: dict[str, Any] = json.loads(gstr1.as_json(gstr1.gather(month())), parse_float=Decimal)
    assert set(made) == {"gstin", "fp", "b2b", "b2cl", "b2cs", "cdnr", "cdnur", "nil", "hsn", "doc_issue"}
    year, number = month().split("-")
    assert made["fp"] == f"{number}{year}"
    b2b = made["b2b"][0]
    assert (b2b["ctin"], b2b["inv"][0]["pos"], b2b["inv"][0]["inv_typ"]) == (THEIRS, "27", "R")
    issued = Document.objects.get(order=busy_month["b2b"], kind="invoice")
    assert b2b["inv"][0]["inum"] == issued.number
    assert b2b["inv"][0]["val"] == Decimal(issued.total_minor) / 100
    assert made["cdnr"][0]["nt"][0]["ntty"] == "C"
    large = Document.objects.get(order=busy_month["b2cl"], kind="credit_note")
    assert (made["b2cl"][0]["pos"], made["cdnur"][0]["nt_num"]) == ("27", large.number)
    assert {(row["sply_ty"], row["pos"], row["rt"]) for row in made["b2cs"]} == {("INTRA", "29", 18), ("INTER", "27", 5)}
    assert made["nil"]["inv"][0]["sply_ty"] == "INTRAB2C"
    assert made["doc_issue"]["doc_det"][0]["docs"][0]["totnum"] == 5
    assert [part["doc_num"] for part in made["doc_issue"]["doc_det"]] == [1, 5]


def test_the_threshold_of_large_invoices_is_above_one_lakh(busy_month: dict[str, Order]) -> None:
    """A credit note is filed with its invoice, however small it is."""
    found = gstr1.gather(month())
    assert [one.value_minor > gstr1.LARGE_MINOR for one in found.b2cl] == [True]
    assert [one.value_minor > gstr1.LARGE_MINOR for one in found.cdnur] == [False]
    assert busy_month["b2cs inter"].total_minor < gstr1.LARGE_MINOR


@pytest.mark.usefixtures("busy_month")
def test_the_table_says_the_same_in_rupees() -> None:
    rows = list(csv.DictReader(io.StringIO(gstr1.as_csv(gstr1.gather(month())))))
    signs = {"b2b": 1, "b2cl": 1, "b2cs": 1, "nil": 1, "cdnr": -1, "cdnur": -1}
    taxable = sum(signs[row["section"]] * Decimal(row["taxableValue"]) for row in rows if row["section"] in signs)
    assert taxable == Decimal(sums_of_documents().taxable_minor) / 100
    assert gstr1.as_csv(gstr1.gather(month())) == gstr1.as_csv(gstr1.gather(month())), "the same month gives the same bytes"


def test_an_empty_month_has_no_sections() -> None:
    assert json.loads(gstr1.as_json(gstr1.gather("2031-01"))) == {"gstin": "", "fp": "012031"}


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "1999-01", "२०२६-०१", "2026-11-01"])
def test_a_month_is_a_month(text: str) -> None:
    with pytest.raises(gstr1.MonthInvalid):
        gstr1.gather(text)


@pytest.mark.usefixtures("busy_month")
def test_the_command_and_the_api_say_what_the_export_says() -> None:
    wanted = gstr1.as_json(gstr1.gather(month()))
    out = io.StringIO()
    call_command("gstr1", month(), stdout=out)
    assert out.getvalue().strip() == wanted
    out = io.StringIO()
    call_command("gstr1", month(), "--csv", stdout=out)
    assert out.getvalue().startswith("section,number")
    with pytest.raises(CommandError):
        call_command("gstr1", "soon")

    staff = makers.staff("orders:read", "customers:read")
    assert staff.get("/admin/gstr1", month=month()).content.decode() == wanted
    assert staff.get("/admin/gstr1.csv", month=month())["Content-Type"].startswith("text/csv")
    assert staff.get("/admin/gstr1", month="soon").status_code == 422
    assert staff.get("/admin/gstr1").status_code == 400
    assert makers.customer().get("/admin/gstr1", month=month()).status_code == 403
