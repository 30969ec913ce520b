"""A nightly reconciliation of very many orders: its wall time and peak memory, in a process of its own."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import time_machine

from orders.models import Order
from orders.reconciliation import runs
from payments.gateways import use
from tests.benchmarks.clones import Story
from tests.makers import staff
from tests.ninety.business import Business
from tests.ninety.counter import Counter

FIRST = date(2026, 4, 1)
ORDERS = int(os.environ.get("BENCH_ORDERS", "100000"))


def measure() -> None:
    """Live two ordinary business days, write one of their orders again and again, and reconcile the night after."""
    with tempfile.TemporaryDirectory() as folder, time_machine.travel(datetime(2026, 4, 1, 3, 0, tzinfo=UTC), tick=True) as clock:
        counter = Counter(Path(folder))
        with use(counter.gateway()):
            business = Business(counter, clock, staff(), faults_planted=False)
            business.open_shop()
            for number in range(2):
                business.live(number)
                business.next_day()
        counter.close()
        order = Order.objects.filter(status="delivered", payment_method="razorpay").earliest("created_at")
        started = time.perf_counter()
        Story(order).write(ORDERS)
        print(f"{ORDERS} orders more, each with the rows of a real one, in {time.perf_counter() - started:.0f} s", flush=True)

        clock.shift(timedelta(days=1))
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        run = runs.perform(runs.ask(first=FIRST, last=business.day).pk)
        took = time.perf_counter() - started
        after_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"{'nightly reconciliation':28} {Order.objects.count()} orders in {took:.1f} s, {run.found} differences;"
            f" peak memory {after_kb // 1024} MiB, {(after_kb - before_kb) // 1024} MiB of it new"
        )
