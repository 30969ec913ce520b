"""Settlements, their lines and disputes: the wrapper against the sandbox, through the genuine SDK."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from payments.gateways.base import GatewayOrder, GatewayRefused, GatewaySettlementLine
from payments.gateways.razorpay import RazorpayGateway
from tests.contracts.server import WAIT_S, Sandbox

Orders = Callable[..., GatewayOrder]
INDIA = timedelta(hours=5, minutes=30)


def today() -> datetime:
    return datetime.now(tz=UTC) + INDIA


@pytest.fixture
def payouts(own_sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox of its own: a payout takes everything that is there."""
    yield own_sandbox
    own_sandbox.stop()


def paid(sandbox: Sandbox, amount_minor: int = 100_000) -> str:
    order = sandbox.gateway().create_order(amount_minor=amount_minor, currency="INR", receipt=f"R-{amount_minor}", notes={})
    return str(sandbox.pay(order)["razorpayPaymentId"])


def lines(sandbox: Sandbox) -> list[GatewaySettlementLine]:
    return sandbox.gateway().settlement_lines(day=today().date())


def test_a_payment_is_settled_less_its_fee(payouts: Sandbox) -> None:
    payment_id = paid(payouts)
    payouts.control("settle")
    [line] = lines(payouts)
    assert (line.entity_id, line.kind, line.order_receipt) == (payment_id, "payment", "R-100000")
    assert (line.amount_minor, line.fee_minor, line.tax_minor, line.credit_minor) == (100_000, 2360, 360, 97_640)
    settlement = payouts.gateway().fetch_settlement(gateway_settlement_id=line.settlement_id or "")
    assert (settlement.amount_minor, settlement.fees_minor, settlement.tax_minor) == (97_640, 2360, 360)
    assert settlement.utr == line.utr


def test_a_changed_fee_shows_in_the_next_payment(payouts: Sandbox) -> None:
    payouts.control("fee", {"bp": 250})
    paid(payouts)
    payouts.control("settle")
    assert lines(payouts)[0].fee_minor == 2950


def test_a_line_left_out_is_paid_later(payouts: Sandbox) -> None:
    first, second = paid(payouts), paid(payouts, 50_000)
    payouts.script(recon={"omit": [first]})
    payouts.control("settle")
    assert [line.entity_id for line in lines(payouts)] == [second]
    payouts.script(recon={})
    payouts.control("settle")
    assert {line.entity_id for line in lines(payouts)} == {first, second}


def test_a_doubled_line_is_paid_twice(payouts: Sandbox) -> None:
    payment_id = paid(payouts)
    payouts.script(recon={"double": [payment_id]})
    settlement = payouts.control("settle")
    assert [line.entity_id for line in lines(payouts)] == [payment_id, payment_id]
    assert settlement["amount"] == 2 * 97_640


@pytest.mark.parametrize(("deduct", "debits_before"), [("open", 1), ("lost", 0)])
def test_a_lost_dispute_costs_its_amount_once(payouts: Sandbox, deduct: str, debits_before: int) -> None:
    payment_id = paid(payouts)
    made = payouts.control(f"dispute/{payment_id}", {"amount": 40_000, "deduct": deduct})
    payouts.control("settle")
    assert len([line for line in lines(payouts) if line.kind == "adjustment"]) == debits_before
    lost = payouts.gateway().accept_dispute(gateway_dispute_id=made["id"])
    assert (lost.status, lost.deducted_minor) == ("lost", 40_000)
    if not debits_before:
        payouts.control("settle")
    [line] = [line for line in lines(payouts) if line.kind == "adjustment"]
    assert (line.debit_minor, line.credit_minor, line.dispute_id) == (40_000, 0, made["id"])


def test_a_won_dispute_gives_back_what_was_taken(payouts: Sandbox) -> None:
    made = payouts.control(f"dispute/{paid(payouts)}", {"deduct": "open"})
    gateway = payouts.gateway()
    contested = gateway.contest_dispute(gateway_dispute_id=made["id"], amount_minor=100_000, summary="Delivered on the 3rd")
    assert contested.status == "under_review"
    payouts.control(f"dispute/{made['id']}/status", {"status": "won"})
    assert gateway.fetch_dispute(gateway_dispute_id=made["id"]).deducted_minor == 0
    payouts.control("settle")
    sides = [(line.debit_minor, line.credit_minor) for line in lines(payouts) if line.kind == "adjustment"]
    assert sorted(sides) == [(0, 100_000), (100_000, 0)]


def test_a_decided_dispute_cannot_be_moved(payouts: Sandbox) -> None:
    made = payouts.control(f"dispute/{paid(payouts)}")
    gateway = payouts.gateway()
    gateway.accept_dispute(gateway_dispute_id=made["id"])
    with pytest.raises(GatewayRefused):
        gateway.accept_dispute(gateway_dispute_id=made["id"])
    with pytest.raises(GatewayRefused):
        gateway.contest_dispute(gateway_dispute_id=made["id"], amount_minor=100, summary="late")


def test_disputes_are_listed_from_a_moment_on(payouts: Sandbox) -> None:
    made = payouts.control(f"dispute/{paid(payouts)}")
    now = datetime.now(tz=UTC)
    assert [row.id for row in payouts.gateway().disputes(since=now - timedelta(days=1))] == [made["id"]]
    assert payouts.gateway().disputes(since=now + timedelta(days=1)) == []


def test_the_bank_shows_each_payout_unless_it_is_bent(payouts: Sandbox) -> None:
    paid(payouts)
    settlement = payouts.control("settle")
    row = _statement(payouts)[0]
    assert (row["UTR"], row["Credit"]) == (settlement["utr"], "976.40")
    payouts.script(bank={"short": {settlement["id"]: 100}})
    assert _statement(payouts)[0]["Credit"] == "975.40"
    payouts.script(bank={"omit": [settlement["id"]]})
    assert _statement(payouts) == []


def test_unknown_ids_are_refused(gateway: RazorpayGateway) -> None:
    with pytest.raises(GatewayRefused):
        gateway.fetch_dispute(gateway_dispute_id="disp_nobody")
    with pytest.raises(GatewayRefused):
        gateway.fetch_settlement(gateway_settlement_id="setl_nobody")


def _statement(sandbox: Sandbox) -> list[dict[str, str]]:
    answer = requests.get(f"{sandbox.url}/bank-statement", timeout=WAIT_S)
    return list(csv.DictReader(answer.text.splitlines()))
