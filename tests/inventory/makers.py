"""Shelves and stories for the tests of stock, made by the same verbs as real ones."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from inventory import operations as stock
from inventory.reconciliation import differences
from inventory.stock import Backorder, Level
from timeline.actors import Actor, system
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from inventory.stock import Hold, Warehouse
    from timeline.operations import Operation

TESTER = system("tests")
ASHA = Actor(type="staff", id="7", name="Asha", channel="console")


def warehouse(code: str = "BLR", *, priority: int = 10) -> Warehouse:
    with operation("test.warehouse", actor=TESTER) as op:
        return stock.add_warehouse(op, code=code, name=f"Store {code}", state="IN-KA", priority=priority)


def variant(sku: str, *, price_minor: int = 10_000, product: str = "") -> uuid.UUID:
    with operation("test.product", actor=TESTER) as op:
        made = stock.add_product(op, name=product or f"Thing {sku}")
        found = stock.add_variant(
            op, product_id=made.id, sku=sku, price_minor=price_minor, gst_rate_bp=1800, hsn="0902", weight_g=250
        )
    return found.id


def on_shelf(units: Mapping[str, int], *, code: str = "BLR") -> dict[str, uuid.UUID]:
    """New variants with so many units in one warehouse, by SKU."""
    ids = {sku: variant(sku) for sku in units}
    for sku, quantity in units.items():
        receive(sku, quantity, code=code)
    return ids


def receive(sku: str, quantity: int, *, code: str = "BLR") -> Level:
    with operation("test.receive", actor=TESTER) as op:
        return stock.receive(op, warehouse_code=code, sku=sku, quantity=quantity, reason="purchase")


def adjust(sku: str, delta: int, *, code: str = "BLR", reason: str = "count") -> Level:
    with operation("test.adjust", actor=ASHA) as op:
        return stock.adjust(op, warehouse_code=code, sku=sku, delta=delta, reason=reason)


def policy(sku: str, policy: str, *, limit: int | None = None, day: date | None = None) -> None:
    with operation("test.policy", actor=ASHA) as op:
        stock.set_policy(op, sku=sku, policy=policy, backorder_units_max=limit, available_on=day)


def watch(sku: str, *, safety: int = 0, reorder_at: int | None = None, code: str = "BLR") -> Level:
    with operation("test.watch", actor=ASHA) as op:
        return stock.watch(op, warehouse_code=code, sku=sku, safety=safety, reorder_at=reorder_at)


def fill() -> int:
    return stock.fill_due(timezone.now())


def waits(stream: str) -> dict[str, int]:
    """What a story waits for, by SKU."""
    found: dict[str, int] = {}
    for row in Backorder.objects.select_related("variant").filter(stream=stream, status="waiting"):
        found[row.variant.sku] = found.get(row.variant.sku, 0) + row.quantity
    return found


def shift(verb: str, sku: str, quantity: int, *, code: str = "BLR") -> Level:
    """`damage`, `repair` or `scrap`."""
    with operation(f"test.{verb}", actor=ASHA) as op:
        done: Level = getattr(stock, verb)(op, warehouse_code=code, sku=sku, quantity=quantity)
        return done


@contextmanager
def story(*streams: str) -> Iterator[Operation]:
    with operation("test.story", actor=TESTER, stream=list(streams)) as op:
        yield op


def wants(units: Mapping[uuid.UUID, int]) -> list[stock.Want]:
    return [stock.Want(variant_id, quantity) for variant_id, quantity in units.items()]


def hold(stream: str, units: Mapping[uuid.UUID, int], *, until: datetime | None = None) -> list[Hold]:
    with story(stream) as op:
        return stock.hold(op, stream=stream, wants=wants(units), until=until or op.now + timedelta(minutes=15))


def commit(stream: str, units: Mapping[uuid.UUID, int], *, hold_stream: str | None = None) -> list[Hold]:
    with story(stream, hold_stream or stream) as op:
        return stock.commit(op, stream=stream, wants=wants(units), hold_stream=hold_stream)


def release(stream: str, quantities: Mapping[uuid.UUID, int] | None = None) -> None:
    with story(stream) as op:
        stock.release(op, stream=stream, quantities=quantities)


def consume(stream: str, quantities: Mapping[uuid.UUID, int]) -> None:
    with story(stream) as op:
        stock.consume(op, quantities=quantities)


def level(sku: str, code: str = "BLR") -> tuple[int, int]:
    """(on hand, held)."""
    found = Level.objects.get(variant__sku=sku, warehouse__code=code)
    return found.on_hand, found.held


def assert_adds_up() -> None:
    """I1: levels are the sum of their movements, what is held is the sum of the live holds, 0 <= held <= on hand."""
    assert differences() == []
    for found in Level.objects.all():
        assert 0 <= found.held <= found.on_hand
        assert found.damaged >= 0
