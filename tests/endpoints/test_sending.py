"""Outgoing webhooks: nothing missed, nothing twice, verified by a stranger's library, given up in the end."""

from __future__ import annotations

import contextlib
import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from config.schedule import SCHEDULE
from tests.endpoints.receiver import Receiver
from tests.log import makers
from tests.shelves import ASHA
from timeline.endpoints import operations, posting, sending, tracking
from timeline.log import seal
from timeline.models import Attempt, Dispatch, Endpoint, Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.ENDPOINTS_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


def added(receiver: Receiver, **wish: Any) -> operations.Made:
    with operation("endpoint.add", actor=ASHA) as op:
        return operations.add(op, **{"name": "warehouse", "url": receiver.url, "kinds": ["stock.*"], **wish})


def happened(times: int = 1) -> None:
    for _ in range(times):
        makers.arrival("TEA")
    seal.seal()


@pytest.fixture
def made(receiver: Receiver) -> operations.Made:
    makers.sealed(["TEA"])
    return added(receiver)


def test_a_stranger_verifies_our_messages(receiver: Receiver, made: operations.Made) -> None:
    happened()
    assert sending.run(5) == 1
    headers, body = receiver.got[0]
    message = Webhook(made.secret).verify(body, {name.lower(): value for name, value in headers.items()})
    event = Event.objects.filter(kind="stock.received").latest("id")
    assert (message["type"], message["data"]["id"], message["data"]["position"]) == ("stock.received", event.public_id, event.position)
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(body + b" ", {name.lower(): value for name, value in headers.items()})


def test_only_what_happens_afterwards_and_is_wanted_is_sent_in_its_order(receiver: Receiver, made: operations.Made) -> None:
    happened(7)
    sending.run(5)
    sent = [json.loads(body)["data"]["position"] for _, body in receiver.got]
    wanted = Event.objects.filter(kind="stock.received", position__gte=made.endpoint.cursor).order_by("position")
    assert sent == list(wanted.values_list("position", flat=True))
    assert len(sent) == 7


def test_what_was_sent_is_not_sent_again(receiver: Receiver, made: operations.Made) -> None:
    happened()
    assert (sending.run(5), sending.run(5)) == (1, 0)
    assert Dispatch.objects.get().state == "done"


def test_a_death_between_looking_and_sending_loses_nothing(receiver: Receiver, made: operations.Made) -> None:
    """The cursor and what is owed move together; a lease that ends gives the message to the next."""
    happened()
    sending.fan_out(made.endpoint.pk)
    (leased,) = sending._lease()
    assert sending._lease() == []
    Dispatch.objects.filter(pk=leased.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sending.run(5) == 1
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [301, 400, 404, 500])
def test_anything_but_2xx_is_tried_again_later_under_the_same_id(receiver: Receiver, made: operations.Made, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": receiver.url}
    happened()
    sending.run(5)
    dispatch = Dispatch.objects.get()
    assert (dispatch.state, dispatch.attempts, len(receiver.got)) == ("due", 1, 1)
    assert timedelta(seconds=3) < dispatch.due_at - timezone.now() < timedelta(seconds=7)
    receiver.status = 200
    Dispatch.objects.update(due_at=timezone.now())
    sending.run(5)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert [attempt.status for attempt in Attempt.objects.order_by("id")] == [status, 200]


def test_410_stops_the_endpoint_and_says_so(receiver: Receiver, made: operations.Made) -> None:
    receiver.status = 410
    happened()
    sending.run(5)
    endpoint = Endpoint.objects.get()
    assert (endpoint.is_active, endpoint.why_inactive) == (False, "gone")
    assert Event.objects.filter(kind="endpoint.disabled").count() == 1
    assert sending.run(5) == 0


def test_429_is_honoured(receiver: Receiver, made: operations.Made) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    happened()
    sending.run(5)
    assert Dispatch.objects.get().due_at > timezone.now() + timedelta(seconds=590)
    assert Endpoint.objects.get().paused_until > timezone.now() + timedelta(seconds=590)  # type: ignore[operator]


def test_a_dead_receiver_is_left_alone_after_ten_failures(receiver: Receiver, made: operations.Made) -> None:
    receiver.status = 500
    happened(12)
    sending.run(5)
    assert len(receiver.got) == 10
    assert Endpoint.objects.get().paused_until is not None


def test_after_the_last_try_a_message_waits_for_a_person(receiver: Receiver, made: operations.Made) -> None:
    receiver.status = 500
    happened()
    for _ in sending.SCHEDULE_S:
        Dispatch.objects.update(due_at=timezone.now())
        Endpoint.objects.update(paused_until=None)
        sending.run(5)
    assert Dispatch.objects.get().state == "failed"
    receiver.status = 200
    Endpoint.objects.update(paused_until=None)
    with operation("endpoint.again", actor=ASHA) as op:
        operations.again(op, dispatch_id=Dispatch.objects.get().pk)
    sending.run(5)
    assert Dispatch.objects.get().state == "done"


def test_five_days_of_failures_stop_it(receiver: Receiver, made: operations.Made) -> None:
    receiver.status = 500
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=6), failures=1)
    happened()
    sending.run(5)
    assert Endpoint.objects.get().why_inactive == "failing"


def test_while_a_secret_is_rotated_both_verify(receiver: Receiver, made: operations.Made) -> None:
    with operation("endpoint.rotate", actor=ASHA) as op:
        fresh = operations.rotate(op, endpoint_id=made.endpoint.pk)
    happened()
    sending.run(5)
    headers, body = receiver.got[0]
    lower = {name.lower(): value for name, value in headers.items()}
    for secret in (made.secret, fresh.secret):
        Webhook(secret).verify(body, lower)
    later = timezone.now() + timedelta(hours=25)
    assert operations.secrets_of(Endpoint.objects.get(), later) == [fresh.secret]


