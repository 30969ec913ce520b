"""The doctor finds nothing in a sound shop and names the row in a broken one."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config import doctor
from inventory.models import Level
from orders.models import Line, Order
from payments.models import ClosedDay
from tests.flows import makers
from timeline import triggers
from timeline.models import Delivery, Event, Stream

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway
    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand, shop_gateway: FakeGateway) -> Order:
    return stand(delivered, shop_gateway)


def delivered(gateway: FakeGateway) -> Order:
    makers.product("TEA-1", units=5)
    return makers.delivered_order(gateway, {"TEA-1": 2})


def found(check: str) -> list[str]:
    return [f"{finding.row} {finding.says}" for finding in doctor.examine() if finding.check == check]


def test_a_sound_shop_has_nothing(order: Order) -> None:
    out = io.StringIO()
    call_command("doctor", stdout=out)
    assert "nothing found" in out.getvalue()


def tamper(statement: str, *values: Any) -> None:
    """What somebody with the database's own keys could do."""
    triggers.drop()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    triggers.attach()


def test_it_exits_with_an_error_naming_the_row(order: Order) -> None:
    tamper("UPDATE orders_order SET status = 'cancelled'")
    out = io.StringIO()
    with pytest.raises(CommandError, match="2 findings"):
        call_command("doctor", "--json", stdout=out)
    states, fold = json.loads(out.getvalue())
    assert (states["check"], states["row"]) == ("states_follow_their_events", f"orders.Order {order.pk}")
    assert (fold["check"], fold["row"]) == ("orders_fold_to_their_rows", f"{order.number}: {order.number} status")


def test_a_changed_event_and_a_gap_are_found(order: Order) -> None:
    first = Event.objects.earliest("id")
    tamper("UPDATE timeline_event SET canonical = %s WHERE id = %s", b"{}", first.pk)
    assert found("events_are_whole") == [f"timeline.Event {first.pk} does not match its hash"]
    Stream.objects.filter(pk=str(order.pk)).update(seq=99)
    assert "says 99" in found("stories_have_no_gap")[0]


def test_wrong_stock_wrong_axes_and_wrong_sums_are_found(order: Order) -> None:
    Level.objects.update(on_hand=77)
    assert found("stock_adds_up")
    Order.objects.update(payment_state="unpaid")
    assert any("payment_state" in says for says in found("orders_add_up"))
    Order.objects.update(payment_state="paid")
    tamper("UPDATE orders_line SET price_minor = price_minor + 1, value_minor = value_minor + quantity, total_minor = total_minor + quantity")
    assert any("subtotal_minor" in says for says in found("orders_add_up"))
    assert Line.objects.count() == 1


def test_a_parked_delivery_and_a_missing_trigger_are_found(order: Order) -> None:
    Delivery.objects.filter(pk=Delivery.objects.earliest("id").pk).update(state="parked")
    assert "parked" in found("deliveries_arrive")[0]
    triggers.drop()
    assert found("guard_present")
    triggers.attach()


def test_forged_books_are_found(order: Order) -> None:
    tamper("UPDATE payments_posting SET amount_minor = amount_minor + 1 WHERE account_id = 'sales'")
    assert "sums to 1" in found("books_balance")[0]
    ClosedDay.objects.create(day="2020-01-01", report={}, digest="0" * 64, closed_at=order.created_at, closed_by="x")
    assert any("does not match its digest" in says for says in found("books_balance"))
    captured = Event.objects.get(kind="payment.captured")
    tamper("DELETE FROM payments_posting WHERE entry_id IN (SELECT id FROM payments_entry WHERE event_id = %s)", captured.pk)
    tamper("DELETE FROM payments_entry WHERE event_id = %s", captured.pk)
    assert any(f"Event {captured.pk} is a payment.captured" in says for says in found("books_balance"))
