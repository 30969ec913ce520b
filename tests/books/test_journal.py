"""The general ledger: balanced by the database, made by events, never edited."""

from __future__ import annotations

import csv
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.timezone import localdate

from payments import journal, operations
from payments.models import ClosedDay, Entry, Payment, Posting
from tests.payments.makers import TESTER, captured, captured_cash, do, refund_in, see
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def sums(stream: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for posting in journal.of_stream(stream):
        found[posting.account_id] = found.get(posting.account_id, 0) + posting.amount_minor
    return {account: amount for account, amount in found.items() if amount}


def test_capture_is_booked_with_its_own_event() -> None:
    payment = captured()
    entry = Entry.objects.get(stream=payment.stream)
    assert entry.event.kind == "payment.captured"
    assert sums(payment.stream) == {
        "gateway_receivable": payment.amount_minor,
        "customers": -payment.amount_minor,
    }


def test_cash_is_owed_by_the_carrier() -> None:
    payment = captured_cash()
    assert sums(payment.stream) == {"cod_receivable": payment.amount_minor, "customers": -payment.amount_minor}


def test_only_a_processed_refund_moves_the_ledger() -> None:
    """PAINS 7: asked, accepted, in doubt and failed refunds book nothing."""
    payment = captured()
    for state in ("requested", "pending", "in_doubt", "failed", "declined"):
        refund_in(state, payment, amount_minor=1000)
    assert Entry.objects.filter(stream=payment.stream).count() == 1
    refund_in("processed", payment, amount_minor=1000)
    assert sums(payment.stream)["gateway_receivable"] == payment.amount_minor - 1000


def test_second_capture_and_its_way_back_leave_nothing_at_the_customer() -> None:
    """F22: what came twice and went back once leaves what was due."""
    payment = captured()
    see(payment, id="pay_second00000001", status="captured")
    twin = Payment.objects.get(gateway_payment_id="pay_second00000001")
    do(twin.refunds.get(), operations.finish_refund, gateway_refund_id="rfnd_twin")
    assert sums(payment.stream) == {
        "gateway_receivable": payment.amount_minor,
        "customers": -payment.amount_minor,
    }


def test_a_repeat_books_nothing() -> None:
    """F17: the same capture seen again."""
    payment = captured(pay_id="pay_repeat00000001")
    see(payment, id="pay_repeat00000001", status="captured")
    assert Entry.objects.filter(stream=payment.stream).count() == 1


def event_of(stream: str) -> Event:
    return Event.objects.filter(stream=stream).latest("id")


def raw(stream: str, *amounts: int, **changes: Any) -> None:
    """Write an entry beside the journal, as a hand at the database would."""
    now = timezone.now()
    entry = Entry(
        id=uuid.uuid4(), event=event_of(stream), stream=stream, kind="by.hand", day=localdate(now), at=now,
        currency="INR",
    )
    for name, value in changes.items():
        setattr(entry, name, value)
    Posting.objects.bulk_create(
        Posting(entry_id=entry.pk, account_id="bank", amount_minor=amount, stream=stream) for amount in amounts
    )
    entry.save(force_insert=True)


def unbooked() -> str:
    """A story whose newest event is not in the books."""
    return refund_in("pending").stream


@pytest.mark.parametrize("amounts", [(5, -4), (1,), ()])
def test_database_refuses_what_does_not_balance(amounts: tuple[int, ...]) -> None:
    stream = unbooked()
    with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
        raw(stream, *amounts)
    raw(stream, 5, -5)


def test_database_refuses_a_posting_to_a_sealed_entry() -> None:
    entry = Entry.objects.get(stream=captured().stream)
    with pytest.raises(IntegrityError, match="after its entry"), transaction.atomic():
        Posting.objects.create(entry=entry, account_id="bank", amount_minor=1, stream=entry.stream)


def test_database_refuses_a_posting_without_entry() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Posting.objects.create(entry_id=uuid.uuid4(), account_id="bank", amount_minor=1, stream="s")
        connection.check_constraints()


def test_one_event_makes_one_entry() -> None:
    payment = captured()
    with pytest.raises(IntegrityError), transaction.atomic():
        raw(payment.stream, 5, -5, event=Entry.objects.get(stream=payment.stream).event)


@pytest.mark.parametrize("table", ["payments_entry", "payments_posting", "payments_closedday"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_books_are_never_edited(table: str, change: str) -> None:
    captured()
    ClosedDay.objects.create(
        day="2020-01-01", report={}, digest="0" * 64, closed_at=timezone.now(), closed_by="tests"
    )
    column = {"payments_entry": "kind", "payments_posting": "ref", "payments_closedday": "digest"}[table]
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table, column, "'forged'"))


def test_a_closed_day_takes_no_entry() -> None:
    stream = unbooked()
    day = localdate() - timedelta(days=3)
    ClosedDay.objects.create(day=day, report={}, digest="0" * 64, closed_at=timezone.now(), closed_by="tests")
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        raw(stream, 5, -5, day=day)
    raw(stream, 5, -5, day=day + timedelta(days=1))


def test_post_refuses_lines_out_of_balance() -> None:
    payment = captured()
    with (
        pytest.raises(journal.OutOfBalance),
        operation("test.post", actor=TESTER, stream=payment.stream) as op,
    ):
        event = op.record(payment, "adjustment.made", facts={"cause": "other"})
        journal.post(op, event, [journal.Line("bank", 5), journal.Line("suspense", -4)])


def test_post_leaves_out_what_moves_nothing() -> None:
    payment = captured()
    with operation("test.post", actor=TESTER, stream=payment.stream) as op:
        event = op.record(payment, "adjustment.made", facts={"cause": "other"})
        assert journal.post(op, event, [journal.Line("bank", 0), journal.Line("suspense", 0)]) is None


def test_any_balance_as_of_any_instant() -> None:
    before = timezone.now()
    first = captured()
    between = timezone.now()
    second = captured()
    account = "gateway_receivable"
    assert journal.balance(account, at=before) == 0
    assert journal.balance(account, at=between) == first.amount_minor
    assert journal.balance(account) == first.amount_minor + second.amount_minor
    assert journal.balance(account, stream=second.stream) == second.amount_minor
    assert journal.balance(account, ref=first.gateway_payment_id) == first.amount_minor


def test_trial_balance_sums_to_zero() -> None:
    refund_in("processed")
    captured_cash()
    rows = journal.trial_balance()
    assert [row.account for row in rows] == [code for code, _, _ in journal.CHART]
    assert sum(row.amount_minor for row in rows) == 0
    assert any(row.amount_minor for row in rows)


def test_export_is_a_journal_a_bookkeeper_can_import() -> None:
    """PAINS 18: the same days give the same bytes, and debits equal credits."""
    refund_in("processed")
    today = localdate()
    text = "".join(journal.export(first=today, last=today))
    assert text == "".join(journal.export(first=today, last=today))
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == Posting.objects.count()
    debit = sum(int(row["debit"].replace(".", "") or 0) for row in rows)
    assert debit == sum(int(row["credit"].replace(".", "") or 0) for row in rows) > 0


def test_every_account_of_the_chart_is_there() -> None:
    from payments.models import Account

    assert list(Account.objects.order_by("place").values_list("code", flat=True)) == [code for code, _, _ in journal.CHART]
