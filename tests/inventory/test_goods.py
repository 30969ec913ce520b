"""Deliveries, transfers in two steps and blind counts: what moves, what is told, what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from inventory import operations as stock
from inventory import queries
from inventory.papers import StockCount, Transfer
from inventory.stock import Level, Movement
from tests.inventory import makers
from timeline.errors import Missing, TransitionRefused
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db


@pytest.fixture
def ids() -> dict[str, uuid.UUID]:
    makers.warehouse()
    makers.warehouse("DEL", priority=20)
    return makers.on_shelf({"TEA": 10, "JAM": 5})


def do(verb: str, *, actor: Any = makers.ASHA, **nouns: Any) -> Any:
    with operation(f"test.{verb}", actor=actor) as op:
        return getattr(stock, verb)(op, **nouns)


def send(**units: int) -> Transfer:
    found: Transfer = do("send", from_code="BLR", to_code="DEL", units=units)
    return found


def damaged(sku: str, code: str = "BLR") -> int:
    return Level.objects.get(variant__sku=sku, warehouse__code=code).damaged


def facts(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = Event.objects.filter(kind=kind).latest("id").facts
    return found


def test_a_delivery_of_several_skus_is_one_event_and_its_damaged_units_lie_aside(ids: Any) -> None:
    goods = [stock.Goods("TEA", 6, damaged=2), stock.Goods("JAM", 1)]
    do("take_delivery", warehouse_code="BLR", goods=goods, reference="DN-77")
    assert (makers.level("TEA"), damaged("TEA"), makers.level("JAM")) == ((14, 0), 2, (6, 0))
    told = facts("stock.received")
    assert (told["quantity"], told["damaged"], told["reference"], told["sku"]) == (7, 2, "DN-77", "JAM, TEA")
    makers.assert_adds_up()


@pytest.mark.parametrize(
    ("goods", "error"),
    [
        ([("NONE", 1, 0)], stock.UnknownVariant),
        ([("TEA", 0, 0)], stock.QuantityOutOfRange),
        ([("TEA", 1, 2)], stock.QuantityOutOfRange),
        ([("TEA", 1, 0), ("TEA", 1, 0)], stock.QuantityOutOfRange),
        ([], stock.QuantityOutOfRange),
    ],
)
def test_an_impossible_delivery_leaves_nothing(ids: Any, goods: Any, error: Any) -> None:
    with pytest.raises(error):
        do("take_delivery", warehouse_code="BLR", goods=[stock.Goods(*item) for item in goods])
    assert (makers.level("TEA"), Movement.objects.count()) == ((10, 0), 2)


def test_goods_in_transit_are_on_hand_nowhere(ids: Any) -> None:
    send(TEA=4, JAM=5)
    assert (makers.level("TEA"), makers.level("JAM"), queries.available([ids["JAM"]])) == ((6, 0), (0, 0), {ids["JAM"]: 0})
    assert facts("transfer.sent")["quantity"] == 9
    makers.assert_adds_up()


def test_what_came_is_taken_in_and_what_did_not_is_short(ids: Any) -> None:
    sent = send(TEA=4, JAM=2)
    do("take_in", transfer_id=sent.id, received={"TEA": 2, "JAM": 2}, damaged={"TEA": 1})
    assert (makers.level("TEA", "DEL"), damaged("TEA", "DEL"), makers.level("JAM", "DEL")) == ((2, 0), 1, (2, 0))
    told = facts("transfer.received")
    assert (told["quantity"], told["damaged"], told["short"]) == (4, 1, 1)
    line = queries.transfers().get().lines.get(variant__sku="TEA")
    assert (line.received, line.damaged, line.short) == (2, 1, 1)
    makers.assert_adds_up()


def test_all_came_when_nothing_else_is_said(ids: Any) -> None:
    do("take_in", transfer_id=send(TEA=4).id, damaged={"TEA": 1})
    assert (makers.level("TEA", "DEL"), damaged("TEA", "DEL")) == ((3, 0), 1)


def test_goods_that_turn_back_are_where_they_were(ids: Any) -> None:
    do("turn_back", transfer_id=send(TEA=4).id)
    assert makers.level("TEA") == (10, 0)
    assert [m.on_hand_delta for m in Movement.objects.filter(variant=ids["TEA"]).order_by("at", "id")] == [10, -4, 4]


@pytest.mark.parametrize("end", ["take_in", "turn_back"])
@pytest.mark.parametrize("again", ["take_in", "turn_back"])
def test_a_transfer_ends_once(ids: Any, end: str, again: str) -> None:
    sent = send(TEA=4)
    do(end, transfer_id=sent.id)
    with pytest.raises(TransitionRefused):
        do(again, transfer_id=sent.id)
    makers.assert_adds_up()


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"received": {"TEA": 5}}, stock.MoreThanSent),
        ({"received": {"TEA": 3}, "damaged": {"TEA": 2}}, stock.MoreThanSent),
        ({"damaged": {"TEA": 5}}, stock.MoreThanSent),
        ({"received": {"JAM": 1}}, stock.UnknownVariant),
    ],
)
def test_no_more_comes_than_was_sent(ids: Any, wish: Any, error: Any) -> None:
    sent = send(TEA=4)
    with pytest.raises(error):
        do("take_in", transfer_id=sent.id, **wish)
    assert Transfer.objects.get().status == "in_transit"


def test_what_is_promised_is_not_sent_away(ids: Any) -> None:
    makers.hold("c", {ids["TEA"]: 8})
    with pytest.raises(stock.StockPromised):
        send(TEA=3)
    with pytest.raises(stock.QuantityOutOfRange):
        do("send", from_code="BLR", to_code="BLR", units={"TEA": 1})
    with pytest.raises(Missing):
        do("take_in", transfer_id=uuid.uuid4())


def test_a_blind_count_moves_nothing_until_somebody_confirms_the_difference(ids: Any) -> None:
    found = do("enter_count", warehouse_code="BLR", counted={"TEA": 8, "JAM": 5})
    assert makers.level("TEA") == (10, 0)
    assert [(line.counted, line.expected, line.difference) for line in queries.counts().get().lines.all()] == [
        (5, 5, 0), (8, 10, -2),
    ]  # fmt: skip
    makers.commit("o", {ids["TEA"]: 3})
    makers.consume("o", {held.id: held.quantity for held in queries.holds("o")})
    do("confirm_count", count_id=found.id, actor=makers.TESTER)
    assert makers.level("TEA") == (5, 0), "what was sold in between is not taken twice"
    told = StockCount.objects.get()
    assert (told.status, told.counted_by, told.decided_by) == ("confirmed", "Asha", "tests")
    assert facts("count.confirmed")["items"] == [{"sku": "TEA", "delta": -2}]
    makers.assert_adds_up()


def test_a_count_below_what_is_promised_stays_open(ids: Any) -> None:
    makers.commit("o", {ids["TEA"]: 9})
    found = do("enter_count", warehouse_code="BLR", counted={"TEA": 8})
    with pytest.raises(stock.StockPromised) as refusal:
        do("confirm_count", count_id=found.id)
    assert refusal.value.extra["skus"] == ["TEA"]
    assert (StockCount.objects.get().status, makers.level("TEA")) == ("counted", (10, 9))


def test_a_count_is_decided_once(ids: Any) -> None:
    found = do("enter_count", warehouse_code="BLR", counted={"TEA": 8})
    do("discard_count", count_id=found.id)
    assert makers.level("TEA") == (10, 0)
    for verb in ("confirm_count", "discard_count"):
        with pytest.raises(TransitionRefused):
            do(verb, count_id=found.id)


def test_a_count_that_finds_what_was_expected_confirms_nothing(ids: Any) -> None:
    found = do("enter_count", warehouse_code="BLR", counted={"TEA": 10})
    do("confirm_count", count_id=found.id)
    assert (makers.level("TEA"), Movement.objects.filter(kind="adjusted").count()) == ((10, 0), 0)
