"""B81: an external warehouse counts, and we follow, without losing a sale or a promise."""

from __future__ import annotations

import pytest

from inventory import operations as stock
from inventory import sync
from tests.inventory import makers
from timeline.errors import BadRequest
from timeline.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shelves() -> None:
    makers.warehouse()
    ids = makers.on_shelf({"TEA": 10, "JAM": 5, "NUT": 3})
    makers.variant("NEW")
    makers.commit("o", {ids["JAM"]: 4})


def take(text: str) -> stock.Counted:
    return sync.take(text, warehouse_code="BLR", actor=makers.ASHA)


def test_b81_a_count_is_taken_over_and_what_cannot_be_is_named() -> None:
    found = take("sku,on_hand\nTEA,12\njam,3\nNUT,3\nNEW,7\nNONE,1\n")
    assert found.changed == {"TEA": 2, "NEW": 7}
    assert found.refused == {"JAM": "promised", "NONE": "unknown_sku"}
    assert (makers.level("TEA"), makers.level("JAM"), makers.level("NEW")) == ((12, 0), (5, 4), (7, 0))
    event = Event.objects.get(kind="stock.adjusted")
    assert event.facts["items"] == [{"sku": "NEW", "delta": 7}, {"sku": "TEA", "delta": 2}]
    makers.assert_adds_up()


def test_the_same_count_again_changes_nothing() -> None:
    take("sku,on_hand\nTEA,12\n")
    assert take("sku,on_hand\nTEA,12\n") == stock.Counted()
    assert Event.objects.filter(kind="stock.adjusted").count() == 1


def test_what_we_give_is_what_we_would_take() -> None:
    assert sync.give("BLR").splitlines() == ["sku,on_hand,held,available", "JAM,5,4,1", "NUT,3,0,3", "TEA,10,0,10"]
    assert take(sync.give("BLR")) == stock.Counted()


@pytest.mark.parametrize(
    "text", ["", "sku\nTEA\n", "sku,on_hand\nTEA,-1\n", "sku,on_hand\nTEA,1\nTEA,2\n", "sku,on_hand\n,1\n"]
)
def test_a_file_that_is_no_count_is_refused_whole(text: str) -> None:
    with pytest.raises(BadRequest):
        take(text)
    assert makers.level("TEA") == (10, 0)


def test_an_unknown_warehouse_and_a_count_too_long_are_refused() -> None:
    with pytest.raises(stock.UnknownWarehouse):
        sync.take("sku,on_hand\nTEA,1\n", warehouse_code="NONE", actor=makers.ASHA)
    with pytest.raises(ValueError, match="200"), makers.story() as op:
        stock.take_counts(op, warehouse_code="BLR", counts={f"S{n}": 1 for n in range(201)})
    assert take("sku,on_hand\nTEA,9999999999\n").refused == {"TEA": "out_of_range"}
