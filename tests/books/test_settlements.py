"""Settlements, the bank and cash: booked once, line by line; what is settled once leaves nothing (D5, A4)."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import timezone
from django.utils.timezone import localdate
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from payments import bank_statement, journal, operations, settlements
from payments.bank_statement import BadStatement
from payments.gateways.base import GatewaySettlement, GatewaySettlementLine
from payments.models import BankLine, Entry, Payment, Posting, Settlement, SettlementLine
from payments.operations import BadRemittance, Handed, RemittanceDiffers
from tests.payments import makers
from tests.payments.fake_gateway import FakeGateway, body_of, sign
from tests.thorough import many
from timeline import relay
from timeline.operations import operation

pytestmark = pytest.mark.django_db
_numbers = itertools.count(1)
AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def line(entity_id: str, kind: str = "payment", amount_minor: int = 100_000, **changes: Any) -> GatewaySettlementLine:
    fee = 2360 if kind == "payment" else 0
    debit, credit = (0, amount_minor - fee) if kind == "payment" else (amount_minor, 0)
    values: dict[str, Any] = {
        "debit_minor": debit, "credit_minor": credit, "amount_minor": amount_minor, "fee_minor": fee,
        "tax_minor": 360 if fee else 0, "currency": "INR", "on_hold": False, "settled": True, "settlement_id": None,
        "utr": None, "payment_id": None, "order_id": None, "order_receipt": None, "dispute_id": None, "method": "upi",
        "description": "", "created_at": AT, "settled_at": AT,
    }
    return GatewaySettlementLine(entity_id=entity_id, kind=kind, **{**values, **changes})


def payout(*lines: GatewaySettlementLine, amount_minor: int | None = None, id: str = "") -> GatewaySettlement:  # noqa: A002
    number = next(_numbers)
    net = sum(one.credit_minor - one.debit_minor for one in lines)
    return GatewaySettlement(
        id=id or f"setl_{number:014d}", amount_minor=net if amount_minor is None else amount_minor,
        fees_minor=sum(one.fee_minor for one in lines), tax_minor=sum(one.tax_minor for one in lines),
        utr=f"UTR{number:012d}", status="processed", created_at=AT,
    )


def book(seen: GatewaySettlement, *lines: GatewaySettlementLine) -> Settlement:
    found: Settlement = makers.run(
        f"settlement:{seen.id}", lambda op: operations.book_settlement(op, seen=seen, lines=lines)
    )
    return found


def owed(ref: str) -> int:
    return journal.balance("gateway_receivable", ref=ref)


def paid(amount_minor: int = 100_000) -> Payment:
    return makers.captured(amount_minor=amount_minor)


def test_a_settled_payment_is_owed_no_more() -> None:
    payment = paid()
    one = line(payment.gateway_payment_id or "")
    book(payout(one), one)
    assert owed(one.entity_id) == 0
    assert journal.balance("gateway_fees") == 2000
    assert journal.balance("fee_gst") == 360
    assert journal.balance("settlement_transit") == 97_640
    assert journal.balance("suspense") == 0


def test_a_settled_refund_is_owed_no_more() -> None:
    payment = paid()
    refund = makers.refund_in("processed", payment, amount_minor=40_000)
    lines = line(payment.gateway_payment_id or ""), line(refund.gateway_refund_id or "", "refund", 40_000)
    book(payout(*lines), *lines)
    assert [owed(one.entity_id) for one in lines] == [0, 0]
    assert journal.balance("settlement_transit") == 97_640 - 40_000


def test_reading_the_report_again_writes_nothing() -> None:
    one = line(paid().gateway_payment_id or "")
    seen = payout(one)
    book(seen, one)
    before = Entry.objects.count(), SettlementLine.objects.count()
    book(seen, one)
    assert (Entry.objects.count(), SettlementLine.objects.count()) == before


def test_a_line_that_comes_later_is_added() -> None:
    first, second = line(paid().gateway_payment_id or ""), line(paid().gateway_payment_id or "")
    seen = payout(first, second)
    book(seen, first)
    book(seen, first, second)
    assert [owed(one.entity_id) for one in (first, second)] == [0, 0]


def test_a_doubled_line_is_money_not_yet_explained() -> None:
    one = line(paid().gateway_payment_id or "")
    book(payout(one, one), one, one)
    assert owed(one.entity_id) == 0
    assert journal.balance("suspense") == -97_640
    assert list(SettlementLine.objects.order_by("occurrence").values_list("occurrence", flat=True)) == [1, 2]


def test_the_same_payment_in_another_payout_is_not_explained_either() -> None:
    one = line(paid().gateway_payment_id or "")
    book(payout(one), one)
    book(payout(one), one)
    assert owed(one.entity_id) == 0
    assert journal.balance("suspense") == -97_640


def test_an_unknown_line_waits_in_suspense_until_it_is_known() -> None:
    one = line("pay_late0000000001")
    seen = payout(one)
    book(seen, one)
    assert journal.balance("suspense") == -97_640
    payment = makers.captured(pay_id=one.entity_id, amount_minor=100_000)
    book(seen, one)
    assert SettlementLine.objects.get().payment_id == payment.pk
    assert (owed(one.entity_id), journal.balance("suspense")) == (0, 0)
    assert journal.balance("gateway_fees") == 2000
    book(seen, one)
    assert Entry.objects.count() == 3


def test_a_line_that_does_not_add_up_leaves_the_rest_in_suspense() -> None:
    one = line(paid().gateway_payment_id or "", credit_minor=97_000)
    book(payout(one), one)
    assert owed(one.entity_id) == 0
    assert journal.balance("suspense") == 640


def test_the_report_is_read_from_the_gateway(shop_gateway: FakeGateway, transactional_db: Any, client: Any) -> None:
    """The notice of a payout makes us read its day; lines on hold are left."""
    one = line(paid().gateway_payment_id or "")
    seen = payout(one)
    shop_gateway.settlements[seen.id] = seen
    held = line("pay_held0000000001", on_hold=True, settlement_id=seen.id)
    shop_gateway.lines = [line(one.entity_id, settlement_id=seen.id), held]
    body = body_of("settlement.processed", settlement={"id": seen.id, "amount": 1})
    answer = client.post(
        "/webhooks/razorpay", data=body, content_type="application/json",
        headers={"X-Razorpay-Signature": sign(body), "X-Razorpay-Event-Id": "evt_settlement01"},
    )
    assert answer.status_code == 200
    relay.drain()
    assert SettlementLine.objects.count() == 1
    assert owed(one.entity_id) == 0
    assert settlements.read_day(localdate(AT)) == 2
    assert Settlement.objects.count() == 1


STATEMENT = """My Bank Ltd,,,
Account,12345,,
Date,Narration,Debit,Credit
21/11/2026,NEFT CR RAZORPAY {utr},,"976.40"
21/11/2026,Rent,"10,000.00",
"""


def test_a_bank_line_is_matched_by_its_utr() -> None:
    one = line(paid().gateway_payment_id or "")
    settlement = book(payout(one), one)
    assert bank_statement.take(STATEMENT.format(utr=settlement.utr), actor=makers.TESTER) == (2, 1)
    assert journal.balance("bank") == 97_640
    assert journal.balance("settlement_transit") == 0
    assert bank_statement.take(STATEMENT.format(utr=settlement.utr), actor=makers.TESTER) == (0, 0)
    assert BankLine.objects.filter(settlement=settlement).count() == 1


def test_a_short_bank_line_leaves_the_rest_on_its_way() -> None:
    one = line(paid().gateway_payment_id or "")
    settlement = book(payout(one), one)
    short = STATEMENT.format(utr=settlement.utr).replace("976.40", "970.00")
    bank_statement.take(short, actor=makers.TESTER)
    assert journal.balance("settlement_transit", ref=settlement.gateway_settlement_id) == 97_640 - 97_000


def test_a_bank_line_before_its_settlement_is_matched_when_that_is_read() -> None:
    one = line(paid().gateway_payment_id or "")
    seen = payout(one)
    assert bank_statement.take(STATEMENT.format(utr=seen.utr), actor=makers.TESTER) == (2, 0)
    book(seen, one)
    assert bank_statement.match_waiting(actor=makers.TESTER) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Date,Narration\n21/11/2026,x\n",
        "Date,Credit\n31/02/2026,1.00\n",
        "Date,Credit\n21/11/2026,1.005\n",
        "Date,Credit\n21/11/2026,one\n",
        "Date,Credit\n21/11/2026,0\n",
        "Date,Credit\n20/11/2026,1.00\n21/11/2026,=1+1\n",
    ],
)
def test_a_statement_that_cannot_be_read_imports_nothing(text: str) -> None:
    with pytest.raises(BadStatement):
        bank_statement.take(text, actor=makers.TESTER)
    assert not BankLine.objects.exists()


def test_two_equal_lines_of_one_statement_are_two() -> None:
    text = "Date,Narration,Credit\n21/11/2026,CASH,5.00\n21/11/2026,CASH,5.00\n"
    assert bank_statement.take(text, actor=makers.TESTER)[0] == 2


def remit(*rows: Handed, reference: str = "R-1") -> Any:
    with operation("test.remit", actor=makers.TESTER) as op:
        return operations.book_remittance(
            op, carrier="bluedart", reference=reference, utr="CODUTR000001", day=date(2026, 11, 20), handed=rows
        )


def test_cash_handed_over_is_owed_no_more_and_short_cash_stays_owed() -> None:
    whole, short = makers.captured_cash(amount_minor=50_000), makers.captured_cash(amount_minor=30_000)
    remit(Handed("AWB1", 50_000, whole.pk), Handed("AWB2", 29_000, short.pk))
    assert journal.balance("cod_receivable", ref=whole.pk.hex) == 0
    assert journal.balance("cod_receivable", ref=short.pk.hex) == 1_000
    text = "Date,Narration,Credit\n21/11/2026,NEFT CODUTR000001 BLUEDART,790.00\n"
    assert bank_statement.take(text, actor=makers.TESTER) == (1, 1)
    assert journal.balance("settlement_transit") == 0


def test_a_remittance_is_booked_once_and_another_of_its_reference_is_refused() -> None:
    payment = makers.captured_cash(amount_minor=50_000)
    first = remit(Handed("AWB1", 50_000, payment.pk))
    assert remit(Handed("AWB1", 50_000, payment.pk)) == first
    with pytest.raises(RemittanceDiffers):
        remit(Handed("AWB1", 49_999, payment.pk))
    with pytest.raises(BadRemittance):
        remit(Handed("AWB1", 1), Handed("AWB1", 1), reference="R-2")
    assert journal.balance("cod_receivable") == 0


def test_cash_of_an_unknown_parcel_waits_in_suspense() -> None:
    remit(Handed("AWB9", 700))
    assert journal.balance("suspense") == -700


class Books(TestCase):
    """Random captures, refunds and payouts, some lines missing, some twice."""

    @settings(max_examples=many(25))
    @given(
        st.lists(
            st.tuples(st.integers(10_000, 10_000_000), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6
        )
    )
    def test_what_was_settled_once_comes_to_zero(self, wishes: list[tuple[int, int, int]]) -> None:
        """`times` 0 is a line left out, 2 a line paid twice; a part of some payments goes back."""
        lines: list[GatewaySettlementLine] = []
        expected: dict[str, int] = {}
        for amount_minor, quarters, times in wishes:
            payment = paid(amount_minor)
            ref = payment.gateway_payment_id or ""
            lines += [line(ref, amount_minor=amount_minor, credit_minor=amount_minor - 2360)] * times
            expected[ref] = 0 if times else amount_minor
            if quarters:
                refund = makers.refund_in("processed", payment, amount_minor=amount_minor * quarters // 4)
                ref = refund.gateway_refund_id or ""
                lines += [line(ref, "refund", refund.amount_minor)] * times
                expected[ref] = 0 if times else -refund.amount_minor
        if lines:
            book(payout(*lines), *lines)
        assert sum(Posting.objects.values_list("amount_minor", flat=True)) == 0
        assert {ref: owed(ref) for ref in expected} == expected
        assert journal.balance("settlement_transit") == sum(one.credit_minor - one.debit_minor for one in lines)


def test_the_day_of_a_settlement_is_indias() -> None:
    late = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    one = line(paid().gateway_payment_id or "")
    seen = payout(one)
    object.__setattr__(seen, "created_at", late)
    assert book(seen, one).day == date(2026, 11, 21)
    assert timezone.is_aware(Settlement.objects.get().settled_at)


def test_a_line_is_known_by_our_receipt_before_any_notice_told_us_of_the_money() -> None:
    """The capture's notice was lost (F30): the line is ours by our own number, and the capture closes it later."""
    payment = makers.created()
    one = line("pay_receipt0000001", order_receipt=payment.receipt, amount_minor=payment.amount_minor)
    book(payout(one), one)
    assert SettlementLine.objects.get().payment_id == payment.pk
    assert owed(one.entity_id) == -payment.amount_minor
    makers.see(payment, id=one.entity_id, status="captured")
    assert owed(one.entity_id) == 0


