"""A day closes when it is over, compared and explained to the paisa, and is never another one afterwards (D5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from orders.models import Case
from orders.operations import cases
from orders.reconciliation import channels, closing, report, runs
from payments.models import ClosedDay, Refund
from tests.flows import makers as shop
from tests.reconciliation import makers
from timeline import relay
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orders.models import Order
    from tests.payments.fake_gateway import FakeGateway
    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 11, 18)
NOON = datetime(2026, 11, 18, 6, 30, tzinfo=UTC)


@pytest.fixture
def clock(stand: Stand, shop_gateway: FakeGateway) -> Iterator[Any]:
    """Noon of a Wednesday; the order is delivered, another one paid and partly refunded."""
    with time_machine.travel(NOON, tick=True) as clock:
        stand(sold, shop_gateway)
        yield clock


def sold(gateway: FakeGateway) -> None:
    shop.product("TEA-1", units=50)
    makers.delivered(gateway, {"TEA-1": 2})
    gateway.refund_status = "processed"
    order = makers.paid(gateway, {"TEA-1": 1})
    ask(order, 500)


def ask(order: Order, amount_minor: int) -> Refund:
    with operation("refund.ask", actor=makers.ASHA, stream=str(order.pk)) as op:
        refund = makers.payments.ask_refund(
            op, payment_id=makers.payment(order).pk, amount_minor=amount_minor, reason_code="goodwill"
        )
    relay.drain()
    return refund


def close(day: date = DAY) -> ClosedDay:
    with operation("day.close", actor=makers.ASHA) as op:
        return closing.close_day(op, day=day)


def night(clock: Any, day: date = DAY) -> None:
    """Two o'clock after the day; the books are compared."""
    clock.move_to(datetime(day.year, day.month, day.day, 20, 30, tzinfo=UTC))
    runs.perform(runs.ask_day(day).pk)


def figures(day: date = DAY) -> dict[str, dict[str, Any]]:
    return {row["measure"]: row for row in report.of_day(day)["books"]}


def test_five_books_side_by_side(clock: Any) -> None:
    found = figures()
    captured = found["captured"]
    assert captured["orders"] == captured["gateway"] == captured["ledger"] == 27_000 + 16_500
    assert found["refunded"]["orders"] == found["refunded"]["gateway"] == found["refunded"]["ledger"] == 500
    assert found["documented"]["orders"] == found["documented"]["ledger"] == 27_000
    assert {row["residual"] for row in found.values()} == {0}
    said = report.of_day(DAY)
    assert said["channels"] == [{
        "channel": "web", "currency": "INR", "orders": 2, "captured": 43_500, "refunded": 500, "chargedBack": 0, "settled": 0, "fees": 0,
        "documented": 27_000, "atBank": 0,
    }]
    assert said["orders"]["count"] == 2
    table = list(channels.as_csv(DAY))
    assert len(table) == 3
    assert ",270.00," in table[1]


def test_a_closed_day_is_sealed_and_never_another_one(clock: Any) -> None:
    night(clock)
    closed = close()
    assert closed.report["residual"] == 0
    assert closed.digest == report.digest_of(closed.report) == report.digest_of(report.of_day(DAY))
    event = Event.objects.get(kind="day.closed")
    assert (event.stream, event.facts["digest"]) == (f"day:{DAY}", closed.digest)
    assert close().digest == closed.digest
    assert Event.objects.filter(kind="day.closed").count() == 1


def test_what_comes_later_moves_no_closed_day(clock: Any, shop_gateway: FakeGateway) -> None:
    """A difference of the closed day found afterwards counts on a later one; what is booked later is of later days."""
    night(clock)
    digest = close().digest
    makers.paid(shop_gateway, {"TEA-1": 1})
    makers.tamper("UPDATE payments_refund SET status = 'failed'")
    runs.perform(runs.ask_day(date(2026, 11, 19)).pk)
    assert Case.objects.filter(status="open").exists()
    assert not Case.objects.filter(day__lte=DAY).exists()
    assert report.digest_of(report.of_day(DAY)) == digest
    with pytest.raises(IntegrityError), transaction.atomic():
        ClosedDay.objects.filter(pk=DAY).update(digest="0" * 64)


def test_a_day_that_is_not_over_is_refused(clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 18, 19, 29, tzinfo=UTC))
    with pytest.raises(closing.TooEarly):
        close()


def test_a_day_nobody_compared_is_refused(clock: Any) -> None:
    runs.hourly()
    clock.move_to(datetime(2026, 11, 18, 20, 30, tzinfo=UTC))
    with pytest.raises(closing.NotReconciled):
        close()


def test_days_close_in_order(clock: Any) -> None:
    night(clock, DAY + timedelta(days=1))
    with pytest.raises(closing.DaysInOrder, match="2026-11-18"):
        close(DAY + timedelta(days=1))
    runs.perform(runs.ask_day(DAY).pk)
    close(DAY)
    close(DAY + timedelta(days=1))


def test_an_open_case_keeps_the_day_open_and_is_named(clock: Any) -> None:
    makers.tamper("UPDATE payments_payment SET captured_minor = captured_minor + 700, amount_minor = amount_minor + 700 WHERE refunded_minor = 500")
    night(clock)
    found = figures()["captured"]
    assert (found["difference"], found["residual"]) == (700, 700)
    with pytest.raises(closing.StillUnexplained) as refusal:
        close()
    assert {row["cause"] for row in refusal.value.extra["cases"]} == {"books_differ", "axes_differ"}
    for case in Case.objects.filter(status="open"):
        with operation("case.resolve", actor=makers.ASHA, stream=case.story) as op:
            cases.resolve(op, case_id=case.pk, resolution="expected", note="Planted by the test.")
    found = figures()["captured"]
    assert (found["difference"], found["explained"], found["residual"]) == (700, 700, 0)
    assert close().report["causes"][0]["cause"] == "books_differ"


def test_what_no_case_explains_keeps_the_day_open(clock: Any) -> None:
    """A difference that no check finds would show up as a residual."""
    night(clock)
    makers.tamper("UPDATE payments_payment SET captured_minor = captured_minor + 1, amount_minor = amount_minor + 1 WHERE refunded_minor = 500")
    with pytest.raises(closing.StillUnexplained, match="1 paise"):
        close()


def test_the_command_prints_the_day_and_closes_it(clock: Any, capsys: pytest.CaptureFixture[str]) -> None:
    clock.move_to(datetime(2026, 11, 18, 20, 30, tzinfo=UTC))
    call_command("reconcile", "--date", DAY.isoformat(), "--close")
    said = capsys.readouterr().out
    assert "residual ₹0.00" in said
    assert "₹435.00" in said
    assert ClosedDay.objects.filter(pk=DAY).exists()


def test_the_command_says_why_a_day_stays_open(clock: Any) -> None:
    with pytest.raises(CommandError, match="stays open: A day is closed an hour after"):
        call_command("reconcile", "--date", DAY.isoformat(), "--close")
