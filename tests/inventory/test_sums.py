"""I1 and I2 after any history: levels, holds and ledger agree, and no more is sold than was ever there."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import operations as stock
from inventory import queries
from inventory.reconciliation import Difference, differences
from inventory.stock import Level, Movement
from tests.inventory import makers

pytestmark = pytest.mark.django_db

SKUS = 3
STORIES = 4
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
UNITS = st.dictionaries(st.integers(0, SKUS - 1), st.integers(1, 4), min_size=1)
STEP = st.one_of(
    st.tuples(st.just("hold"), st.integers(0, STORIES - 1), UNITS),
    st.tuples(st.just("stale"), st.integers(0, STORIES - 1), UNITS),
    st.tuples(st.just("commit"), st.integers(0, STORIES - 1), UNITS),
    st.tuples(st.just("release"), st.integers(0, STORIES - 1), st.integers(1, 3)),
    st.tuples(st.just("consume"), st.integers(0, STORIES - 1), st.integers(1, 3)),
    st.tuples(st.just("expire"), st.just(0), st.just(0)),
    st.tuples(st.just("adjust"), st.integers(0, SKUS - 1), st.integers(-3, 3).filter(bool)),
    st.tuples(st.just("transfer"), st.integers(0, SKUS - 1), st.integers(1, 3)),
    st.tuples(
        st.sampled_from(["damage", "repair", "scrap", "restock_damaged"]), st.integers(0, SKUS - 1), st.integers(1, 3)
    ),
    st.tuples(st.just("restock"), st.integers(0, SKUS - 1), st.integers(1, 3)),
)


def take(verb: str, number: int, about: Any, *, story: str, skus: list[str], ids: list[uuid.UUID]) -> None:
    if verb in {"hold", "stale", "commit"}:
        units = {ids[index]: count for index, count in about.items()}
        if verb == "commit":
            makers.commit(story, units)
        else:
            makers.hold(story, units, until=LONG_AGO if verb == "stale" else None)
    elif verb in {"release", "consume"}:
        work = makers.release if verb == "release" else makers.consume
        work(story, {held.id: min(about, held.quantity) for held in queries.holds(story)})
    elif verb == "expire":
        stock.expire_due(LONG_AGO + timedelta(days=1))
    elif verb == "adjust":
        makers.adjust(skus[number], about, code=f"A-{story[2:]}")
    elif verb in {"damage", "repair", "scrap"}:
        makers.shift(verb, skus[number], about, code=f"A-{story[2:]}")
    else:
        places = [f"A-{story[2:]}", f"B-{story[2:]}"]
        with makers.story(story) as op:
            if verb == "transfer":
                stock.transfer(op, from_code=places[0], to_code=places[1], sku=skus[number], quantity=about)
            else:
                there = Level.objects.filter(warehouse__code=places[1]).first()
                if there is not None:
                    stock.restock(
                        op,
                        warehouse_id=there.warehouse_id,
                        quantities={ids[number]: about},
                        stream=story,
                        reason="returned",
                        damaged=verb == "restock_damaged",
                    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=5, max_size=25))
def test_i1_i2_any_history_adds_up(steps: Any) -> None:
    mark = uuid.uuid4().hex[:12].upper()
    for place, priority in (("A", 1), ("B", 2)):
        makers.warehouse(f"{place}-{mark}", priority=priority)
    skus = [f"S{n}-{mark}" for n in range(SKUS)]
    ids = list(makers.on_shelf(dict.fromkeys(skus, 6), code=f"A-{mark}").values())
    makers.receive(skus[0], 3, code=f"B-{mark}")

    for verb, number, about in steps:
        story = f"{number if verb in {'hold', 'stale', 'commit', 'release', 'consume'} else 0}-{mark}"
        try:
            take(verb, number, about, story=story, skus=skus, ids=ids)
        except (stock.OutOfStock, stock.StockPromised, stock.NotDamaged):
            continue
        makers.assert_adds_up()

    for variant_id in ids:
        moved = list(Movement.objects.filter(variant_id=variant_id))
        sold = -sum(m.on_hand_delta for m in moved if m.kind == "consumed")
        stocked = sum(m.on_hand_delta for m in moved if m.kind not in {"consumed", "sent", "transferred"})
        assert sum(m.damaged_delta for m in moved) >= 0
        assert 0 <= sold <= stocked
        assert sum(m.on_hand_delta for m in moved if m.kind in {"sent", "transferred"}) == 0


def test_a_difference_is_found_and_named() -> None:
    makers.warehouse()
    tea = makers.on_shelf({"TEA": 5})["TEA"]
    makers.hold("c", {tea: 2})
    assert differences() == []
    row = Level.objects.get()
    Level.objects.update(on_hand=6, held=1)
    assert differences() == [
        Difference(row.warehouse_id, tea, "on_hand", 5, 6),
        Difference(row.warehouse_id, tea, "held", 2, 1),
        Difference(row.warehouse_id, tea, "holds", 2, 1),
    ]
