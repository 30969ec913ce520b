"""Money under many hands, on a real server: each race with its control, the same race with the guard switched off."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from payments import locks, operations, reconciliation, webhooks
from payments.models import Notice, Payment, Refund
from payments.operations import wishes
from tests.payments import makers
from tests.payments.fake_gateway import body_of, seen_payment, sign
from timeline.errors import DomainError, Replayed
from timeline.idempotency import Key
from timeline.models import Event
from timeline.operations import Operation, operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.payments.urls"),
]

THREADS = 8
WAIT_S = 60
WINDOW_S = 0.02
_far_apart = itertools.count(1000, 1000)


def race(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the jobs on threads that start together; gives what each returned or raised."""
    barrier = threading.Barrier(min(THREADS, len(jobs)))
    mine = threading.local()

    def run(job: Callable[[], Any]) -> Any:
        try:
            if not getattr(mine, "started", False):
                mine.started = True
                barrier.wait(WAIT_S)
            return job()
        except (DomainError, DatabaseError, Replayed) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(barrier.parties) as pool:
        return list(pool.map(run, jobs))


def errors(results: list[Any]) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The story is not locked, nor are its rows: what a hand-written handler does."""

    def open_stream(self: Operation, stream: str) -> None:
        self._streams[stream] = next(_far_apart)

    def payment(payment_id: Any) -> Payment:
        found = Payment.objects.get(pk=payment_id)
        time.sleep(WINDOW_S)
        return found

    monkeypatch.setattr(Operation, "open_stream", open_stream)
    monkeypatch.setattr(locks, "payment", payment)


# F17, F18: one notice, many times at once.


def tell(body: bytes, event_id: str) -> Callable[[], int]:
    headers = {"X-Razorpay-Signature": sign(body), "X-Razorpay-Event-Id": event_id}

    def post() -> int:
        answer = Client().post("/webhooks/razorpay", data=body, content_type="application/json", headers=headers)
        return int(answer.status_code)

    return post


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time enough between looking for a notice and keeping it."""

    def slowly(body: bytes) -> str:
        time.sleep(WINDOW_S)
        return "payment.captured"

    monkeypatch.setattr(webhooks, "_kind", slowly)


def twins(*, same_event: bool) -> list[int]:
    body = body_of("payment.captured", payment={"id": "pay_Race"})
    return race([tell(body, "evt_same" if same_event else f"evt_{number}") for number in range(THREADS * 2)])


@pytest.mark.parametrize("same_event", [True, False], ids=["f17", "f18"])
@pytest.mark.usefixtures("wide")
def test_f17_f18_one_notice_at_once_is_kept_once(same_event: bool) -> None:
    assert twins(same_event=same_event) == [200] * (THREADS * 2)
    assert (Notice.objects.count(), Event.objects.filter(kind="notice.taken").count()) == (1, 1)


@pytest.fixture
def unconstrained() -> Iterator[None]:
    """The notices' table without its unique constraints."""
    constraints = list(Notice._meta.constraints)
    with connection.schema_editor() as editor:
        for constraint in constraints:
            editor.remove_constraint(Notice, constraint)
    yield
    Notice.objects.all().delete()
    with connection.schema_editor() as editor:
        for constraint in constraints:
            editor.add_constraint(Notice, constraint)


@pytest.mark.parametrize("same_event", [True, False], ids=["f17", "f18"])
@pytest.mark.usefixtures("wide", "unconstrained")
def test_control_f17_f18_without_the_constraints_a_notice_is_kept_twice(same_event: bool) -> None:
    twins(same_event=same_event)
    assert Notice.objects.count() > 1


# F17, F19: webhook, browser and poller with the same money at once.


def merging(payment: Payment, pay_id: str, status: str) -> Callable[[], Any]:
    seen = seen_payment(
        id=pay_id, order_id=payment.gateway_order_id, status=status, amount_minor=payment.amount_minor
    )
    return retried(lambda: makers.do(payment, operations.merge, seen=seen))


