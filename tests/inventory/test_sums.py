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
from inventory.papers import TransferLine
from inventory.reconciliation import Difference, differences
from inventory.stock import Level, Movement
from tests.inventory import makers
from tests.thorough import many
from timeline.operations import operation

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
    st.tuples(st.sampled_from(["send", "policy", "watch"]), st.integers(0, SKUS - 1), st.integers(1, 3)),
    st.tuples(st.sampled_from(["take_in", "turn_back", "fill", "forgo"]), st.just(0), st.integers(1, 3)),
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
    else:
        by_staff(verb, number, about, story=story, skus=skus, ids=ids)


def by_staff(verb: str, number: int, about: Any, *, story: str, skus: list[str], ids: list[uuid.UUID]) -> None:
    if verb in {"send", "take_in", "turn_back"}:
        on_the_way(verb, skus[number], about, mark=story[2:])
    elif verb == "policy":
        makers.policy(skus[number], "backorder" if about > 1 else "deny", limit=3 if about == 3 else None)
    elif verb == "watch":
        makers.watch(skus[number], safety=about, code=f"A-{story[2:]}")
    elif verb == "fill":
        makers.fill()
    elif verb == "forgo":
        with makers.story(f"{about}-{story[2:]}") as op:
            stock.forgo(op, stream=f"{about}-{story[2:]}", units=dict.fromkeys(ids, about))
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


def on_the_way(verb: str, sku: str, units: int, *, mark: str) -> None:
    """Send goods, or end the oldest transfer there is: one unit of it is damaged, or short when there are more."""
    if verb == "send":
        with operation("test.send", actor=makers.ASHA) as op:
            stock.send(op, from_code=f"A-{mark}", to_code=f"B-{mark}", units={sku: units})
        return
    found = queries.transfers(is_open=True).filter(source__code=f"A-{mark}").order_by("sent_at", "id").first()
    if found is None:
        return
    with operation("test.end", actor=makers.ASHA) as op:
        if verb == "turn_back":
            stock.turn_back(op, transfer_id=found.id)
        else:
            (line,) = found.lines.all()
            stock.take_in(
                op, transfer_id=found.id, received={line.variant.sku: max(0, line.sent - 2)}, damaged={line.variant.sku: 1}
            )


@settings(max_examples=many(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=5, max_size=30))
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
        away = list(TransferLine.objects.select_related("transfer").filter(variant_id=variant_id))
        gone = sum(
            {"in_transit": line.sent, "received": line.short + line.damaged}.get(line.transfer.status, 0) for line in away
        )
        assert sum(m.on_hand_delta for m in moved if m.kind in {"sent", "transferred"}) == -gone


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
