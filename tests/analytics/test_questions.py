"""D8: where orders are stuck and for how long, money in flight by channel, the median age of open tickets of open orders."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks import Webhook

from orders import exchanges
from orders.models import Order, Ticket
from orders.operations import tickets
from tests import makers
from timeline.endpoints import signing
from timeline.models import Delivery, Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db
TEXT = "My flat is 12 Lake View; where is it?"


def moved(order: Order, ago: timedelta) -> Order:
    """The same order, as if it had come where it is so long ago."""
    Order.objects.filter(pk=order.pk).update(state_since=timezone.now() - ago)
    return order


def opened(order: Order, *, ago: timedelta = timedelta()) -> Ticket:
    """A ticket of its customer, opened so long ago."""
    with operation("test.ticket", actor=makers.shopper(order.person_id), stream=str(order.pk)) as op:
        op.now -= ago
        return tickets.open_ticket(op, order_id=order.pk, topic="delivery", message=TEXT)


def test_stuck_orders_by_state_and_age(django_assert_max_num_queries: Any) -> None:
    fresh = makers.paid_order()
    slow = [moved(makers.paid_order(), timedelta(hours=hours)) for hours in (30, 50, 100)]
    moved(makers.delivered_order(), timedelta(days=9))
    with django_assert_max_num_queries(12):
        found = makers.read(makers.staff().get("/admin/reports/stuck"))
    states = {row["status"]: row for row in found["states"]}
    assert list(states) == ["pending", "confirmed", "processing", "shipped"]
    confirmed = states["confirmed"]
    assert (confirmed["orders"], confirmed["stuck"]) == (4, 3)
    assert confirmed["stuckValue"] == {"INR": sum(order.total_minor for order in slow)}
    assert {row["age"]: row["orders"] for row in confirmed["ages"]} == {
        "under_1h": 1, "1h_to_4h": 0, "4h_to_24h": 0, "1d_to_3d": 2, "over_3d": 1,
    }
    assert confirmed["ages"][0]["value"] == {"INR": fresh.total_minor}
    assert confirmed["medianAgeSeconds"] == pytest.approx(40 * 3600, abs=60)
    assert confirmed["p90AgeSeconds"] == confirmed["oldestAgeSeconds"] == pytest.approx(100 * 3600, abs=60)
    assert states["shipped"]["medianAgeSeconds"] is None


def test_money_in_flight_by_channel_and_currency() -> None:
    paid, unpaid = makers.paid_order(), makers.placed_order()
    abroad = makers.placed_order()
    Order.objects.filter(pk=abroad.pk).update(channel="etsy")
    makers.delivered_order()
    found = makers.read(makers.staff().get("/admin/reports/in-flight"))["channels"]
    assert found[0]["channel"] == "web"
    assert (found[0]["orders"], found[0]["value"], found[0]["paid"]) == (2, paid.total_minor + unpaid.total_minor, paid.total_minor)
    assert found[1] | {"byStatus": None} == {
        "channel": "etsy", "currency": "INR", "orders": 1, "value": abroad.total_minor, "paid": 0, "byStatus": None,
    }
    assert found[0]["byStatus"]["confirmed"] == paid.total_minor


def test_the_median_age_of_open_tickets_of_open_orders() -> None:
    assert makers.read(makers.staff().get("/admin/reports/tickets"))["medianAgeSeconds"] is None
    order = makers.paid_order()
    for hours in (1, 2, 9):
        opened(order, ago=timedelta(hours=hours))
    opened(makers.delivered_order(), ago=timedelta(days=4))
    closed = opened(order, ago=timedelta(days=5))
    with operation("test.close", actor=makers.STAFF, stream=str(order.pk)) as op:
        tickets.close(op, ticket_id=closed.pk)
    found = makers.read(makers.staff().get("/admin/reports/tickets"))
    assert (found["tickets"], found["waitingForUs"]) == (3, 3)
    assert found["medianAgeSeconds"] == pytest.approx(2 * 3600, abs=60)
    assert found["oldestAgeSeconds"] == pytest.approx(9 * 3600, abs=60)


def test_the_questions_cost_the_same_for_one_order_as_for_four() -> None:
    staff, costs = makers.staff(), []
    for orders in (1, 3):
        for _ in range(orders):
            makers.paid_order()
        with CaptureQueriesContext(connection) as asked:
            for name in ("stuck", "in-flight", "tickets"):
                makers.read(staff.get(f"/admin/reports/{name}"))
        costs.append(len(asked))
    assert costs[0] == costs[1]


def test_a_ticket_goes_to_and_fro_until_it_is_closed() -> None:
    person = makers.customer()
    order = makers.paid_order(person_id=person.person_id)
    base = f"/storefront/orders/{order.number}/tickets"
    staff = makers.staff()

    made = makers.read(person.post(base, {"topic": "delivery", "message": TEXT}, key=True), 201)
    assert (made["status"], made["openedBy"], [row["message"] for row in made["messages"]]) == ("open", "customer", [TEXT])
    one = f"/admin/tickets/{made['id']}"
    makers.read(staff.post(f"{one}/assign", {"assignee": "asha"}))
    makers.read(staff.post(f"{one}/messages", {"message": "Carrier says tomorrow.", "isPublic": False}), 201)
    answered = makers.read(staff.post(f"{one}/messages", {"message": "It comes tomorrow."}), 201)
    assert (answered["status"], answered["assignee"], len(answered["messages"])) == ("waiting", "asha", 3)
    seen = makers.read(person.get(f"{base}/{made['id']}"))
    assert [row["message"] for row in seen["messages"]] == [TEXT, "It comes tomorrow."]
    assert "assignee" not in seen
    assert seen["messages"][1]["senderName"] is None
    assert makers.read(person.post(f"{base}/{made['id']}/messages", {"message": "Thanks"}), 201)["status"] == "open"
    assert makers.read(staff.post(f"{one}/close"))["status"] == "closed"
    assert staff.post(f"{one}/messages", {"message": "One more"}).status_code == 409
    assert makers.read(person.post(f"{base}/{made['id']}/messages", {"message": "It is broken"}), 201)["status"] == "open"
    assert makers.read(staff.get("/admin/tickets", status="open"))["data"][0]["id"] == made["id"]
    assert makers.read(person.get(base))["data"][0]["messages"] == 5


def test_nobody_reads_a_strangers_ticket_and_nothing_written_is_kept_in_the_clear() -> None:
    order = makers.paid_order()
    ticket = opened(order)
    stranger = makers.customer()
    assert stranger.get(f"/storefront/orders/{order.number}/tickets/{ticket.pk}").status_code == 404
    assert stranger.post(f"/storefront/orders/{order.number}/tickets", {"message": "x"}).status_code == 404
    for event in Event.objects.filter(kind__startswith="ticket."):
        assert b"Lake View" not in bytes(event.canonical)


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"message": ""}, 400), ({"message": "x" * 4001}, 400), ({"message": "x", "topic": "love"}, 400),
     ({"message": "x", "more": 1}, 400), ({"message": 5}, 400)],
)
def test_bad_tickets_are_refused_and_change_nothing(body: dict[str, Any], status: int) -> None:
    order = makers.placed_order()
    answer = makers.staff().post(f"/admin/orders/{order.number}/tickets", body)
    assert (answer.status_code, Ticket.objects.count()) == (status, 0)


def test_an_order_has_at_most_so_many_open_tickets() -> None:
    order = makers.placed_order()
    for _ in range(tickets.TICKETS_LIVE_MAX):
        opened(order)
    assert makers.staff().post(f"/admin/orders/{order.number}/tickets", {"message": "x"}).status_code == 409
    assert makers.staff().get(f"/admin/tickets/{uuid.uuid4()}").status_code == 404
    assert makers.staff().get("/admin/reports/stuck", page="2").status_code == 400


@responses.activate
@override_settings(HELP_DESK_URL="https://desk.example/hook", HELP_DESK_SECRET=signing.new_secret())
def test_a_help_desk_elsewhere_is_told_signed_and_its_reference_is_kept() -> None:
    desk = responses.post("https://desk.example/hook", json={"reference": "HD-7"})
    ticket = opened(makers.paid_order())
    owed = Delivery.objects.select_related("event").get(event__kind="ticket.opened", subscriber="orders.exchanges.tell_help_desk")
    exchanges.tell_help_desk(owed.event, owed.pk)
    sent: Any = desk.calls[0].request
    Webhook(settings.HELP_DESK_SECRET).verify(sent.body, dict(sent.headers))
    assert (sent.headers["webhook-id"], Ticket.objects.get(pk=ticket.pk).desk_ref) == (f"ticket-{owed.pk}", "HD-7")
    assert b"Lake View" in sent.body


def test_without_a_help_desk_tickets_stay_here() -> None:
    ticket = opened(makers.paid_order())
    event = Event.objects.get(kind="ticket.opened")
    exchanges.tell_help_desk(event, 1)
    assert Ticket.objects.get(pk=ticket.pk).desk_ref == ""
