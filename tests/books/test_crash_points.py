"""A crash at every commit of capture and refund: what the gateway holds is what the books say (F25, F33–F35, I3, I4)."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from payments import exchanges, journal
from payments.models import Payment, Refund
from payments.reconciliation import differences
from tests.books.dying import Death, Died, dying
from tests.flows import makers
from tests.makers import Caller
from tests.makers import staff as api_staff
from tests.payments.fake_gateway import body_of, sign
from tests.thorough import THOROUGH
from timeline import relay
from timeline.models import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from orders.models import Order
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)
COMMITS_MAX = 80
_events = itertools.count(1)


class Story:
    """One order whose customer and staff try again until they are answered, and whose processes may die."""

    def __init__(self, gateway: FakeGateway, staff: Caller) -> None:
        self.gateway, self.staff = gateway, staff
        self.order: Order = makers.placed_order({"TEA-1": 2})
        self.payment = makers.payment_of(self.order)
        self.event, self.key = f"evt_crash{next(_events):08d}", f"crash-refund-{next(_events)}"

    def pays(self, status: str) -> None:
        """The customer pays, and the gateway tells us until we answer."""
        assert self.payment.gateway_order_id is not None
        self.paid_as = self.gateway.pay(self.payment.gateway_order_id, status)

    def is_told(self) -> None:
        """The gateway's notice, which it repeats until it is answered."""
        entity = {
            "id": self.paid_as, "order_id": self.payment.gateway_order_id, "amount": self.payment.amount_minor,
            "currency": "INR", "status": "captured", "captured": True,
        }
        body = body_of("payment.captured", payment=entity)
        answer = self.staff.send(
            "POST", "/webhooks/razorpay", body,
            **{"X-Razorpay-Signature": sign(body), "X-Razorpay-Event-Id": self.event},
        )
        assert answer.status_code == 200

    def is_given_back(self, amount_minor: int) -> None:
        """Staff press refund, under one key however often."""
        wish = {"amount": amount_minor, "reason": "Damaged", "initiatePaymentRefund": True}
        answer = self.staff.post(f"/admin/orders/{self.order.number}/refund", wish, key=self.key)
        assert answer.status_code == 201, answer.content

    def gateway_holds(self) -> int:
        """What the gateway took for this order, less what it gave back."""
        taken = sum(row.captured_minor for row in self.gateway.payments.values() if row.order_id == self.payment.gateway_order_id)
        given = [row for row in self.gateway.refunds.values() if row.payment_id == self.paid_as and row.status == "processed"]
        return taken - sum(row.amount_minor for row in given)

    def books_say(self) -> int:
        """What the ledger says the gateway owes us for this order."""
        return journal.balance(journal.GATEWAY_RECEIVABLE, stream=str(self.order.pk))


@pytest.fixture
def staff(transactional_db: Any) -> Caller:
    caller = api_staff()
    caller.client.raise_request_exception = True
    return caller


def until_done(step: Callable[[], None], death: Death) -> None:
    """Run the step; after a death a new process runs it again."""
    try:
        step()
    except Died:
        assert not connection.in_atomic_block
        step()


def work() -> None:
    """What runs in the background, as long as anything is to be done."""
    relay.drain()


def recover(gateway: FakeGateway, clock: Any) -> None:
    """The leases of the dead run out, the gateway pays its refunds out; the janitors ask."""
    for _ in range(3):
        for refund in list(gateway.refunds.values()):
            gateway.move_refund(refund.id, "processed")
        clock.shift(timedelta(minutes=7))
        exchanges.resolve_doubts()
        exchanges.sweep_quiet()
        relay.drain()


def crash_everywhere(
    gateway: FakeGateway, staff: Caller, script: Callable[[Story, Death], None], expected: Callable[[Story], int]
) -> int:
    """Run the script once for each commit it makes, dying there, before and after; returns how many deaths it took.

    Where somebody waits it is every third commit (`tests.thorough`).
    """
    deaths = 0
    with time_machine.travel(timezone.now(), tick=True) as clock:
        for after in (False, True):
            for at in range(1 + after, COMMITS_MAX, 1 if THOROUGH else 3):
                story, death = Story(gateway, staff), Death(at, after)
                with dying(death):
                    script(story, death)
                recover(gateway, clock)
                where = f"died {'after' if after else 'before'} commit {at}"
                assert story.books_say() == story.gateway_holds() == expected(story), where
                assert differences() == [], where
                assert not Payment.objects.filter(status="in_doubt").exists(), where
                assert not Refund.objects.filter(status__in=["in_doubt", "pending"]).exists(), where
                assert not Delivery.objects.filter(state__in=["due", "parked"]).exists(), where
                if not death.died:
                    break
                deaths += 1
            else:
                pytest.fail("the script never ended")
    return deaths


@pytest.mark.parametrize("status", ["captured", "authorized"])
def test_crash_at_every_commit_of_a_capture(shop_gateway: FakeGateway, staff: Caller, status: str) -> None:
    makers.product("TEA-1", units=1000)

    def script(story: Story, death: Death) -> None:
        story.pays(status)
        until_done(story.is_told, death)
        until_done(work, death)

    deaths = crash_everywhere(shop_gateway, staff, script, lambda story: story.payment.amount_minor)
    assert deaths >= (10 if THOROUGH else 4)


@pytest.mark.parametrize("refund_status", ["processed", "pending"])
def test_crash_at_every_commit_of_a_refund(shop_gateway: FakeGateway, staff: Caller, refund_status: str) -> None:
    makers.product("TEA-1", units=1000)
    shop_gateway.refund_status = refund_status

    def script(story: Story, death: Death) -> None:
        death.seen = -10_000  # the capture before it is another test's business
        story.pays("captured")
        story.is_told()
        work()
        death.seen = 0
        until_done(lambda: story.is_given_back(1234), death)
        until_done(work, death)

    deaths = crash_everywhere(shop_gateway, staff, script, lambda story: story.payment.amount_minor - 1234)
    assert deaths >= (6 if THOROUGH else 2)


def test_control_a_process_that_guesses_loses_money(shop_gateway: FakeGateway, staff: Caller) -> None:
    """Without the same key after a death the refund is made twice: the guard is the key, and the test can see it."""
    makers.product("TEA-1", units=1000)
    shop_gateway.refund_status = "processed"
    story = Story(shop_gateway, staff)
    story.pays("captured")
    story.is_told()
    work()
    for _ in range(2):
        story.key = f"another-{next(_events)}"
        story.is_given_back(1234)
    work()
    assert story.gateway_holds() == story.payment.amount_minor - 2 * 1234
