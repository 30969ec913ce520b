"""Settlements and books in the console: drawn whole, files brought in once, bad lines named (UX B5)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import Order
from payments.journal import CHART
from payments.models import BankLine, Payment, Remittance, RemittanceLine, Settlement
from payments.operations import book_settlement
from tests import makers
from tests.books.test_remittances import cash_order
from tests.books.test_settlements import line, payout
from tests.pages.markup import Page, check
from timeline.operations import operation

pytestmark = pytest.mark.django_db

LIST = "/console/settlements/"
STATEMENT = 'Date,Narration,Debit,Credit\n21/11/2026,NEFT CR RAZORPAY {utr},,"{rupees}"\n21/11/2026,Rent,500.00,\n'


def settled(order: Order) -> Settlement:
    """A payout with the order's payment, once too often, and with a payment nobody knows."""
    payment = Payment.objects.get(stream=str(order.pk))
    one = line(payment.gateway_payment_id or "", amount_minor=payment.amount_minor)
    lines = [one, one, line("pay_foreign0000001")]
    seen = payout(*lines)
    with operation("test.settle", actor=makers.TESTER, stream=f"settlement:{seen.id}") as op:
        return book_settlement(op, seen=seen, lines=lines)


def page_of(client: Client, path: str) -> tuple[Page, str]:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    text = response.content.decode()
    return check(text), text


def bring(client: Client, path: str, which: str, content: bytes, **values: str) -> Any:
    """Send a file as the form on the list does."""
    page, _ = page_of(client, LIST)
    file = SimpleUploadedFile("bank.csv", content, content_type="text/csv")
    return client.post(path, {**page.hidden, **values, f"{which}-file": file})


def test_empty_pages_say_what_comes(asha: Client) -> None:
    _, text = page_of(asha, LIST)
    assert "No payout yet" in text
    page_of(asha, "/console/books/")


def test_a_payout_and_its_lines_are_drawn(asha: Client) -> None:
    order = makers.paid_order()
    settlement = settled(order)
    _, text = page_of(asha, LIST)
    assert settlement.utr in text
    page, text = page_of(asha, f"{LIST}{settlement.gateway_settlement_id}/")
    assert f"/console/orders/{order.number}/" in page.links
    assert "Twice" in text
    assert text.index("pay_foreign0000001") < text.index(order.number), "the unexplained come first"
    assert asha.get(f"{LIST}setl_none/").status_code == 404


def test_a_statement_is_imported_and_matched(asha: Client) -> None:
    settlement = settled(makers.paid_order())
    rupees = f"{settlement.amount_minor // 100}.{settlement.amount_minor % 100:02d}"
    content = STATEMENT.format(utr=settlement.utr, rupees=rupees).encode("utf-8-sig")
    answer = bring(asha, f"{LIST}statement/", "statement", content)
    assert (answer.status_code, answer.headers["Location"]) == (302, LIST)
    assert BankLine.objects.get(amount_minor__gt=0).settlement == settlement
    _, text = page_of(asha, LIST)
    assert "1 line waits" in text
    assert "Rent" in text
    bring(asha, f"{LIST}statement/", "statement", content)
    assert BankLine.objects.count() == 2


def test_another_file_under_the_same_form_is_not_taken_for_its_twin(asha: Client) -> None:
    """A person goes back, chooses the next file and sends again: it must not be passed over in silence."""
    page, _ = page_of(asha, LIST)
    answers = []
    for narration in ("One", "One", "Two"):
        file = SimpleUploadedFile("bank.csv", f"Date,Narration,Credit\n21/11/2026,{narration},5.00\n".encode())
        answers.append(asha.post(f"{LIST}statement/", {**page.hidden, "statement-file": file}).status_code)
    assert answers == [302, 302, 422]
    assert BankLine.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Date,Narration,Credit\n21/11/2026,x,5.00\n21/11/2026,x,5.005\n", "Line 3"),
        (b"\xff\xfe", "not UTF-8"),
        (b"nothing", "no header"),
        (b"", "empty"),
    ],
)
def test_a_bad_file_is_refused_in_words(asha: Client, content: bytes, says: str) -> None:
    answer = bring(asha, f"{LIST}statement/", "statement", content)
    text = answer.content.decode()
    check(text)
    assert answer.status_code == 422
    assert says in text
    assert not BankLine.objects.exists()


def test_a_file_beyond_the_limit_is_refused(asha: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.pages.settlements.FILE_BYTES_MAX", 10)
    assert bring(asha, f"{LIST}statement/", "statement", b"Date,Narration,Credit\n").status_code == 422


def test_cash_is_booked_from_a_carriers_list(asha: Client) -> None:
    _, number, payment = cash_order()
    content = f"carrier,reference,utr,date,awb,amount\nown_fleet,DRIVER-7,,21/11/2026,{number},1.00\n".encode()
    answer = bring(asha, f"{LIST}cash/", "cash", content)
    assert answer.status_code == 302
    assert RemittanceLine.objects.get().payment == payment
    _, text = page_of(asha, LIST)
    assert "DRIVER-7" in text
    other = bring(asha, f"{LIST}cash/", "cash", content.replace(b"1.00", b"2.00"))
    assert other.status_code == 409
    check(other.content.decode())
    assert Remittance.objects.count() == 1


def test_the_trial_balance_as_of_a_day(asha: Client) -> None:
    settled(makers.paid_order())
    page, text = page_of(asha, "/console/books/")
    assert "Receivable from the gateway" in text
    assert [form["action"] for form in page.forms if "journal" in form["action"]] == ["/admin/journal.csv"]
    _, text = page_of(asha, "/console/books/?day=2001-01-01")
    assert text.count("₹0.00") == len(CHART) * 3 + 2
    for day in ("soon", "0001-01-01", "2026-02-30"):
        answer = asha.get("/console/books/", {"day": day})
        assert answer.status_code == 422
        check(answer.content.decode())


def test_strangers_are_sent_away() -> None:
    for path in (LIST, f"{LIST}x/", "/console/books/"):
        assert Client().get(path).status_code == 302
    for path in (f"{LIST}statement/", f"{LIST}cash/"):
        assert Client().post(path).status_code == 302


def test_a_list_costs_the_same_however_long(asha: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            page_of(asha, LIST)
        return len(found)

    settled(makers.paid_order())
    cost()
    before = cost()
    for _ in range(5):
        settled(makers.paid_order())
    assert cost() == before


def test_older_payouts_are_a_page_away_and_a_foreign_cursor_shows_the_newest(
    asha: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.pages.settlements.PAGE_ROWS", 1)
    first, second = settled(makers.paid_order()), settled(makers.paid_order())
    page, text = page_of(asha, LIST)
    shown = [one for one in (first, second) if one.gateway_settlement_id in text]
    assert len(shown) == 1
    (older,) = [link for link in page.links if "cursor=" in link]
    _, text = page_of(asha, LIST + older)
    assert [one for one in (first, second) if one.gateway_settlement_id in text] != shown
    page_of(asha, f"{LIST}?cursor=x")
