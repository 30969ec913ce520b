"""Settlements, statements, cash and the ledger over the API (A4, D5, PAINS 18)."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.timezone import localdate

from payments import bank_statement, journal
from payments.models import BankLine, Entry, Payment, Remittance, Settlement
from tests import makers
from tests.books.test_remittances import cash_order
from tests.books.test_settlements import book, line, paid, payout

pytestmark = pytest.mark.django_db

STATEMENT = "Date,Narration,Debit,Credit\n21/11/2026,NEFT CR RAZORPAY {utr},,976.40\n21/11/2026,Rent,500.00,\n"


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


def settled() -> Settlement:
    one = line(paid().gateway_payment_id or "")
    return book(payout(one), one)


def test_a_settlement_stands_beside_its_lines_and_the_bank() -> None:
    one, foreign = line(paid().gateway_payment_id or ""), line("pay_foreign0000001", amount_minor=50_000)
    settlement = book(payout(one, foreign, amount_minor=145_000), one, foreign)
    boss = makers.staff()
    row = read(boss.get("/admin/settlements"))["data"][0]
    assert row == read(boss.get(f"/admin/settlements/{settlement.gateway_settlement_id}"))
    assert (row["amount"], row["linesAmount"], row["linesDifference"]) == (145_000, 97_640 + 47_640, 280)
    assert (row["lineCount"], row["unmatchedCount"], row["fees"], row["tax"]) == (2, 1, 4720, 720)
    assert (row["bankAmount"], row["bankDifference"]) == (None, None)
    lines = read(boss.get(f"/admin/settlements/{settlement.gateway_settlement_id}/lines"))["data"]
    payment = Payment.objects.get(gateway_payment_id=one.entity_id)
    assert [(found["entityId"], found["paymentId"], found["orderId"]) for found in lines] == [
        (one.entity_id, str(payment.pk), payment.stream), (foreign.entity_id, None, None),
    ]


def test_settlements_are_found_by_day_and_utr() -> None:
    settlement = settled()
    boss = makers.staff()
    for query, count in (
        ({"utr": settlement.utr.lower()}, 1), ({"utr": "NONE"}, 0), ({"from": settlement.day, "to": settlement.day}, 1),
        ({"from": settlement.day + timedelta(days=1)}, 0), ({"to": settlement.day - timedelta(days=1)}, 0),
    ):
        assert read(boss.get("/admin/settlements", **query))["total"] == count
    assert boss.get("/admin/settlements", **{"from": "soon"}).status_code == 400
    assert boss.get("/admin/settlements/setl_none").status_code == 404


def test_the_list_costs_the_same_for_two_as_for_ten() -> None:
    boss = makers.staff()

    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            read(boss.get("/admin/settlements"))
        return len(found)

    for _ in range(2):
        settled()
    cost()
    before = cost()
    for _ in range(8):
        settled()
    assert cost() == before


def test_a_statement_is_imported_once_and_matched() -> None:
    settlement = settled()
    boss = makers.staff("money:write", "orders:read")
    body = {"csv": STATEMENT.format(utr=settlement.utr)}
    assert read(boss.post("/admin/bank-statements", body, key="statement-1"), 201) == {"lines": 2, "imported": 2}
    assert read(boss.post("/admin/bank-statements", body, key="statement-1"), 201) == {"lines": 2, "imported": 2}
    assert read(boss.post("/admin/bank-statements", body, key="statement-2"), 201) == {"lines": 2, "imported": 0}
    assert boss.post("/admin/bank-statements", {"csv": "x"}, key="statement-1").status_code == 422
    assert boss.post("/admin/bank-statements", body).status_code == 428
    assert BankLine.objects.count() == 2
    (matched,) = read(boss.get("/admin/bank-lines", matched="true"))["data"]
    assert (matched["settlementId"], matched["amount"]) == (settlement.gateway_settlement_id, 97_640)
    (waiting,) = read(boss.get("/admin/bank-lines", matched="false"))["data"]
    assert (waiting["settlementId"], waiting["amount"]) == (None, -50_000)
    assert read(boss.get("/admin/bank-lines"))["total"] == 2
    row = read(boss.get(f"/admin/settlements/{settlement.gateway_settlement_id}"))
    assert (row["bankAmount"], row["bankDifference"]) == (97_640, 0)


def test_a_bad_line_is_named_and_nothing_is_imported() -> None:
    boss = makers.staff()
    body = {"csv": "Date,Narration,Credit\n21/11/2026,x,5.00\n21/11/2026,x,5.005\n"}
    problem = read(boss.post("/admin/bank-statements", body, key="statement-3"), 422)
    assert [found["pointer"] for found in problem["errors"]] == ["#/lines/3"]
    assert not BankLine.objects.exists()
    huge = {"csv": "x" * 2_200_000}
    assert boss.post("/admin/bank-statements", huge, key="statement-4").status_code == 413


def test_a_carriers_list_is_booked_once() -> None:
    _, number, payment = cash_order()
    boss = makers.staff()
    rupees = journal.rupees(payment.amount_minor - 100)
    body = {"csv": f"carrier,reference,utr,date,awb,amount\nown_fleet,R-1,U-1,21/11/2026,{number},{rupees}\n"}
    made = read(boss.post("/admin/remittances", body, key="remittance-1"), 201)["items"][0]
    assert read(boss.post("/admin/remittances", body, key="remittance-2"), 201)["items"][0] == made
    (row,) = read(boss.get("/admin/remittances"))["data"]
    assert (row["parcelCount"], row["unknownCount"], row["shortAmount"], row["bankAmount"]) == (1, 0, 100, None)
    assert Remittance.objects.count() == 1
    other = {"csv": body["csv"].replace(rupees, "1.00")}
    assert boss.post("/admin/remittances", other, key="remittance-3").status_code == 409


def test_a_list_of_two_batches_is_booked_whole_or_not() -> None:
    _, number, _ = cash_order()
    boss = makers.staff()
    head = "carrier,reference,utr,date,awb,amount\n"
    first = f"own_fleet,R-1,U-1,21/11/2026,{number},1.00\n"
    read(boss.post("/admin/remittances", {"csv": head + first}, key="remittance-1"), 201)
    both = head + "own_fleet,R-2,U-2,21/11/2026,NEW-1,5.00\n" + first.replace("1.00", "2.00")
    assert boss.post("/admin/remittances", {"csv": both}, key="remittance-2").status_code == 409
    assert Remittance.objects.count() == 1


def test_the_journal_is_exported_and_balances() -> None:
    """PAINS 18: the same days give the same bytes, and its columns sum to the same."""
    settled()
    boss = makers.staff("orders:read")
    today = str(localdate(timezone.now()))
    answer = boss.get("/admin/journal.csv", **{"from": today, "to": today})
    text = answer.getvalue().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert answer["Content-Type"].startswith("text/csv")
    assert {row["entry"] for row in rows} == {str(pk) for pk in Entry.objects.values_list("pk", flat=True)}
    assert sum(_minor(row["debit"]) for row in rows) == sum(_minor(row["credit"]) for row in rows) > 0
    again = boss.get("/admin/journal.csv", **{"from": today, "to": today})
    assert again.getvalue().decode() == text


@pytest.mark.parametrize(
    "query", ["", "from=2026-01-01", "from=2026-01-02&to=2026-01-01", "from=2024-01-01&to=2026-01-01", "from=x&to=y"]
)
def test_a_span_that_is_none_is_refused(query: str) -> None:
    boss = makers.staff()
    assert boss.client.get(f"/admin/journal.csv?{query}", headers=boss.headers).status_code == 400


def test_balances_as_of_an_instant() -> None:
    before = timezone.now()
    settled()
    boss = makers.staff("orders:read")
    now = read(boss.get("/admin/journal/balances"))
    accounts = {row["account"]: row["balance"] for row in now["accounts"]}
    assert (accounts["settlement_transit"], accounts["gateway_fees"], accounts["customers"]) == (97_640, 2000, -100_000)
    assert now["debit"] == now["credit"]
    then = read(boss.get("/admin/journal/balances", at=before.isoformat()))
    assert {row["balance"] for row in then["accounts"]} == {0}


def _minor(text: str) -> int:
    return int(text.replace(".", "")) if text else 0


@pytest.mark.parametrize("text", ["x", "..", "%00", "%0a", "%F0%9F%98%80", "1" * 500, "'"])
def test_odd_ids_are_404(text: str) -> None:
    boss = makers.staff()
    for path in (f"/admin/settlements/{text}", f"/admin/settlements/{text}/lines"):
        assert boss.get(path).status_code == 404


def test_more_lines_than_a_request_has_time_for_are_matched_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_statement, "MATCHES_MAX", 2)
    found = [settled() for _ in range(5)]
    rows = "".join(f"21/11/2026,NEFT {one.utr},976.40\n" for one in found)
    body = {"csv": f"Date,Narration,Credit\n{rows}"}
    read(makers.staff().post("/admin/bank-statements", body, key="statement-9"), 201)
    assert BankLine.objects.exclude(settlement=None).count() == 2
    assert bank_statement.match_all(actor=makers.TESTER) == 3
    assert journal.balance("settlement_transit") == 0