def test_two_payments_of_one_receipt_are_not_guessed_apart() -> None:
    payment = makers.created()
    lines = [line(f"pay_twin000000000{n}", order_receipt=payment.receipt, amount_minor=5000) for n in (1, 2)]
    book(payout(*lines), *lines)
    assert not SettlementLine.objects.exclude(payment=None).exists()


def test_a_payment_in_two_payouts_before_it_is_known_is_settled_once() -> None:
    one = line("pay_late0000000002")
    first, second = payout(one), payout(one)
    book(first, one)
    book(second, one)
    makers.captured(pay_id=one.entity_id, amount_minor=100_000)
    book(first, one)
    book(second, one)
    assert (owed(one.entity_id), journal.balance("suspense")) == (0, -97_640)


def test_a_second_line_of_a_payment_that_is_known_later_stays_in_suspense() -> None:
    one = line("pay_late0000000003")
    seen = payout(one, one)
    book(seen, one, one)
    makers.captured(pay_id=one.entity_id, amount_minor=100_000)
    book(seen, one, one)
    assert (owed(one.entity_id), journal.balance("suspense")) == (0, -97_640)
    assert not SettlementLine.objects.filter(payment=None).exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (("Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance\n"
         '21/11/26,NEFT,0000123,21/11/26,,"1,23,456.70",1.00\n'), ("0000123", 12_345_670)),
        (("Txn Date,Value Date,Description,Ref No./Cheque No.,Debit,Credit,Balance\n"
         "21 Nov 2026,20 Nov 2026,TO TRANSFER,R1,500.00,,1.00\n"), ("R1", -50_000)),
        ("Tran Date,CHQNO,PARTICULARS,DR,CR,BAL\n21-11-2026,,=HYPERLINK(1),,5.5,1\n", ("", 550)),
        ("Date,Description,Amount,Dr / Cr\n2026-11-21,RENT,5.00,DR\n", ("", -500)),
        ("Date,Description,UTR,Reference,Amount\n2026-11-21,RENT,U1,R1,-5.00\n", ("U1", -500)),
    ],
)
def test_the_headers_of_indian_banks(text: str, said: tuple[str, int]) -> None:
    (row,) = bank_statement.read(text)
    assert (row.day, row.utr, row.amount_minor) == (date(2026, 11, 21), *said)


