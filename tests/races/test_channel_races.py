"""One order told many times at once, by webhooks and by a poll: it is here once, and so is its money (D1, F42)."""

from __future__ import annotations

import json
import threading
from collections import Counter
from functools import partial
from typing import Any

import pytest

from inventory.models import Level
from orders.channels import accounts, identifying, ingest, notices
from orders.channels.reading import loads
from orders.models import ChannelAccount, ChannelImport, ChannelNotice, Order, Person
from payments.models import Payment, Refund
from tests import makers
from tests.channels.bodies import body
from tests.races.test_order_races import race
from timeline.models import Event, Stream
from timeline.operations import Operation, operation

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CALLS = 8
REFUND = [{"transactions": [{"kind": "refund", "status": "success", "amount": "99.00"}]}]


@pytest.fixture
def shop() -> ChannelAccount:
    makers.product("KURTA-M", units=50)
    makers.product("STOLE-1", units=50)
    with operation("test.account", actor=makers.TESTER) as op:
        return accounts.add(op, code="mine", channel="shopify", name="Mine")


def said(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = loads(json.dumps(body("shopify", **changes)).encode())
    return found


def polled(shop: ChannelAccount, **changes: Any) -> str:
    return ingest.take(channel="shopify", said=said(**changes), actor=makers.TESTER, account=shop).outcome


def noticed(shop: ChannelAccount, **changes: Any) -> ChannelNotice:
    with operation("test.notice", actor=makers.TESTER) as op:
        return notices.take(op, account=shop, topic="orders/updated", body=json.dumps(body("shopify", **changes)).encode())


def test_a_new_order_told_by_webhooks_and_a_poll_at_once_is_one(shop: ChannelAccount) -> None:
    calls = [noticed(shop, note=str(number)) for number in range(CALLS)]
    results = race(*[partial(notices.read, row.pk) for row in calls], *[partial(polled, shop)] * CALLS)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert Counter(result for result in results if result is not None)["created"] <= 1
    assert (Order.objects.count(), ChannelImport.objects.count(), Payment.objects.count(), Person.objects.count()) == (1, 1, 1, 1)
    assert (Event.objects.filter(kind="order.placed").count(), Level.objects.get(variant__sku="KURTA-M").held) == (1, 2)
    assert not ChannelNotice.objects.filter(handled_at=None).exists()


def test_money_told_back_by_webhooks_and_a_poll_at_once_is_booked_once(shop: ChannelAccount) -> None:
    assert polled(shop) == "created"
    words = {"refunds": REFUND, "financial_status": "partially_refunded", "updated_at": "2026-11-20T11:00:00+05:30"}
    calls = [noticed(shop, note=str(number), **words) for number in range(CALLS)]
    race(*[partial(notices.read, row.pk) for row in calls], *[partial(polled, shop, **words)] * CALLS)
    assert (Order.objects.get().refunded_minor, Refund.objects.count()) == (9900, 1)


def test_an_older_word_that_comes_beside_a_newer_one_moves_nothing_back(shop: ChannelAccount) -> None:
    polled(shop, financial_status="pending", updated_at="2026-11-20T10:00:00+05:30")
    older = partial(polled, shop, financial_status="pending", note="older", updated_at="2026-11-20T10:30:00+05:30")
    newer = partial(polled, shop, fulfillment_status="fulfilled", updated_at="2026-11-20T11:00:00+05:30")
    race(*[older, newer] * 4)
    row = ChannelImport.objects.get()
    assert (Order.objects.get().status, row.state, row.channel_status) == ("shipped", "imported", "paid/fulfilled")


def test_two_orders_for_the_last_units_are_one_order_and_one_case(shop: ChannelAccount) -> None:
    """Each wants two, three are there: what is not there is promised to nobody."""
    makers.product("LAST", units=3)
    lines = body("shopify")["line_items"]
    lines[0]["sku"] = "LAST"
    results = race(*[partial(polled, shop, id=number, line_items=lines) for number in (1, 2)])
    assert Counter(results) == {"created": 1, "held": 1}
    assert [reason["code"] for reason in ChannelImport.objects.get(state="held").reasons if reason["holds"]] == ["oversold"]
    assert Level.objects.get(variant__sku="LAST").held == 2


def test_two_orders_of_one_buyer_at_once_keep_what_each_tells_of_them(shop: ChannelAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the buyer before either writes: the phone of the one and the name of the other stay."""
    bare: dict[str, Any] = {"shipping_address": {}, "billing_address": {}, "phone": None}
    polled(shop, customer={"id": 7}, **bare)
    both, seen, profile = threading.Barrier(2), threading.local(), Person.profile

    def read(self: Person) -> dict[str, Any]:
        found = profile(self)
        if not getattr(seen, "once", False):
            seen.once = True
            both.wait(10)
        return found

    monkeypatch.setattr(Person, "profile", read)
    results = race(
        partial(polled, shop, id=1, customer={"id": 7, "phone": "+91 98450 12345"}, **bare),
        partial(polled, shop, id=2, customer={"id": 7, "first_name": "Jon"}, **bare),
    )
    assert results == ["created", "created"]
    monkeypatch.setattr(Person, "profile", profile)
    assert Person.objects.get().profile() == {"email": "Jon@Example.ca", "phone": "+91 98450 12345", "name": "Jon"}


def test_control_without_the_lock_of_the_story_both_think_the_order_new(shop: ChannelAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database alone stops the second then, after its work is done; with the lock it never begins."""
    begun: list[str] = []
    made = ingest._new

    def new(op: Operation, **words: Any) -> ChannelImport:
        begun.append(op.name)
        return made(op, **words)

    monkeypatch.setattr(ingest, "_new", new)
    race(partial(polled, shop, id=1), partial(polled, shop, id=1))
    assert len(begun) == 1

    both, lock = threading.Barrier(2), Operation.open_stream
    story = identifying.body_of("shopify", said(id=2), shop).story
    with operation("test.story", actor=makers.TESTER) as op:
        op.open_stream(story)

    def unlocked(self: Operation, stream: str) -> None:
        if stream != story:
            return lock(self, stream)
        self._streams.setdefault(stream, Stream.objects.get(pk=stream).seq)
        return None

    def new_beside(op: Operation, **words: Any) -> ChannelImport:
        both.wait(10)
        return new(op, **words)

    monkeypatch.setattr(Operation, "open_stream", unlocked)
    monkeypatch.setattr(ingest, "_new", new_beside)
    begun.clear()
    race(partial(polled, shop, id=2), partial(polled, shop, id=2))
    assert len(begun) == 2
    assert Order.objects.filter(channel_order_id="2").count() == 1


def sent_by_amazon(number: int) -> str:
    said_ = body("amazon", AmazonOrderId=f"902-7-{number}", FulfillmentChannel="AFN", BuyerInfo={"BuyerEmail": f"{number}@amazon.example"})
    return ingest.take(channel="amazon", said=loads(json.dumps(said_).encode()), actor=makers.TESTER).outcome


def test_the_first_orders_a_channel_sends_itself_make_its_place_once(shop: ChannelAccount) -> None:
    """Each finds no place of the channel: one makes it, the others wait for it, and each has its units there."""
    results = race(*[partial(sent_by_amazon, number) for number in range(CALLS)])
    assert Counter(results) == {"created": CALLS}
    assert [(level.on_hand, level.held) for level in Level.objects.filter(warehouse__code="AT-AMAZON")] == [(3 * CALLS, 3 * CALLS)]


def test_control_without_the_lock_on_its_code_an_order_waits_for_a_person(shop: ChannelAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    known, meet = Operation.open_stream, threading.Barrier(2, timeout=5)

    def unlocked(op: Operation, stream: str) -> None:
        if stream.startswith("warehouse-code:"):
            meet.wait()
        else:
            known(op, stream)

    monkeypatch.setattr(Operation, "open_stream", unlocked)
    results = race(*[partial(sent_by_amazon, number) for number in range(2)])
    assert Counter(results)["created"] < 2
