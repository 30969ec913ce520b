"""Damaged units: set aside, mended, thrown away; never sold."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from inventory import operations as stock
from inventory import queries
from inventory.stock import Level, Movement
from tests.inventory import makers
from timeline.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea() -> uuid.UUID:
    makers.warehouse()
    return makers.on_shelf({"TEA": 10})["TEA"]


def level() -> tuple[int, int, int]:
    """(on hand, held, damaged)."""
    found = Level.objects.get(variant__sku="TEA")
    return found.on_hand, found.held, found.damaged


def test_damaged_units_lie_aside_and_are_not_offered(tea: uuid.UUID) -> None:
    makers.hold("c", {tea: 4})
    makers.shift("damage", "TEA", 6)
    assert level() == (4, 4, 6)
    assert queries.available([tea]) == {tea: 0}
    with pytest.raises(stock.OutOfStock):
        makers.hold("d", {tea: 1})
    makers.assert_adds_up()


def test_what_is_promised_is_not_set_aside(tea: uuid.UUID) -> None:
    makers.hold("c", {tea: 8})
    with pytest.raises(stock.StockPromised):
        makers.shift("damage", "TEA", 3)
    assert level() == (10, 8, 0)


def test_mended_units_are_sold_again_and_scrapped_ones_are_gone(tea: uuid.UUID) -> None:
    makers.shift("damage", "TEA", 5)
    makers.shift("repair", "TEA", 2)
    makers.shift("scrap", "TEA", 3)
    assert level() == (7, 0, 0)
    told = Event.objects.filter(stream=str(tea)).order_by("id").values_list("kind", "facts__on_hand", "facts__damaged")
    assert list(told)[-3:] == [("stock.damaged", 5, 5), ("stock.repaired", 7, 3), ("stock.scrapped", 7, 0)]
    moved = list(Movement.objects.order_by("at", "id").values_list("kind", "on_hand_delta", "damaged_delta"))
    assert moved[1:] == [("damaged", -5, 5), ("repaired", 2, -2), ("scrapped", 0, -3)]
    makers.assert_adds_up()


@pytest.mark.parametrize("verb", ["repair", "scrap"])
def test_more_than_is_damaged_is_refused(tea: uuid.UUID, verb: str) -> None:
    makers.shift("damage", "TEA", 1)
    with pytest.raises(stock.NotDamaged) as refusal:
        makers.shift(verb, "TEA", 2)
    assert refusal.value.extra == {"damaged": 1}
    assert level() == (9, 0, 1)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"quantity": 0}, stock.QuantityOutOfRange),
        ({"sku": "NONE"}, stock.UnknownVariant),
        ({"code": "NONE"}, stock.UnknownWarehouse),
    ],
)
def test_an_impossible_shift_is_refused_and_leaves_nothing(tea: uuid.UUID, change: Any, error: Any) -> None:
    for verb in ("damage", "repair", "scrap"):
        with pytest.raises(error):
            makers.shift(verb, **({"sku": "TEA", "quantity": 1} | change))
    assert (level(), Movement.objects.count()) == ((10, 0, 0), 1)


def test_goods_that_come_back_damaged_never_reach_the_shelf(tea: uuid.UUID) -> None:
    place = Level.objects.get().warehouse_id
    with makers.story("order") as op:
        stock.restock(op, warehouse_id=place, quantities={tea: 2}, stream="order", reason="returned", damaged=True)
    assert level() == (10, 0, 2)
    assert Event.objects.get(kind="stock.restocked").facts["damaged"] is True
    assert queries.available([tea]) == {tea: 10}
    makers.assert_adds_up()
