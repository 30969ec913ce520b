"""What staff do with stock, and what the story of a variant says about it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from inventory import operations as stock
from inventory import queries
from inventory.stock import ON_HAND_UNITS_MAX, Level, Movement
from tests.inventory import makers
from timeline.models import Event, Target

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea() -> uuid.UUID:
    makers.warehouse()
    return makers.on_shelf({"TEA": 10})["TEA"]


def last(kind: str) -> Event:
    return Event.objects.filter(kind=kind).latest("id")


def test_received_goods_are_on_hand_and_in_the_story_of_the_variant(tea: uuid.UUID) -> None:
    assert makers.level("TEA") == (10, 0)
    event = last("stock.received")
    assert event.stream == str(tea)
    assert event.facts == {"sku": "TEA", "warehouse": "BLR", "quantity": 10, "on_hand": 10, "reason": "purchase"}
    assert Target.objects.filter(event=event, type="variant", target_id=tea.hex).exists()


def test_an_adjustment_is_a_difference_with_its_reason(tea: uuid.UUID) -> None:
    assert makers.adjust("TEA", -3, reason="damaged").on_hand == 7
    event = last("stock.adjusted")
    assert (event.facts["delta"], event.facts["on_hand"], event.facts["reason"]) == (-3, 7, "damaged")
    assert (event.actor_name, event.channel) == ("Asha", "console")
    assert event.private() is None


def test_free_text_is_sealed_and_never_in_the_facts(tea: uuid.UUID) -> None:
    makers.adjust("TEA", -1, reason="Ravi dropped one")
    event = last("stock.adjusted")
    assert event.facts["reason"] == "other"
    assert event.private() == {"reason": "Ravi dropped one"}
    assert queries.ledger("TEA")[0].reason == "other"


def test_f06_what_is_promised_cannot_be_adjusted_away(tea: uuid.UUID) -> None:
    makers.hold("c", {tea: 8})
    with pytest.raises(stock.StockPromised) as refusal:
        makers.adjust("TEA", -3)
    assert refusal.value.extra == {"on_hand": 10, "held": 8, "available": 2}
    makers.adjust("TEA", -2)
    assert makers.level("TEA") == (8, 8)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"delta": 0}, stock.QuantityOutOfRange),
        ({"delta": ON_HAND_UNITS_MAX}, stock.QuantityOutOfRange),
        ({"delta": -11}, stock.StockPromised),
        ({"sku": "NONE"}, stock.UnknownVariant),
        ({"code": "NONE"}, stock.UnknownWarehouse),
    ],
)
def test_an_impossible_adjustment_is_refused_and_leaves_nothing(tea: uuid.UUID, change: Any, error: Any) -> None:
    before = (Movement.objects.count(), Event.objects.count(), Level.objects.count())
    with pytest.raises(error):
        makers.adjust(**({"sku": "TEA", "delta": 1} | change))
    assert (Movement.objects.count(), Event.objects.count(), Level.objects.count()) == before


def test_a_transfer_moves_both_levels_at_once(tea: uuid.UUID) -> None:
    makers.warehouse("DEL")
    makers.hold("c", {tea: 4})
    with makers.story() as op:
        stock.transfer(op, from_code="BLR", to_code="DEL", sku="TEA", quantity=6)
    assert (makers.level("TEA"), makers.level("TEA", "DEL")) == ((4, 4), (6, 0))
    with pytest.raises(stock.StockPromised), makers.story() as op:
        stock.transfer(op, from_code="BLR", to_code="DEL", sku="TEA", quantity=1)
    for to_code, quantity in (("BLR", 1), ("DEL", 0)):
        with pytest.raises(stock.QuantityOutOfRange), makers.story() as op:
            stock.transfer(op, from_code="BLR", to_code=to_code, sku="TEA", quantity=quantity)
    facts = last("stock.transferred").facts
    assert (facts["warehouse"], facts["to_warehouse"], facts["quantity"]) == ("BLR", "DEL", 6)
    makers.assert_adds_up()


def test_units_that_come_back_are_one_event_in_the_order_s_story(tea: uuid.UUID) -> None:
    jam = makers.variant("JAM")
    place = Level.objects.get().warehouse_id
    with makers.story("order") as op:
        stock.restock(op, warehouse_id=place, quantities={tea: 2, jam: 1}, stream="order", reason="returned")
        assert stock.restock(op, warehouse_id=place, quantities={}, stream="order", reason="returned") == []
    assert (makers.level("TEA"), makers.level("JAM")) == ((12, 0), (1, 0))
    event = last("stock.restocked")
    assert (event.stream, event.stream_seq, event.facts["quantity"]) == ("order", 1, 3)
    for place_id, units, error in ((place, 0, stock.QuantityOutOfRange), (uuid.uuid4(), 1, stock.UnknownWarehouse)):
        with pytest.raises(error), makers.story("order") as op:
            stock.restock(op, warehouse_id=place_id, quantities={tea: units}, stream="order", reason="returned")
    makers.assert_adds_up()
