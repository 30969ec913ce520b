"""Real-time availability of ten thousand SKUs, 200 a call over HTTP, beside a bare SQL statement of the same."""

from __future__ import annotations

import statistics
import time
import uuid
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from inventory.models import Level, Product, Variant, Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

SKUS = 10_000
PER_CALL = 200
ROUNDS = 5
_BARE = """
    SELECT v.sku, GREATEST(COALESCE((
        SELECT SUM(GREATEST(l.on_hand - l.held - l.safety, 0)) FROM inventory_level l
        JOIN inventory_warehouse w ON w.id = l.warehouse_id WHERE l.variant_id = v.id AND w.is_active), 0) - v.backordered, 0)
    FROM inventory_variant v JOIN inventory_product p ON p.id = v.product_id
    WHERE v.sku = ANY(%s) AND v.is_active AND p.is_active
"""


def measure() -> None:
    """Print what a call and what a SKU costs, and the ratio to bare SQL."""
    skus = _stock()
    calls = [skus[start : start + PER_CALL] for start in range(0, SKUS, PER_CALL)]
    client = Client()

    def ours(asked: list[str]) -> None:
        body = client.get("/storefront/availability", {"sku": ",".join(asked)}).json()
        assert len(body["data"]) == PER_CALL

    def floor(asked: list[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_BARE, [asked])
            assert len(cursor.fetchall()) == PER_CALL

    mine, bare = [], []
    for _ in range(ROUNDS):
        mine.append(_timed(ours, calls))
        bare.append(_timed(floor, calls))
    a_call, a_bare = statistics.median(mine) / len(calls), statistics.median(bare) / len(calls)
    print(
        f"availability of {SKUS} SKUs      ours {a_call * 1e3:6.2f} ms a call of {PER_CALL}, {a_call / PER_CALL * 1e6:5.1f} µs a SKU"
        f"   bare SQL {a_bare * 1e3:6.2f} ms, {a_bare / PER_CALL * 1e6:5.1f} µs   time ratio {a_call / a_bare:5.2f}"
    )


def _timed(ask: Callable[[list[str]], Any], calls: list[list[str]]) -> float:
    started = time.perf_counter()
    for asked in calls:
        ask(asked)
    return time.perf_counter() - started


def _stock() -> list[str]:
    """Rows in bulk: here only reading is measured."""
    now = timezone.now()
    places = [
        Warehouse(id=uuid.uuid4(), code=f"AV-{n}", name=f"Store {n}", state="IN-KA", priority=n, created_at=now) for n in (1, 2)
    ]
    product = Product(id=uuid.uuid4(), name="Many", created_at=now)
    Warehouse.objects.bulk_create(places)
    product.save(force_insert=True)
    variants = [
        Variant(
            id=uuid.uuid4(), product=product, sku=f"AV-{n:05}", price_minor=100, gst_rate_bp=1800, hsn="6204", created_at=now,
            updated_at=now,
        )
        for n in range(SKUS)
    ]
    Variant.objects.bulk_create(variants, batch_size=1000)
    Level.objects.bulk_create(
        (
            Level(id=uuid.uuid4(), warehouse=place, variant=variant, on_hand=number % 50, held=number % 7 % (number % 50 + 1))
            for number, variant in enumerate(variants)
            for place in places
        ),
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inventory_level")
        cursor.execute("ANALYZE inventory_variant")
    return [variant.sku for variant in variants]