def test_a_range_is_sent_again_under_the_same_ids(receiver: Receiver, made: operations.Made) -> None:
    happened(3)
    sending.run(5)
    with operation("endpoint.replay", actor=ASHA) as op:
        assert operations.replay(op, endpoint_id=made.endpoint.pk, first=made.endpoint.cursor, last=seal.log_size()) == 3
    sending.run(5)
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == 6
    assert len(set(ids)) == 3


def test_cloudevents_and_full_messages(receiver: Receiver) -> None:
    makers.sealed(["TEA"])
    added(receiver, payload="full", envelope="cloudevents")
    happened()
    sending.run(5)
    headers, body = receiver.got[0]
    message = json.loads(body)
    event = Event.objects.filter(kind="stock.received").latest("id")
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert {"specversion", "id", "source", "type"} <= message.keys()
    assert (message["id"], message["type"], message["data"]["facts"]["sku"]) == (event.public_id, "stock.received", "TEA")


def test_f80_a_reply_without_end_is_not_read_to_it(receiver: Receiver, made: operations.Made) -> None:
    receiver.body = b"x" * (5 * 1024 * 1024)
    happened()
    sending.run(5)
    assert len(Attempt.objects.get().response["body"]) <= posting.REPLY_CHARS_KEPT


class Counting(list[Any]):
    """Sets its event when it has so many."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.enough, self.full = count, threading.Event()

    def append(self, item: Any) -> None:
        """Count."""
        super().append(item)
        if len(self) == self.enough:
            self.full.set()


@pytest.mark.parametrize("slow", [1, 4])
def test_f80_receivers_that_do_not_answer_keep_up_nobody(receiver: Receiver, slow: int) -> None:
    """They hang until the quick one has got all of them, more than one lease, and long after the run's time is up."""
    makers.sealed(["TEA"])
    receiver.got = got = Counting(25)
    with contextlib.ExitStack() as stack:
        for number in range(slow):
            added(stack.enter_context(Receiver(until=got.full)), name=f"slow {number}")
        added(receiver, name="quick")
        happened(25)
        sending.run(0.05)
        assert got.full.is_set()
    assert Dispatch.objects.filter(endpoint__name="quick", state="done").count() == 25


def test_who_is_not_sound_is_not_begun_with_when_the_time_is_up(receiver: Receiver, made: operations.Made) -> None:
    happened()
    Endpoint.objects.update(failures=1)
    sending.fan_out(made.endpoint.pk)
    assert sending._lease(only_sound=True) == []
    assert len(sending._lease()) == 1


def test_one_process_at_a_time_sends_to_an_endpoint(receiver: Receiver, made: operations.Made) -> None:
    """Two that share an endpoint's messages would send the later ones first; who died lets go when the lease is over."""
    happened(7)
    sending.fan_out(made.endpoint.pk)
    assert len(sending._lease()) == 7
    assert sending._lease() == []
    assert sending.run(5) == 0
    Dispatch.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sending.run(5) == 7
    positions = [json.loads(body)["data"]["position"] for _, body in receiver.got]
    assert positions == sorted(positions)


def test_a_try_is_counted_when_it_is_made_and_not_when_it_is_leased(receiver: Receiver, made: operations.Made) -> None:
    """A process that dies with twenty leased has used up a try of the one it was sending, at most."""
    happened(3)
    sending.fan_out(made.endpoint.pk)
    assert [dispatch.attempts for dispatch in sending._lease()] == [0, 0, 0]
    Dispatch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    receiver.status = 429
    sending.run(5)
    assert sorted(Dispatch.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert not Dispatch.objects.filter(lease_until__isnull=False).exists()


def test_what_is_taken_back_while_it_is_leased_is_not_sent(receiver: Receiver, made: operations.Made, monkeypatch: pytest.MonkeyPatch) -> None:
    happened(3)
    real = sending._write_down

    def and_remove(dispatch: Dispatch, outcome: sending.Outcome) -> bool:
        with operation("endpoint.remove", actor=ASHA) as op:
            operations.remove(op, endpoint_id=made.endpoint.pk)
        return real(dispatch, outcome)

    monkeypatch.setattr(sending, "_write_down", and_remove)
    assert sending.run(5) == 1
    assert len(receiver.got) == 1


def test_whatever_is_raised_on_the_way_is_an_outcome(receiver: Receiver, made: operations.Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that breaks a client library is tried again later, as any other, and stops no other."""
    happened()

    def broken(*_: Any) -> Any:
        raise KeyError("no such key")

    monkeypatch.setattr(sending, "post", broken)
    assert sending.run(5) == 1
    assert (Dispatch.objects.get().state, Attempt.objects.get().error) == ("due", "KeyError: 'no such key'")


def test_f80_the_local_runner_talks_beside_its_other_work() -> None:
    """It has one loop; a receiver that hangs must not keep up the relay in it."""
    assert all(tick.long for tick in SCHEDULE if tick.queue == "hooks")


def test_what_concerns_endpoints_is_told_to_nobody(receiver: Receiver) -> None:
    made = added(receiver, kinds=["*"])
    assert tracking.wanted_of(made.endpoint, [Event(kind="order.placed")])
    assert not tracking.wanted_of(made.endpoint, [Event(kind="endpoint.added")])


def test_the_secret_is_nowhere_in_the_clear(made: operations.Made) -> None:
    event = Event.objects.get(kind="endpoint.added")
    assert made.secret not in bytes(event.canonical).decode()
    assert made.secret.encode() not in bytes(Endpoint.objects.get().sealed)
