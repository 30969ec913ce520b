"""The paper: rule 46 and rule 53(1A) fields, tagged, in any script, the same bytes again."""

from __future__ import annotations

import re

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from orders.documents import paper, wording
from orders.documents.wording import in_words, percent, rupees_in_words
from orders.models import Document, Line, Person
from orders.pricing.india import check_gstin
from tests import makers
from tests.documents.makers import finish, give_back, invoice
from timeline import vault
from timeline.operations import operation

OURS, THEIRS = "29AAGCB7383J1Z4", "27AAPFU0939F1ZV"


@pytest.mark.parametrize(
    ("minor", "words"),
    [
        (0, "Rupees zero only"),
        (100, "Rupees one only"),
        (1_05, "Rupees one and five paise only"),
        (1_02_304_50, "Rupees one lakh two thousand three hundred and four and fifty paise only"),
        (10_00_00_000_00, "Rupees ten crore only"),
        (1_00_00_001_00, "Rupees one crore and one only"),
        (99_99_999_99, "Rupees ninety-nine lakh ninety-nine thousand nine hundred and ninety-nine and ninety-nine paise only"),
    ],
)
def test_amounts_in_words_count_in_lakh_and_crore(minor: int, words: str) -> None:
    assert rupees_in_words(minor) == words


_VALUES = {word: value for value, word in enumerate(wording._ONES)} | {
    word: ten * 10 for ten, word in enumerate(wording._TENS) if ten > 1
}
_SIZES = {"hundred": 100, "thousand": 1_000, "lakh": 100_000, "crore": 10_000_000}


@given(st.integers(0, 99 * 10_000_000))
def test_words_read_back(number: int) -> None:
    whole = part = 0
    for word in in_words(number).replace("-", " ").replace(" and ", " ").split():
        if word == "hundred":
            part *= 100
        elif word in _SIZES:
            whole, part = whole + part * _SIZES[word], 0
        else:
            part += _VALUES[word]
    assert whole + part == number


@pytest.mark.parametrize(("rate_bp", "text"), [(0, "0 %"), (250, "2.5 %"), (25, "0.25 %"), (1800, "18 %"), (4000, "40 %")])
def test_rates_are_written_without_noughts(rate_bp: int, text: str) -> None:
    assert percent(rate_bp) == text


@pytest.mark.django_db
@override_settings(SHOP_GSTIN=OURS)
def test_rule_46_an_invoice_says_everything_the_law_asks() -> None:
    assert check_gstin(OURS)
    assert check_gstin(THEIRS)
    order = makers.processing_order(
        quantity=3, shippingAddress=makers.address(state="IN-MH", city="Mumbai", postalCode="400001"),
        billingAddress=makers.address(name="Udyog Traders", gstin=THEIRS, state="IN-MH", city="Mumbai", postalCode="400002"),
    )
    issued = invoice(order)
    data = paper._data(issued)
    assert len(issued.number) <= 16
    assert data["supplier"]["gstin"] == OURS
    assert data["recipient"]["gstin"] == THEIRS
    assert data["recipient"]["billing"] == ["Udyog Traders", "12 Lake View", "Mumbai 400002", "Maharashtra (27)"]
    assert data["recipient"]["delivery"][0] == "Meera Nair"
    assert (data["place"], data["between"], data["taxes"], data["reverse"]) == ("Maharashtra (27)", True, ["IGST"], "No")
    row = data["rows"][0]
    assert (row["hsn"], row["quantity"], row["price"], row["rate"]) == ("6204", "3 NOS", "499.00", "18 %")
    assert (row["taxable"], row["taxes"], row["total"]) == ("1,497.00", ["269.46"], "1,766.46")
    assert data["words"].startswith("Rupees one thousand eight hundred")
    assert (issued.registered, issued.place_of_supply) == (True, "27")


@pytest.mark.django_db
def test_rule_53_a_credit_note_names_its_invoice_and_why() -> None:
    order = makers.processing_order()
    issued = invoice(order)
    line = Line.objects.get(order=order)
    note = finish(give_back(order, {line.pk: 1}))
    assert note is not None
    data = paper._data(note)
    assert (data["title"], data["original"]["number"], data["reason"]) == (
        "Credit note", issued.number, "Goods given back",
    )
    assert paper.pdf(note).startswith(b"%PDF")
    assert paper.file_name(note) == f"{note.number.replace('/', '-')}.pdf"


@pytest.mark.django_db
def test_the_pdf_is_accessible_and_the_same_again() -> None:
    """PDF/UA-1: tagged, titled, with a language and table headers; no date of printing in it."""
    issued = invoice(makers.processing_order(lines=3))
    made = paper.pdf(issued)
    assert made == paper.pdf(Document.objects.get(pk=issued.pk))
    assert b"StructTreeRoot" in made
    assert b"/Lang(en-IN)" in made
    assert b"pdfuaid:part" in made
    assert len(re.findall(rb"/TH\b", made)) == 11, "a header cell for every column"


@pytest.mark.django_db
@pytest.mark.parametrize("person", ["प्रिया श्रीवास्तव", "பிரியா", "প্রিয়া", "#panic() *bold* $x$"])
def test_names_of_every_script_are_printed_and_never_run(person: str) -> None:
    issued = invoice(makers.processing_order(shippingAddress=makers.address(name=person)))
    assert paper.pdf(issued).startswith(b"%PDF")


@pytest.mark.django_db
def test_z10_an_erased_recipient_leaves_the_document_and_its_sums() -> None:
    issued = invoice(makers.processing_order())
    with operation("test.erase", actor=makers.TESTER) as op:
        vault.destroy(op, Person.objects.get(orders=issued.order).key)
    again = Document.objects.get(pk=issued.pk)
    assert (again.recipient(), paper._data(again)["recipient"]["erased"]) == ({}, True)
    assert paper.pdf(again).startswith(b"%PDF")
