"""The edges of statements, lists and reports: limits, odd kinds of lines, and steps that were taken before (STYLE 21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payments import bank_statement, journal, operations, remittance_file, settlements
from payments.bank_statement import BadStatement
from payments.gateways import gateway
from payments.models import RAZORPAY, BankLine, Entry, SettlementLine
from payments.operations import BadRemittance, Handed
from payments.operations import bank_lines as writing
from payments.remittance_file import BadRemittanceFile
from tests.books.test_settlements import STATEMENT, book, line, paid, payout, remit
from tests.payments import makers

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db
HEADER = "Date,Narration,Credit\n"


def test_a_statement_has_a_limit_and_may_have_empty_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{HEADER}21/11/2026,A,1.00\n\n,,\n21/11/2026,B,1.00\n"
    monkeypatch.setattr(bank_statement, "ROWS_MAX", 2)
    assert len(bank_statement.read(text)) == 2
    monkeypatch.setattr(bank_statement, "ROWS_MAX", 1)
    with pytest.raises(BadStatement, match="at most 1"):
        bank_statement.read(text)


def test_a_cell_without_end_is_refused() -> None:
    with pytest.raises(BadStatement, match="no CSV"):
        bank_statement.read(f"{HEADER}21/11/2026,{'x' * 200_000},1.00\n")


def test_lists_of_cash_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remittance_file, "ROWS_MAX", 1)
    rows = "".join(f"x,R,U,21/11/2026,AWB{number},1.00\n" for number in range(2))
    with pytest.raises(BadRemittanceFile, match="at most 1"):
        remittance_file.read(f"carrier,reference,utr,date,awb,amount\n{rows}")
    monkeypatch.setattr(writing, "ROWS_MAX", 1)
    with pytest.raises(BadRemittance, match="at most 1"):
        remit(Handed("AWB1", 1), Handed("AWB2", 1))


def test_a_bank_line_is_matched_once() -> None:
    """Two hands found the same line waiting; the later one finds it matched (F17)."""
    one = line(paid().gateway_payment_id or "")
    settlement = book(payout(one), one)
    bank_statement.take(STATEMENT.format(utr=settlement.utr), actor=makers.TESTER)
    entries = Entry.objects.count()
    matched = BankLine.objects.get(settlement=settlement)
    again = makers.run(
        settlement.stream, lambda op: operations.match_bank_line(op, line_id=matched.pk, to=settlement)
    )
    assert again is None
    assert Entry.objects.count() == entries


@pytest.mark.parametrize(("kind", "entity_id"), [("transfer", "trf_foreign0000001"), ("adjustment", "adj_foreign0000001")])
def test_transfers_and_adjustments_of_nothing_we_know_stand_in_suspense(kind: str, entity_id: str) -> None:
    one = line(entity_id, kind, 1012)
    book(payout(one), one)
    assert not SettlementLine.objects.get().is_matched
    assert (journal.balance("suspense", ref=entity_id), journal.balance("settlement_transit")) == (1012, -1012)


def test_an_adjustment_of_a_dispute_that_is_known_later_leaves_suspense() -> None:
    one = line("adj_late000000001", "adjustment", 1012, dispute_id="disp_unknown00001")
    seen = payout(one)
    book(seen, one)
    book(seen, one)
    assert journal.balance("suspense", ref=one.entity_id) == 1012
    assert Entry.objects.count() == 1


def test_a_payout_the_gateway_does_not_know_is_left(shop_gateway: FakeGateway) -> None:
    """A notice may name what is gone, or what never was."""
    del shop_gateway
    assert settlements.follow(gateway(RAZORPAY), "setl_never") == 0


def test_a_report_of_lines_on_hold_alone_books_nothing(shop_gateway: FakeGateway) -> None:
    held: Any = line("pay_held0000000001", on_hold=True, settlement_id="setl_held")
    shop_gateway.lines = [held, line("pay_open0000000001", settled=False, settlement_id="setl_held")]
    assert settlements.read_day(held.settled_at.date()) == 2
    assert not SettlementLine.objects.exists()
