"""Deliveries: exactly once inside, at least once outside, in order, counted before the work, parked at the end."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.door import subscribers
from tests.door.models import Ticket
from timeline import relay
from timeline.actors import system
from timeline.models import Delivery, Event
from timeline.operations import operation
from timeline.transitions import begin

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _clean_ears() -> None:
    subscribers.HEARD.clear()
    subscribers.TOLD.clear()
    subscribers.FAIL.update(inside=0, outside=0)


def say(*kinds: str, stream: str = "s") -> None:
    with operation("x", actor=system("tests"), stream=stream) as op:
        ticket = Ticket(id=uuid.uuid4(), number=uuid.uuid4().hex[:20])
        begin(op, ticket, "checkout.started")
        for kind in kinds:
            op.record(ticket, kind)


def due_now() -> None:
    Delivery.objects.filter(state="due").update(due_at=timezone.now() - timedelta(seconds=1), lease_until=None)


def test_an_inside_effect_commits_with_the_mark() -> None:
    say("hold.expired")
    assert relay.drain() == 1
    assert subscribers.HEARD == [("hold.expired", 2)]
    assert Event.objects.filter(kind="note.added").count() == 1
    assert Delivery.objects.get().state == "done"
    assert relay.drain() == 0


def test_a_failed_inside_handler_leaves_nothing_and_is_tried_again() -> None:
    subscribers.FAIL["inside"] = 1
    say("hold.expired")
    relay.relay_due()
    owed = Delivery.objects.get()
    assert (owed.state, owed.attempts, Event.objects.filter(kind="note.added").count()) == ("due", 1, 0)
    assert "ordered to fail" in owed.error
    due_now()
    relay.relay_due()
    assert Event.objects.filter(kind="note.added").count() == 1


def test_f38_attempts_are_counted_before_the_work() -> None:
    say("checkout.abandoned")
    relay._lease(10)
    assert Delivery.objects.get().attempts == 1


def test_f37_a_lost_lease_fences_the_late_worker() -> None:
    say("hold.expired")
    (late,) = relay._lease(10)
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    (second,) = relay._lease(10)
    relay._hand_over(second)
    relay._hand_over(late)
    assert Event.objects.filter(kind="note.added").count() == 1


def test_control_f37_without_the_fence_the_effect_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_mark_done", lambda *_: None)
    say("hold.expired")
    (late,) = relay._lease(10)
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    (second,) = relay._lease(10)
    relay._hand_over(second)
    relay._hand_over(late)
    assert Event.objects.filter(kind="note.added").count() == 2


def test_what_a_lease_has_no_time_for_goes_back_uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in "abc":
        say("checkout.abandoned", stream=stream)
    monkeypatch.setattr(relay, "LEASE_S", relay.LEASE_LEFT_S_MIN)
    assert relay.relay_due() == 0
    assert set(Delivery.objects.values_list("attempts", "lease_until", "state")) == {(0, None, "due")}


def test_a_later_delivery_of_the_same_story_waits_and_others_go_on() -> None:
    subscribers.FAIL["outside"] = 1
    say("checkout.abandoned", "warehouse.added", stream="a")
    say("warehouse.added", stream="b")
    relay.relay_due()
    assert [kind for kind, _ in subscribers.TOLD] == ["checkout.abandoned", "warehouse.added"]
    assert set(Delivery.objects.values_list("stream", "state")) == {("a", "due"), ("b", "done")}
    due_now()
    relay.drain()
    assert [kind for kind, _ in subscribers.TOLD][2:] == ["checkout.abandoned", "warehouse.added"]


def test_too_many_failures_park_the_row_until_a_person_decides() -> None:
    subscribers.FAIL["outside"] = 1000
    say("checkout.abandoned", "warehouse.added")
    for _ in range(relay.ATTEMPTS_MAX):
        due_now()
        relay.relay_due()
    assert list(Delivery.objects.order_by("id").values_list("state", "attempts")) == [("parked", relay.ATTEMPTS_MAX), ("due", 0)]
    due_now()
    assert relay.relay_due() == 0
    subscribers.FAIL["outside"] = 0
    with operation("parked.retry", actor=system("tests")) as op:
        relay.retry(op, delivery_id=Delivery.objects.earliest("id").pk)
    relay.drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_a_dropped_delivery_lets_the_later_ones_go() -> None:
    say("checkout.abandoned", "warehouse.added")
    Delivery.objects.filter(pk=Delivery.objects.earliest("id").pk).update(state="parked")
    with operation("parked.drop", actor=system("tests")) as op:
        relay.give_up(op, delivery_id=Delivery.objects.earliest("id").pk)
    relay.drain()
    assert [kind for kind, _ in subscribers.TOLD] == ["warehouse.added"]


def test_a_subscriber_that_is_gone_is_parked_not_lost() -> None:
    say("checkout.abandoned")
    Delivery.objects.update(subscriber="nobody.here")
    relay.relay_due()
    assert "nobody answers" in Delivery.objects.get().error
