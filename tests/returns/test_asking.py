"""Asking, approving, declining, calling off, expiring; the story says it all and no person is in it (A16, E21)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from orders import due_returns
from orders.models import Order, Return
from orders.operations import return_pickup, return_rules, returns
from orders.operations.returns import Item, NotAPicture, PhotosClosed, PhotosFull, ReturnNotPossible
from tests import makers as shop
from tests.returns import makers
from tests.standing import Stand
from timeline.errors import TransitionRefused
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(shop.delivered_order, quantity=3)


def test_a16_the_story_says_what_comes_back_and_what_it_is_worth(order: Order) -> None:
    ret = makers.asked(order, units=2, comment="The handle came off")
    event = Event.objects.get(kind="return.requested")
    line = makers.lines_of(order)[0]
    assert event.facts["order_id"] == str(order.pk)
    assert event.facts["return_id"] == str(ret.pk)
    assert event.facts["items"] == [
        {"order_item_id": str(line.pk), "sku": line.sku, "reason": "defective", "quantity": 2, "condition": "unopened"}
    ]
    assert (event.facts["refund_amount_minor"], event.facts["currency"]) == (ret.worth_minor, "INR")
    assert (event.stream, event.actor_type, event.public) == (str(order.pk), "customer", True)
    assert "handle" not in str(event.facts)
    assert (event.private() or {})["comment"] == "The handle came off"
    assert ret.number.startswith("RMA-")


def test_units_are_asked_for_once_until_the_return_ends(order: Order) -> None:
    first = makers.asked(order, units=2)
    with pytest.raises(ReturnNotPossible) as refused:
        makers.asked(order, units=2)
    assert refused.value.errors == [("#/items/0", "No more units are left to send back: they came back before, or are on their way.")]
    makers.do(first, lambda op: return_pickup.cancel(op, return_id=first.pk))
    assert makers.asked(order, units=3).status == "requested"


def test_the_units_are_worth_their_share_of_the_frozen_price_less_the_fee(order: Order, settings: Any) -> None:
    settings.RETURN_FEES_BP = ["size:1000", "defective:5000"]
    line = makers.lines_of(order)[0]
    ours = makers.asked(order, units=1)
    theirs = makers.asked(order, units=1, reason="size")
    assert (ours.fee_minor, abs(ours.worth_minor * 3 - line.total_minor) <= 3) == (0, True)
    assert theirs.fee_minor == round(theirs.worth_minor / 10)


@pytest.mark.parametrize(("late", "reason"), [(timedelta(days=15), "size"), (timedelta(days=15), "defective")])
def test_the_window_closes_for_customers_and_staff_may_overrule_it(order: Order, late: timedelta, reason: str) -> None:
    with time_machine.travel(timezone.now() + late):
        with pytest.raises(ReturnNotPossible, match="Not all of this"):
            makers.asked(order, reason=reason)
        with operation("test.open", actor=shop.STAFF, stream=str(order.pk)) as op:
            ret = returns.open_by_staff(op, order_id=order.pk, items=makers.items(order, reason=reason))
    assert (ret.status, ret.beyond) == ("approved", ["too_late"])


def test_staff_cannot_overrule_that_units_are_not_there(order: Order) -> None:
    with operation("test.open", actor=shop.STAFF, stream=str(order.pk)) as op, pytest.raises(ReturnNotPossible):
        returns.open_by_staff(op, order_id=order.pk, items=makers.items(order, units=4))


def test_a_final_sale_comes_back_only_when_something_is_wrong(order: Order) -> None:
    with operation("test.rule", actor=shop.STAFF) as op:
        return_rules.set_days(op, sku=makers.lines_of(order)[0].sku, days=0)
    with pytest.raises(ReturnNotPossible, match="Not all") as refused:
        makers.asked(order, reason="no_longer_wanted")
    assert "finally" in refused.value.errors[0][1]
    assert makers.asked(order, reason="wrong_item").status == "requested"


def test_nothing_that_has_not_arrived_comes_back() -> None:
    order = shop.shipped_order()
    with pytest.raises(ReturnNotPossible, match="Not all") as refused:
        makers.asked(order)
    assert refused.value.errors[0][1] == "It has not been delivered yet."


def test_somebody_elses_item_is_no_item(order: Order) -> None:
    other = makers.lines_of(shop.delivered_order())[0]
    with pytest.raises(ReturnNotPossible):
        makers.asked(order, what=[Item(other.pk, 1, "defective")])


@pytest.mark.parametrize(("reason", "limit", "status"), [("size", 10**7, "approved"), ("size", 10, "requested"), ("other", 10**7, "requested")])
def test_instant_approval_by_rule(order: Order, settings: Any, reason: str, limit: int, status: str) -> None:
    settings.RETURN_INSTANT_REASONS, settings.RETURN_INSTANT_MINOR_MAX = ["size"], limit
    ret = makers.asked(order, reason=reason)
    assert ret.status == status
    assert [event.facts.get("by_rule") for event in Event.objects.filter(kind="return.approved")] == [True] * (status == "approved")


def test_a_decision_is_made_once_and_a_decline_says_why(order: Order) -> None:
    ret = makers.asked(order)
    said = makers.do(ret, lambda op: returns.decline(op, return_id=ret.pk, reason="The seal is broken"))
    assert (said.status, said.private(order.person.key)["reason"]) == ("declined", "The seal is broken")
    with pytest.raises(TransitionRefused):
        makers.do(ret, lambda op: returns.approve(op, return_id=ret.pk))
    assert makers.asked(order, units=3).status == "requested"


def test_a_return_that_was_never_sent_expires(order: Order) -> None:
    ret = makers.approved(order)
    waiting = makers.asked(order)
    assert due_returns.expire_due(timezone.now() + timedelta(days=13)) == 0
    assert due_returns.expire_due(timezone.now() + timedelta(days=15)) == 1
    assert (makers.fresh(ret).status, makers.fresh(waiting).status) == ("expired", "requested")


def test_pictures_are_sealed_limited_and_looked_at(order: Order) -> None:
    ret = makers.asked(order)

    def add(data: bytes) -> Any:
        with operation("test.photo", actor=shop.TESTER, stream=str(order.pk)) as op:
            return returns.add_photo(op, return_id=ret.pk, data=data)

    first = add(makers.png())
    assert add(makers.png()).pk == first.pk
    assert (bytes(first.sealed).find(b"IHDR"), returns.picture(first)) == (-1, makers.png())
    with pytest.raises(NotAPicture):
        add(b"<html>")
    for shade in range(4):
        add(makers.png(shade=shade))
    with pytest.raises(PhotosFull):
        add(makers.png(shade=99))
    makers.do(ret, lambda op: return_pickup.cancel(op, return_id=ret.pk))
    with pytest.raises(PhotosClosed):
        add(makers.png(shade=100))


def test_a_return_is_no_row_without_its_event(order: Order) -> None:
    ret = makers.asked(order)
    with pytest.raises(Exception, match=r"(?i)state|event|step"):
        Return.objects.filter(pk=ret.pk).update(status="closed")
