"""More is promised than is there, where a policy allows it, and kept oldest first when stock comes."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory import operations as stock
from inventory import queries, reconciliation
from inventory.catalogue import Variant
from inventory.stock import Backorder, Hold
from tests.inventory import makers
from timeline import relay
from timeline.models import Event

pytestmark = pytest.mark.django_db
TOMORROW = timezone.localdate() + timedelta(days=1)


@pytest.fixture
def tea() -> uuid.UUID:
    """Two on the shelf, and at most ten may be promised beyond."""
    makers.warehouse()
    found = makers.on_shelf({"TEA": 2})["TEA"]
    makers.policy("TEA", "backorder", limit=10)
    return found


def units(stream: str) -> int:
    return sum(held.quantity for held in queries.holds(stream))


def test_what_is_there_is_taken_and_the_rest_waits(tea: uuid.UUID) -> None:
    makers.commit("o", {tea: 5})
    assert (units("o"), makers.waits("o"), makers.level("TEA")) == (2, {"TEA": 3}, (2, 2))
    assert (Variant.objects.get().backordered, queries.available([tea])) == (3, {tea: 0})
    makers.assert_adds_up()


def test_a_checkout_holds_what_is_there_and_nothing_waits_for_it_yet(tea: uuid.UUID) -> None:
    makers.hold("c", {tea: 5})
    assert (units("c"), Backorder.objects.count()) == (2, 0)
    makers.commit("o", {tea: 5}, hold_stream="c")
    assert (units("o"), makers.waits("o")) == (2, {"TEA": 3})


@pytest.mark.parametrize("verb", ["hold", "commit"])
def test_the_limit_is_exact_and_the_refusal_says_what_may_still_be_ordered(tea: uuid.UUID, verb: str) -> None:
    makers.commit("o", {tea: 11})
    act = getattr(makers, verb)
    with pytest.raises(stock.OutOfStock) as refusal:
        act("p", {tea: 2})
    assert refusal.value.extra == {"skus": ["TEA"], "available": {"TEA": 1}}
    assert (makers.waits("o"), makers.waits("p")) == ({"TEA": 9}, {})
    act("p", {tea: 1})
    makers.assert_adds_up()


def test_without_a_policy_nothing_is_promised(tea: uuid.UUID) -> None:
    makers.policy("TEA", "deny")
    with pytest.raises(stock.OutOfStock):
        makers.commit("o", {tea: 3})
    assert makers.level("TEA") == (2, 0)


def test_a_variant_that_never_lay_anywhere_may_be_ordered() -> None:
    makers.warehouse()
    new = makers.variant("NEW")
    makers.policy("NEW", "backorder")
    makers.commit("o", {new: 3})
    assert makers.waits("o") == {"NEW": 3}
    makers.receive("NEW", 2)
    assert (makers.fill(), units("o"), makers.waits("o")) == (2, 2, {"NEW": 1})


def test_stock_that_comes_goes_to_those_who_wait_oldest_first(tea: uuid.UUID) -> None:
    for stream, wanted in (("a", 4), ("b", 2), ("c", 3)):
        makers.commit(stream, {tea: wanted})
    makers.receive("TEA", 5)
    assert makers.fill() == 5
    assert [makers.waits(stream) for stream in "abc"] == [{}, {}, {"TEA": 2}]
    assert (units("a"), units("b"), units("c"), makers.level("TEA")) == (4, 2, 1, (7, 7))
    told = Event.objects.filter(kind="backorder.filled").order_by("id").values_list("stream", "facts__quantity", "facts__left")
    assert list(told) == [("a", 2, 0), ("b", 2, 0), ("c", 1, 2)]
    assert makers.fill() == 0
    makers.assert_adds_up()


def test_nobody_takes_what_others_wait_for(tea: uuid.UUID) -> None:
    makers.commit("a", {tea: 5})
    makers.receive("TEA", 4)
    assert queries.available([tea]) == {tea: 1}
    makers.commit("b", {tea: 2})
    assert (units("b"), makers.waits("b")) == (1, {"TEA": 1})
    makers.policy("TEA", "deny")
    with pytest.raises(stock.OutOfStock):
        makers.commit("c", {tea: 1})
    makers.fill()
    assert (makers.waits("a"), makers.waits("b")) == ({}, {"TEA": 1})


def test_received_goods_are_given_out_without_waiting_for_the_sweep(tea: uuid.UUID) -> None:
    makers.commit("o", {tea: 5})
    makers.receive("TEA", 3)
    relay.drain()
    assert (units("o"), makers.waits("o")) == (5, {})


def test_a_cancelled_story_waits_no_more(tea: uuid.UUID) -> None:
    makers.commit("o", {tea: 5})
    makers.release("o")
    assert (makers.waits("o"), Variant.objects.get().backordered, makers.level("TEA")) == ({}, 0, (2, 0))
    assert Event.objects.get(kind="backorder.ended").facts["quantity"] == 3
    makers.release("o")
    assert Event.objects.filter(kind="backorder.ended").count() == 1


def test_so_many_units_are_waited_for_no_more_the_youngest_promise_first(tea: uuid.UUID) -> None:
    makers.commit("o", {tea: 4})
    makers.commit("o", {tea: 7})
    with makers.story("o") as op:
        assert stock.forgo(op, stream="o", units={tea: 4}) == {tea: 4}
        assert stock.forgo(op, stream="o", units={uuid.uuid4(): 1}) == {}
    first, second = Backorder.objects.order_by("created_at")
    assert ((first.quantity, first.status), (second.quantity, second.status)) == ((1, "waiting"), (0, "ended"))
    makers.assert_adds_up()


@pytest.mark.parametrize(("wanted", "held", "waits"), [(7, 2, 5), (5, 2, 3), (4, 2, 2), (2, 2, 0), (1, 1, 0)])
def test_committing_anew_settles_holds_and_waits(tea: uuid.UUID, wanted: int, held: int, waits: int) -> None:
    makers.commit("o", {tea: 5})
    makers.commit("o", {tea: wanted})
    assert (units("o"), makers.waits("o").get("TEA", 0)) == (held, waits)
    makers.assert_adds_up()


def test_a_preorder_is_a_promise_until_its_day_whatever_lies_there(tea: uuid.UUID) -> None:
    makers.policy("TEA", "preorder", day=TOMORROW)
    makers.commit("o", {tea: 1})
    assert (makers.waits("o"), queries.available([tea]), makers.fill()) == ({"TEA": 1}, {tea: 0}, 0)
    assert stock.fill_due(timezone.now() + timedelta(days=2)) == 0, "the operation's own time says whether the day has come"
    makers.policy("TEA", "preorder", day=timezone.localdate())
    assert (makers.fill(), makers.waits("o"), makers.level("TEA")) == (1, {}, (2, 1))


def test_by_hand_a_story_is_served_out_of_turn_and_from_the_safety_stock(tea: uuid.UUID) -> None:
    makers.commit("a", {tea: 4})
    makers.commit("b", {tea: 2})
    makers.watch("TEA", safety=2)
    makers.receive("TEA", 2)
    assert makers.fill() == 0
    with makers.story("b") as op:
        assert stock.fill(op, stream="b", variant_id=tea) == 0
        assert stock.fill(op, stream="b", variant_id=tea, by_hand=True) == 2
    assert (makers.waits("a"), makers.waits("b")) == ({"TEA": 2}, {})
    makers.assert_adds_up()


@pytest.mark.parametrize(
    "wish",
    [
        {"policy": "sometimes"},
        {"policy": "deny", "limit": 3},
        {"policy": "backorder", "limit": -1},
        {"policy": "backorder", "day": TOMORROW},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(tea: uuid.UUID, wish: Any) -> None:
    with pytest.raises(stock.NotOfferable):
        makers.policy("TEA", **wish)


def test_a_queue_that_is_miscounted_is_found(tea: uuid.UUID) -> None:
    makers.commit("o", {tea: 5})
    Variant.objects.update(backordered=4)
    assert reconciliation.differences() == [reconciliation.Difference(None, tea, "backordered", 3, 4)]


def test_a_hold_made_by_filling_leaves_like_any_other(tea: uuid.UUID) -> None:
    makers.commit("o", {tea: 3})
    makers.receive("TEA", 1)
    makers.fill()
    makers.consume("o", {held.id: held.quantity for held in queries.holds("o")})
    assert (makers.level("TEA"), Hold.objects.filter(status="consumed").count()) == ((0, 0), 2)