@pytest.mark.parametrize(
    "row", ["21/11/0001,x,1.00", "21/11/2026,x,999999999999.00", '21/11/2026,x,"1,2"', "21/11/2026,x,1,234.00", "21/11/2026,x,१", "21/11/2026,x,+1"]
)
def test_numbers_and_days_beyond_reason_are_refused(row: str) -> None:
    """F62: what no column could hold never reaches the database."""
    with pytest.raises(BadStatement):
        bank_statement.read(f"Date,Narration,Credit\n{row}\n")


def test_a_side_that_is_not_said_is_not_guessed() -> None:
    with pytest.raises(BadStatement):
        bank_statement.read("Date,Amount,Type\n21/11/2026,5.00,?\n")


def test_control_characters_of_a_narration_are_taken_for_spaces() -> None:
    """F63: a NUL never reaches the database."""
    (row,) = bank_statement.read('Date,Narration,Credit\n21/11/2026,"NEFT\x00 CR\n RAZORPAY",5.00\n')
    assert row.narration == "NEFT CR RAZORPAY"


def test_a_payout_the_gateway_will_not_show_stops_no_other(shop_gateway: FakeGateway, transactional_db: Any) -> None:
    lines = [line(paid().gateway_payment_id or "", settlement_id=f"setl_shown{number}") for number in (1, 2)]
    shop_gateway.lines = lines
    shop_gateway.settlements["setl_shown2"] = payout(lines[1], id="setl_shown2")
    assert settlements.read_day(localdate(AT)) == 2
    assert [owed(one.entity_id) for one in lines] == [100_000, 0]
