"""Promise, make firm, set free, let leave: what each verb does to levels, holds and ledger."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import locks, queries
from inventory import operations as stock
from inventory.stock import Hold, Level, Movement
from tests.inventory import makers
from timeline.models import Event
from timeline.operations import OperationRequired

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea() -> uuid.UUID:
    makers.warehouse()
    return makers.on_shelf({"TEA": 10})["TEA"]


def test_a_hold_takes_from_what_is_available_and_leaves_on_hand(tea: uuid.UUID) -> None:
    held = makers.hold("c1", {tea: 3})
    assert makers.level("TEA") == (10, 3)
    assert queries.available([tea]) == {tea: 7}
    assert [(h.status, h.quantity, h.taken) for h in held] == [("held", 3, 3)]
    makers.assert_adds_up()


def test_f02_the_same_variant_twice_is_summed_before_it_is_checked(tea: uuid.UUID) -> None:
    with pytest.raises(stock.OutOfStock), makers.story("c1") as op:
        stock.hold(op, stream="c1", wants=[stock.Want(tea, 6), stock.Want(tea, 6)], until=timezone.now())
    with makers.story("c1") as op:
        held = stock.hold(op, stream="c1", wants=[stock.Want(tea, 4), stock.Want(tea, 6)], until=timezone.now())
    assert [h.quantity for h in held] == [10]


def test_out_of_stock_names_every_short_sku_and_holds_nothing(tea: uuid.UUID) -> None:
    ids = makers.on_shelf({"JAM": 1, "NUT": 5})
    nowhere = makers.variant("GONE")
    with pytest.raises(stock.OutOfStock) as refusal:
        makers.hold("c1", {tea: 2, ids["JAM"]: 2, ids["NUT"]: 6, nowhere: 1})
    assert refusal.value.extra["skus"] == ["GONE", "JAM", "NUT"]
    assert refusal.value.extra["available"] == {"GONE": 0, "JAM": 1, "NUT": 5}
    assert not Hold.objects.exists()
    assert makers.level("TEA") == (10, 0)


def test_the_whole_order_comes_from_one_warehouse_where_one_can() -> None:
    makers.warehouse("AAA", priority=20)
    makers.warehouse("ZZZ", priority=5)
    ids = makers.on_shelf({"TEA": 10, "JAM": 1}, code="ZZZ")
    for sku in ids:
        makers.receive(sku, 10, code="AAA")
    held = makers.hold("c1", {ids["TEA"]: 2, ids["JAM"]: 2})
    assert {h.warehouse.code for h in held} == {"AAA"}
    held = makers.hold("c2", {ids["TEA"]: 2, ids["JAM"]: 1})
    assert {h.warehouse.code for h in held} == {"ZZZ"}, "the smaller priority is asked first"


def test_lines_are_split_only_where_no_warehouse_has_enough() -> None:
    makers.warehouse("AAA", priority=5)
    makers.warehouse("ZZZ", priority=20)
    ids = makers.on_shelf({"TEA": 3, "JAM": 1}, code="AAA")
    makers.receive("TEA", 2, code="ZZZ")
    makers.receive("JAM", 9, code="ZZZ")
    held = makers.hold("c1", {ids["TEA"]: 5, ids["JAM"]: 4})
    assert sorted((h.variant.sku, h.warehouse.code, h.quantity) for h in held) == [
        ("JAM", "ZZZ", 4),
        ("TEA", "AAA", 3),
        ("TEA", "ZZZ", 2),
    ]
    makers.assert_adds_up()


def test_holding_again_after_the_cart_changed_takes_and_frees_the_difference(tea: uuid.UUID) -> None:
    jam = makers.on_shelf({"JAM": 10})["JAM"]
    makers.hold("c1", {tea: 6, jam: 1})
    makers.hold("c1", {tea: 8})
    assert (makers.level("TEA"), makers.level("JAM")) == ((10, 8), (10, 0))
    makers.hold("c1", {tea: 1, jam: 10})
    assert (makers.level("TEA"), makers.level("JAM")) == ((10, 1), (10, 10))
    makers.assert_adds_up()


def test_surplus_of_a_variant_may_serve_nothing_else_but_is_free_at_once(tea: uuid.UUID) -> None:
    makers.hold("c1", {tea: 10})
    makers.hold("c1", {tea: 4})
    makers.hold("c2", {tea: 6})
    assert makers.level("TEA") == (10, 10)


def test_commit_makes_the_hold_firm_and_moves_it_to_the_order(tea: uuid.UUID) -> None:
    makers.hold("checkout", {tea: 3})
    held = makers.commit("order", {tea: 3}, hold_stream="checkout")
    row = Hold.objects.get()
    assert [h.id for h in held] == [row.id]
    assert (row.stream, row.status, row.expires_at, row.quantity) == ("order", "committed", None, 3)
    assert Movement.objects.filter(hold=row).count() == 1, "the level did not move a second time"
    assert [h.id for h in queries.holds("order")] == [row.id]


def test_commit_takes_what_was_never_held_and_frees_what_is_too_much(tea: uuid.UUID) -> None:
    jam = makers.on_shelf({"JAM": 5})["JAM"]
    makers.hold("c", {tea: 5})
    held = makers.commit("o", {tea: 2, jam: 4}, hold_stream="c")
    assert sorted((h.quantity, h.status) for h in held) == [(2, "committed"), (4, "committed")]
    assert (makers.level("TEA"), makers.level("JAM")) == ((10, 2), (5, 4))
    makers.assert_adds_up()


def test_f04_a_hold_that_expired_is_taken_anew_when_the_order_is_placed(tea: uuid.UUID) -> None:
    makers.hold("c", {tea: 10}, until=timezone.now() - timedelta(seconds=1))
    assert stock.expire_due(timezone.now()) == 1
    makers.commit("o", {tea: 10}, hold_stream="c")
    assert makers.level("TEA") == (10, 10)
    makers.assert_adds_up()


def test_f04_an_order_is_refused_when_others_took_what_expired(tea: uuid.UUID) -> None:
    makers.hold("c", {tea: 10}, until=timezone.now() - timedelta(seconds=1))
    stock.expire_due(timezone.now())
    makers.hold("other", {tea: 1})
    with pytest.raises(stock.OutOfStock) as refusal:
        makers.commit("o", {tea: 10}, hold_stream="c")
    assert refusal.value.extra["skus"] == ["TEA"]
    assert makers.level("TEA") == (10, 1)


def test_a_committed_hold_never_expires(tea: uuid.UUID) -> None:
    makers.hold("c", {tea: 3})
    makers.commit("o", {tea: 3}, hold_stream="c")
    assert stock.expire_due(timezone.now() + timedelta(days=400)) == 0
    assert makers.level("TEA") == (10, 3)


def test_expiry_frees_the_units_and_says_so_once_per_story(tea: uuid.UUID) -> None:
    jam = makers.on_shelf({"JAM": 5})["JAM"]
    now = timezone.now()
    makers.hold("c1", {tea: 3, jam: 2}, until=now)
    makers.hold("c2", {tea: 1}, until=now)
    makers.hold("c3", {tea: 1}, until=now + timedelta(minutes=1))
    assert stock.expire_due(now) == 3
    assert stock.expire_due(now) == 0
    assert (makers.level("TEA"), makers.level("JAM")) == ((10, 1), (5, 0))
    said = Event.objects.filter(kind="hold.expired").order_by("stream")
    assert [(e.stream, e.facts["quantity"], e.actor_id) for e in said] == [
        ("c1", 5, "inventory"),
        ("c2", 1, "inventory"),
    ]
    makers.assert_adds_up()


def test_b30_release_gives_everything_back(tea: uuid.UUID) -> None:
    makers.commit("o", {tea: 4})
    makers.release("o")
    makers.release("o")
    assert makers.level("TEA") == (10, 0)
    assert Hold.objects.get().status == "released"
    makers.assert_adds_up()


def test_release_in_part_keeps_the_rest(tea: uuid.UUID) -> None:
    (held,) = makers.commit("o", {tea: 4})
    makers.release("o", {held.id: 1})
    row = Hold.objects.get()
    assert (row.status, row.quantity, row.taken) == ("committed", 3, 4)
    assert makers.level("TEA") == (10, 3)
    makers.assert_adds_up()


def test_more_than_is_promised_cannot_be_released_or_consumed(tea: uuid.UUID) -> None:
    (held,) = makers.commit("o", {tea: 4})
    for verb in (makers.release, makers.consume):
        with pytest.raises(stock.HoldSpent):
            verb("o", {held.id: 5})
    makers.consume("o", {held.id: 4})
    for verb in (makers.release, makers.consume):
        with pytest.raises(stock.HoldSpent):
            verb("o", {held.id: 1})
    makers.assert_adds_up()


def test_a_hold_of_another_story_is_not_released(tea: uuid.UUID) -> None:
    (held,) = makers.commit("o1", {tea: 4})
    with pytest.raises(stock.HoldSpent):
        makers.release("o2", {held.id: 1})
    with pytest.raises(OperationRequired):
        makers.consume("o2", {held.id: 1})
    assert makers.level("TEA") == (10, 4)


def test_b29_the_parcel_takes_on_hand_and_held_down_together(tea: uuid.UUID) -> None:
    (held,) = makers.commit("o", {tea: 4})
    makers.consume("o", {held.id: 3})
    assert makers.level("TEA") == (7, 1)
    makers.consume("o", {held.id: 1})
    assert makers.level("TEA") == (6, 0)
    assert Hold.objects.get().status == "consumed"
    assert [m.kind for m in queries.ledger("TEA").order_by("at", "id")] == ["received", "held", "consumed", "consumed"]
    makers.assert_adds_up()


def test_no_event_is_said_for_the_parts_of_an_order(tea: uuid.UUID) -> None:
    before = Event.objects.count()
    (held,) = makers.commit("o", {tea: 4})
    makers.consume("o", {held.id: 2})
    makers.release("o")
    assert Event.objects.count() == before


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001])
def test_a_want_out_of_range_is_refused(tea: uuid.UUID, quantity: Any) -> None:
    with pytest.raises(stock.WantOutOfRange):
        makers.hold("c", {tea: quantity})


def test_stock_is_taken_only_under_the_lock_of_its_story(tea: uuid.UUID) -> None:
    with pytest.raises(OperationRequired), makers.story("other") as op:
        stock.hold(op, stream="c", wants=makers.wants({tea: 1}), until=op.now)


def test_a_warehouse_that_is_closed_gives_nothing_and_takes_back() -> None:
    place = makers.warehouse()
    tea = makers.on_shelf({"TEA": 5})["TEA"]
    (held,) = makers.commit("o", {tea: 2})
    place.is_active = False
    place.save()
    assert queries.available([tea]) == {tea: 0}
    with pytest.raises(stock.OutOfStock):
        makers.hold("c", {tea: 1})
    makers.release("o", {held.id: 2})
    assert makers.level("TEA") == (5, 0)


def _statements(count: int, work: Any) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        work(count)
    return [q["sql"].split()[0] for q in seen.captured_queries]


def test_b52_statements_do_not_grow_with_the_lines() -> None:
    makers.warehouse()
    ids = list(makers.on_shelf({f"S{n:03}": 5 for n in range(50)}).values())
    costs: dict[str, list[int]] = {}
    for count in (3, 50):
        story = f"o{count}"
        units = dict.fromkeys(ids[:count], 1)

        def hold(_: int, story: Any = story, units: Any = units) -> None:
            makers.hold(story, units)

        def commit(_: int, story: Any = story, units: Any = units) -> None:
            makers.commit(story, units)

        def consume(_: int, story: Any = story) -> None:
            makers.consume(story, {h.id: 1 for h in queries.holds(story)})

        def commit_anew(_: int, story: Any = story, units: Any = units) -> None:
            makers.commit(f"{story}x", units)

        def release(_: int, story: Any = story) -> None:
            makers.release(f"{story}x")

        for work in (hold, commit, consume, commit_anew, release):
            costs.setdefault(work.__name__, []).append(len(_statements(count, work)))
    assert all(few == many for few, many in costs.values()), costs
    assert max(few for few, _ in costs.values()) <= 9, costs
    makers.assert_adds_up()


def test_wants_are_bounded_in_sum_and_in_number(tea: uuid.UUID) -> None:
    with pytest.raises(stock.WantOutOfRange):
        stock.holding.merged([stock.Want(tea, 600_000), stock.Want(tea, 600_000)])
    with pytest.raises(stock.WantOutOfRange):
        makers.hold("c", {uuid.uuid4(): 1 for _ in range(201)})
    (held,) = makers.commit("o", {tea: 2})
    with pytest.raises(stock.WantOutOfRange):
        makers.release("o", {held.id: 0})


def test_an_expiry_with_nothing_due_says_nothing(tea: uuid.UUID) -> None:
    makers.hold("c", {tea: 1})
    before = Event.objects.count()
    with makers.story("c") as op:
        assert stock.expire(op, stream="c") == []
    assert Event.objects.count() == before


def test_f01_the_database_has_the_last_word_when_the_levels_read_were_stale(
    tea: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    (held,) = makers.commit("o", {tea: 6})
    stale = list(Level.objects.select_related("warehouse", "variant"))
    for level in stale:
        level.held = 0
    monkeypatch.setattr(locks, "levels", lambda **_: stale)
    with pytest.raises(stock.OutOfStock) as refusal:
        makers.hold("c", {tea: 5})
    assert refusal.value.extra["skus"] == ["TEA"]
    Level.objects.update(held=1)
    with pytest.raises(stock.HoldSpent):
        makers.release("o", {held.id: 6})
    assert makers.level("TEA") == (10, 1)
