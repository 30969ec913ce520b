"""P3, P4 and P5 at several sizes of one shop, in one run: `make bench-scale`. What is kept of answers is off.

SCALES names the sizes (default 10000,100000,1000000). Each number is the median of many calls in process, rendered, in milliseconds; the
growth is that of the largest size against the smallest.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("DATABASE_URL", "postgres://root@127.0.0.1:5432/bahi_bench")

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test.utils import setup_test_environment

from config.seeding import many
from orders.models import Order
from tests import makers
from tests.benchmarks.bench import database

SCALES = [int(text) for text in os.environ.get("SCALES", "10000,100000,1000000").split(",")]
CALLS = int(os.environ.get("SCALE_CALLS", "30"))


def main() -> None:
    """Seed up to each size in turn and measure there."""
    setup_test_environment()
    settings.KEEP_ANSWERS = False
    with database():
        found: dict[str, list[float]] = {}
        for size in sorted(SCALES):
            _seed_up_to(size)
            for name, milliseconds in _measured().items():
                found.setdefault(name, []).append(milliseconds)
            print(f"{size:>9} orders: " + ", ".join(f"{name} {times[-1]:.1f} ms" for name, times in found.items()), flush=True)
        for name, times in found.items():
            print(f"{name:28} " + "  ".join(f"{one:7.2f}" for one in times) + f"   growth {times[-1] / times[0]:5.2f}")


def _seed_up_to(size: int) -> None:
    wanted, started = size - Order.objects.count(), time.monotonic()
    if wanted > 0:
        for done, events in many.seed(orders=wanted, days=365, chance=size):
            print(f"\r{done} orders, {events} events seeded", end="", flush=True)
        print(f"\r{wanted} orders seeded in {time.monotonic() - started:.0f} s", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _measured() -> dict[str, float]:
    boss = makers.staff("orders:read", "customers:read")
    some = list(Order.objects.filter(status="delivered").order_by("id").values_list("pk", flat=True)[: CALLS * 7 : 7])
    orders = [Order.objects.select_related("person__key").get(pk=pk) for pk in some]
    deep: Any = None
    for _ in range(20):
        page = makers.read(boss.get("/admin/orders", status="delivered", limit=200, **({"cursor": deep} if deep else {})))
        deep = page["nextCursor"] or deep
    return {
        "P3 list of 50": _time(boss, [{"limit": 50}] * CALLS),
        "P3 list of 50 of a status": _time(boss, [{"limit": 50, "status": "delivered"}] * CALLS),
        "P3 the same, 4,000 deep": _time(boss, [{"limit": 50, "status": "delivered", "cursor": deep}] * CALLS),
        "P4 order in full": _time(boss, [{}] * CALLS, [f"/admin/orders/{order.pk}" for order in orders]),
        "P5 part of a number": _time(boss, [{"q": order.number[-11:]} for order in orders]),
        "P5 e-mail": _time(boss, [{"q": order.person.profile()["email"]} for order in orders]),
        "P5 name, two words": _time(boss, [{"q": order.person.profile()["name"]} for order in orders]),
        "P5 phone": _time(boss, [{"q": order.person.profile()["phone"]} for order in orders]),
    }


def _time(boss: makers.Caller, queries: list[dict[str, Any]], paths: list[str] | None = None) -> float:
    times = []
    for place, query in enumerate(queries):
        path = paths[place % len(paths)] if paths else "/admin/orders"
        started = time.perf_counter()
        response = boss.get(path, **query)
        times.append((time.perf_counter() - started) * 1000)
        makers.read(response)
    return statistics.median(times)


if __name__ == "__main__":
    main()