def mixed(payment: Payment) -> list[Any]:
    pay_id = makers.gateway_id("pay")
    statuses = ["captured", "authorized", "failed", "captured"] * 6
    return race([merging(payment, pay_id, status) for status in statuses])


def test_f19_the_same_money_from_every_side_at_once_is_captured_once() -> None:
    payment = makers.created()
    assert errors(mixed(payment)) == []
    assert makers.fresh(payment).status == "captured"
    assert Event.objects.filter(kind="payment.captured").count() == 1


@pytest.mark.usefixtures("unguarded")
def test_control_f19_without_the_locks_callers_run_into_each_other() -> None:
    assert errors(mixed(makers.created())) != []


def paid_twice(payment: Payment) -> list[Any]:
    first, second = makers.gateway_id("pay"), makers.gateway_id("pay")
    return race([merging(payment, pay_id, "captured") for pay_id in (first, second) * 8])


def kept_minor() -> int:
    return sum(row.captured_minor - row.pending_refund_minor for row in Payment.objects.all())


def test_f22_two_captures_at_once_keep_one_and_send_one_back() -> None:
    payment = makers.created()
    assert errors(paid_twice(payment)) == []
    assert (Payment.objects.count(), Refund.objects.count(), kept_minor()) == (2, 1, payment.amount_minor)


@pytest.mark.usefixtures("unguarded")
def test_control_f22_without_the_locks_callers_run_into_each_other() -> None:
    assert errors(paid_twice(makers.created())) != []


# F23: a double click.


def clicks(payment: Payment, *, keyed: bool) -> list[Any]:
    key = Key(scope="staff:7 POST refund", key="click-0001", fingerprint=b"same") if keyed else None

    @retried
    def click() -> bytes:
        try:
            with operation("order.refund", actor=makers.STAFF, stream=payment.stream, key=key) as op:
                made = operations.ask_refund(op, payment_id=payment.pk, amount_minor=100, reason_code="goodwill")
                op.answer(201, str(made.pk).encode())
                return str(made.pk).encode()
        except Replayed as replay:
            return replay.body

    return race([click] * 32)


def test_f23_thirty_two_clicks_are_one_refund() -> None:
    answers = clicks(makers.captured(), keyed=True)
    assert (errors(answers), len(set(answers)), Refund.objects.count()) == ([], 1, 1)


def test_control_f23_without_the_key_each_click_is_a_refund() -> None:
    clicks(makers.captured(), keyed=False)
    assert Refund.objects.count() > 1


# F24: partial refunds at once.


def partials(payment: Payment) -> list[Any]:
    def ask() -> Any:
        return makers.do(payment, operations.ask_refund, amount_minor=300, reason_code="goodwill")

    return race([retried(ask)] * 16)


def given_minor() -> int:
    return sum(Refund.objects.values_list("amount_minor", flat=True))


def test_f24_partial_refunds_at_once_stay_within_what_was_captured() -> None:
    payment = makers.captured(amount_minor=1000)
    refused = errors(partials(payment))
    assert {type(error) for error in refused} == {operations.AboveRefundable}
    assert (len(refused), given_minor(), makers.fresh(payment).pending_refund_minor) == (13, 900, 900)
    assert reconciliation.differences() == []


@pytest.mark.usefixtures("unguarded")
def test_f24_the_conditional_update_holds_without_any_lock() -> None:
    payment = makers.captured(amount_minor=1000)
    partials(payment)
    assert given_minor() == makers.fresh(payment).pending_refund_minor == 900


@pytest.mark.usefixtures("unguarded")
def test_control_f24_read_and_write_back_gives_more_than_was_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    def reserve(payment: Payment, amount_minor: int) -> None:
        if payment.refundable_minor < amount_minor:
            raise operations.AboveRefundable
        Payment.objects.filter(pk=payment.pk).update(pending_refund_minor=payment.pending_refund_minor + amount_minor)

    monkeypatch.setattr(wishes, "reserve", reserve)
    payment = makers.captured(amount_minor=1000)
    partials(payment)
    assert given_minor() > 1000
    assert reconciliation.differences() != []
