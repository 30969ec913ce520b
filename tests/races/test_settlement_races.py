"""Payouts and files under many hands, on a real server: what is settled or imported once is booked once (F17, D5)."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from payments import bank_statement, journal
from payments.models import BankLine, Entry, SettlementLine
from payments.operations import settlements
from tests.books.test_settlements import STATEMENT, book, line, owed, paid, payout
from tests.payments import makers
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HANDS = 8
PAUSE_SECONDS = 0.3


def race(*jobs: Callable[[], Any]) -> None:
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> None:
        try:
            barrier.wait(30)
            retried(job)()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(run, job) for job in jobs]:
            done.result()


def settle_in_two_payouts(monkeypatch: pytest.MonkeyPatch) -> str:
    """One payment in two payouts that are read at once, the look at other payouts drawn out."""
    one = line(paid().gateway_payment_id or "")
    look = settlements._settled_elsewhere

    def slowly(*args: Any) -> Any:
        found = look(*args)
        time.sleep(PAUSE_SECONDS)
        return found

    monkeypatch.setattr(settlements, "_settled_elsewhere", slowly)
    race(partial(book, payout(one), one), partial(book, payout(one), one))
    return one.entity_id


def test_a_payment_in_two_payouts_at_once_is_settled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ref = settle_in_two_payouts(monkeypatch)
    assert (owed(ref), journal.balance("suspense")) == (0, -97_640)


def test_control_without_the_lock_it_is_settled_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlements, "_one_at_a_time", lambda _: None)
    ref = settle_in_two_payouts(monkeypatch)
    assert owed(ref) == -100_000


def test_one_report_read_by_many_is_booked_once() -> None:
    one = line(paid().gateway_payment_id or "")
    seen = payout(one)
    race(*[lambda: book(seen, one)] * HANDS)
    assert SettlementLine.objects.count() == 1
    assert Entry.objects.filter(kind__startswith="settlement.").count() == 1


def test_one_statement_imported_by_many_is_matched_once() -> None:
    one = line(paid().gateway_payment_id or "")
    settlement = book(payout(one), one)
    text = STATEMENT.format(utr=settlement.utr)
    race(*[lambda: bank_statement.take(text, actor=makers.TESTER)] * HANDS)
    assert BankLine.objects.count() == 2
    assert (journal.balance("bank"), journal.balance("settlement_transit")) == (97_640, 0)
