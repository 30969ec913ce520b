"""B54 to B57: a read whose answer is kept against the same read made anew, in turn, in one run."""

from __future__ import annotations

import os
import statistics
import time

from django.conf import settings

from orders.models import Order
from tests import makers
from timeline import kept

ROUNDS, PER_ROUND = 7, 40


def measure() -> None:
    """Print the medians in milliseconds, in process, and what keeping saves."""
    settings.REDIS_URL = os.environ.get("BENCH_REDIS_URL", "")
    boss = makers.staff()
    order = Order.objects.filter(status="processing").first() or Order.objects.earliest("created_at")
    paths = {
        "order in full": f"/admin/orders/{order.pk}", "its timeline": f"/admin/orders/{order.pk}/timeline",
        "list of 50": "/admin/orders?limit=50", "search, 50 of a status": "/admin/orders?limit=50&q=status:confirmed,processing",
    }
    for name, path in paths.items():
        anew: list[float] = []
        again: list[float] = []
        for _ in range(ROUNDS):
            for keeps, times in ((False, anew), (True, again)):
                settings.KEEP_ANSWERS = keeps
                makers.read(boss.get(path))
                times.append(_milliseconds(boss, path))
        settings.KEEP_ANSWERS = True
        slow, fast = statistics.median(anew), statistics.median(again)
        where = "Redis" if settings.REDIS_URL else "memory"
        print(f"B54 {name:24} anew {slow:6.2f} ms   kept in {where} {fast:6.2f} ms   ratio {fast / slow:5.2f}", flush=True)
    settings.REDIS_URL = ""
    kept.forget()


def _milliseconds(boss: makers.Caller, path: str) -> float:
    started = time.perf_counter()
    for _ in range(PER_ROUND):
        boss.get(path)
    return (time.perf_counter() - started) / PER_ROUND * 1000
