"""Counted, graded, put away: stock adds up, nothing is on a shelf before it came (Z4, E24, I1)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Level, Movement
from inventory.reconciliation import differences
from orders.models import Order, Return
from orders.operations import return_goods, returns
from orders.operations.return_goods import (
    CountsDiffer,
    DamagedIsNotForSale,
    Graded,
    MoreThanWentOut,
    NothingCame,
    inspect,
    receive,
)
from orders.operations.shelf import NoWarehouse
from tests import makers as shop
from tests.returns import makers
from tests.standing import Stand
from tests.thorough import many
from timeline.errors import TransitionRefused
from timeline.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(shop.delivered_order, quantity=3)


def level(order: Order) -> tuple[int, int, int]:
    row = Level.objects.get(variant=makers.lines_of(order)[0].variant)
    return row.on_hand, row.held, row.damaged


def got(ret: Return, **words: Any) -> Return:
    return makers.do(ret, lambda op: receive(op, return_id=ret.pk, **words))


def graded(ret: Return, *units: tuple[int, str, str], pk: Any = None) -> Return:
    line = pk or makers.lines_of(ret.order)[0].pk
    return makers.do(ret, lambda op: inspect(op, return_id=ret.pk, units=[Graded(line, *unit) for unit in units]))


def test_z4_units_are_on_no_shelf_before_they_were_inspected(order: Order) -> None:
    before = level(order)
    ret = makers.approved(order, units=2)
    assert level(order) == before
    ret = got(ret)
    assert (ret.status, level(order), makers.lines_of(order)[0].quantity_returned) == ("received", before, 2)
    graded(ret, (1, "A", "restock"), (1, "damaged", "damaged"))
    assert level(order) == (before[0] + 1, before[1], before[2] + 1)
    assert differences() == []


def test_what_is_scrapped_came_and_went_in_two_movements(order: Order) -> None:
    before = level(order)
    graded(got(makers.approved(order, units=2)), (2, "damaged", "scrap"))
    assert level(order) == before
    moved = Movement.objects.exclude(damaged_delta=0).values_list("kind", "on_hand_delta", "damaged_delta")
    assert sorted(moved) == [("restocked", 0, 2), ("scrapped", 0, -2)]
    assert differences() == []


def test_what_goes_back_to_the_customer_is_not_returned(order: Order) -> None:
    before = level(order)
    ret = graded(got(makers.approved(order, units=2)), (1, "B", "back_to_customer"), (1, "B", "restock"))
    assert (level(order)[0], makers.lines_of(order)[0].quantity_returned) == (before[0] + 1, 1)
    assert return_goods.kept_units(ret) == {makers.lines_of(order)[0].pk: 1}


def test_everything_back_is_the_fulfilment_state_returned(order: Order) -> None:
    got(makers.approved(order, units=3))
    assert shop.again(order).fulfilment_state == "returned"


def test_fewer_more_and_other_things_than_announced_are_recorded() -> None:
    order = shop.delivered_order(lines=2, quantity=3)
    first, second = makers.lines_of(order)
    ret = makers.approved(order, what=[returns.Item(first.pk, 2, "size")])
    ret = got(ret, counts={first.pk: 1, second.pk: 2}, others=[{"sku": "BRICK", "quantity": 1}])
    assert [(row.line_id, row.quantity, row.received) for row in ret.lines.all()] == [(first.pk, 2, 1), (second.pk, 0, 2)]
    assert ret.others == [{"sku": "BRICK", "quantity": 1}]
    facts = Event.objects.get(kind="return.received").facts
    assert [(row["announced"], row["quantity"]) for row in facts["items"]] == [(2, 1), (0, 2)]
    assert [line.quantity_returned for line in makers.lines_of(order)] == [1, 2]


@pytest.mark.parametrize(("units", "error"), [(4, MoreThanWentOut), (0, NothingCame)])
def test_a_count_that_cannot_be_changes_nothing(order: Order, units: int, error: type[Exception]) -> None:
    ret, line = makers.approved(order), makers.lines_of(order)[0]
    with pytest.raises(error):
        got(ret, counts={line.pk: units})
    with pytest.raises(NoWarehouse):
        got(ret, warehouse="MOON-1")
    assert (makers.fresh(ret).status, makers.lines_of(order)[0].quantity_returned) == ("approved", 0)


def test_every_unit_is_graded_once(order: Order) -> None:
    ret = got(makers.approved(order, units=2))
    for units in ([], [(1, "A", "restock")], [(3, "A", "restock")]):
        with pytest.raises(CountsDiffer):
            graded(ret, *units)
    with pytest.raises(DamagedIsNotForSale):
        graded(ret, (2, "damaged", "restock"))
    with pytest.raises(CountsDiffer):
        graded(ret, (2, "A", "restock"), pk=ret.pk)
    graded(ret, (2, "A", "restock"))
    with pytest.raises(TransitionRefused):
        graded(ret, (2, "A", "restock"))


def test_goods_are_received_once(order: Order) -> None:
    ret = got(makers.approved(order))
    with pytest.raises(TransitionRefused):
        got(ret)
    assert makers.lines_of(order)[0].quantity_returned == 1


GRADES = st.lists(
    st.sampled_from([("A", "restock"), ("B", "restock"), ("B", "damaged"), ("damaged", "scrap"), ("B", "back_to_customer")]),
    min_size=1, max_size=4,
)


@settings(max_examples=many(4), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rounds=st.lists(GRADES, min_size=1, max_size=3))
def test_i1_stock_explains_every_unit_whatever_comes_back(rounds: list[list[tuple[str, str]]]) -> None:
    order = shop.delivered_order(quantity=5)
    start = level(order)
    shelf = damaged = 0
    for grades in rounds:
        line = makers.lines_of(order)[0]
        units = min(len(grades), line.quantity_delivered - line.quantity_returned)
        if not units:
            break
        used = grades[:units]
        graded(got(makers.approved(order, units=units)), *[(1, grade, to) for grade, to in used])
        shelf += sum(to == "restock" for _, to in used)
        damaged += sum(to == "damaged" for _, to in used)
        line = makers.lines_of(order)[0]
        assert 0 <= line.quantity_returned <= line.quantity_delivered <= line.quantity
        assert level(order) == (start[0] + shelf, start[1], start[2] + damaged)
    assert differences() == []
