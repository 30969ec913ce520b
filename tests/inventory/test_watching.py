"""Safety stock is never offered; low stock is said once when it comes and once when it has passed."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from inventory import operations as stock
from inventory import queries
from inventory.stock import Level
from tests.inventory import makers
from timeline.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea() -> uuid.UUID:
    makers.warehouse()
    return makers.on_shelf({"TEA": 10})["TEA"]


def look() -> int:
    return stock.watch_due(timezone.now())


def told() -> list[str]:
    return list(Event.objects.filter(kind__in=["stock.ran_low", "stock.recovered"]).order_by("id").values_list("kind", flat=True))


def test_safety_units_are_not_offered(tea: uuid.UUID) -> None:
    makers.watch("TEA", safety=4)
    assert queries.available([tea]) == {tea: 6}
    assert queries.list_products().get().available == 6
    with pytest.raises(stock.OutOfStock) as refusal:
        makers.hold("c", {tea: 7})
    assert refusal.value.extra["available"] == {"TEA": 6}
    makers.hold("c", {tea: 6})
    assert (queries.available([tea]), makers.level("TEA")) == ({tea: 0}, (10, 6))


def test_what_is_promised_stays_promised_when_safety_grows(tea: uuid.UUID) -> None:
    makers.commit("o", {tea: 8})
    makers.watch("TEA", safety=5)
    assert queries.available([tea]) == {tea: 0}
    makers.consume("o", {held.id: held.quantity for held in queries.holds("o")})
    assert makers.level("TEA") == (2, 0)


def test_staff_may_reach_into_the_safety_stock(tea: uuid.UUID) -> None:
    makers.watch("TEA", safety=8)
    makers.adjust("TEA", -9)
    assert makers.level("TEA") == (1, 0)


def test_low_stock_is_said_once_per_crossing(tea: uuid.UUID) -> None:
    makers.watch("TEA", safety=2, reorder_at=3)
    assert look() == 0
    for number in range(4):
        makers.commit(f"o{number}", {tea: 2 if number < 2 else 1})
        look()
    assert told() == ["stock.ran_low"]
    event = Event.objects.get(kind="stock.ran_low")
    assert (event.stream, event.facts) == (str(tea), {"sku": "TEA", "warehouse": "BLR", "available": 3, "reorder_at": 3})
    assert [level.variant_id for level in queries.low()] == [tea]
    makers.receive("TEA", 5)
    assert (look(), look(), queries.low().count()) == (1, 0, 0)
    makers.adjust("TEA", -5)
    look()
    assert told() == ["stock.ran_low", "stock.recovered", "stock.ran_low"]


def test_a_level_nobody_watches_is_never_low(tea: uuid.UUID) -> None:
    makers.watch("TEA", reorder_at=20)
    assert look() == 1
    makers.watch("TEA", reorder_at=None)
    assert (look(), Level.objects.get().low_since) == (1, None)
    makers.adjust("TEA", -10)
    assert look() == 0


@pytest.mark.parametrize(("safety", "reorder_at"), [(-1, None), (0, -1), (10**10, 0)])
def test_units_out_of_range_are_refused(tea: uuid.UUID, safety: int, reorder_at: int | None) -> None:
    with pytest.raises(stock.QuantityOutOfRange):
        makers.watch("TEA", safety=safety, reorder_at=reorder_at)
