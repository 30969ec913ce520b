"""P3, P4, P5 and P11 on shops of several sizes, in one run: `make bench-scale` (PostgreSQL).

Each size has a database of its own, filled by `manage.py seed`. They are asked in turn, round after round, each by a process
of its own; what is kept of answers is off. Printed are medians in milliseconds, in process and rendered, and the growth from
the smallest to the largest.

SCALES names the sizes (10000,100000,1000000), SCALE_ROUNDS how often they are asked (5). With SCALE_KEEP=1 the databases stay,
`bahi_scale_10000` and so on, and the next run measures them again without seeding.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from tests.benchmarks import served

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALES: Final = sorted(int(text) for text in os.environ.get("SCALES", "10000,100000,1000000").split(","))
ROUNDS: Final = int(os.environ.get("SCALE_ROUNDS", "5"))
IS_KEPT: Final = os.environ.get("SCALE_KEEP") == "1"
# What the lists read; the book of a million orders takes long to clean and is read by its keys.
READ: Final = (
    "orders_order", "orders_line", "orders_orderpayment", "orders_person", "orders_persontoken", "orders_riskassessment", "payments_payment",
    "shipping_shipment", "timeline_stream", "timeline_subjectkey",
)
FIRST, STATUS, DEEP = "P3 list of 50", "P3 list of 50 of a status", "P3 the same, 4,000 deep"


class Shop:
    """A seeded shop, and the process that asks it."""

    def __init__(self, size: int, environment: dict[str, str]) -> None:
        self.size = size
        self.took_ms: dict[str, list[float]] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.scale_reader"], cwd=served.ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )

    def ask(self) -> None:
        """One round."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("round\n")
        self._process.stdin.flush()
        for name, times in json.loads(self._process.stdout.readline()).items():
            self.took_ms.setdefault(name, []).extend(times)

    def stop(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Seed what is not there, measure in turn, print."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shops = []
        for size in SCALES:
            environment = {**served.environment(folder, stack.enter_context(_database(size))), "KEEP_ANSWERS": "0"}
            _fill(size, environment)
            shops.append(Shop(size, environment))
            stack.callback(shops[-1].stop)
        for number in range(ROUNDS + 1):
            for shop in shops:
                shop.ask()
                if number == 0:  # it warms up
                    shop.took_ms.clear()
        _report(shops)


@contextlib.contextmanager
def _database(size: int) -> Iterator[str]:
    """The database of this size, made if it is not there."""
    name = f"bahi_scale_{size}"
    with psycopg.connect(served.SERVER.rsplit("/", 1)[0] + "/postgres", autocommit=True) as link:
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            link.execute(f'CREATE DATABASE "{name}"')
        try:
            yield name
        finally:
            if not IS_KEPT:
                link.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _fill(size: int, environment: dict[str, str]) -> None:
    """Seed up to the size by the documented command, and say how long that took and how much memory a process of it had."""
    served.run(environment, "manage.py", "migrate", "--verbosity", "0")
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as link:
        row = link.execute("SELECT count(*) FROM orders_order").fetchone()
        wanted = size - int(row[0] if row else 0)
        if wanted <= 0:
            return
        started = time.monotonic()
        subprocess.run([sys.executable, "manage.py", "seed", "--orders", str(wanted)], cwd=served.ROOT, env=environment, check=True)
        took_s = time.monotonic() - started
        link.execute(f"VACUUM {', '.join(READ)}")  # seeding ends with ANALYZE
        most_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        said = link.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
        print(f"{wanted:>9} orders seeded in {took_s:,.0f} s, {wanted / took_s:,.0f}/s, at most {most_mb:.0f} MB a process, {said and said[0]} on the disk", flush=True)


def _report(shops: list[Shop]) -> None:
    found = {name: [statistics.median(shop.took_ms[name]) for shop in shops] for name in shops[0].took_ms}
    print(f"{'milliseconds, median':28}" + "".join(f"{shop.size:>11,}" for shop in shops) + "   growth")
    for name, times in found.items():
        print(f"{name:28}" + "".join(f"{one:11.2f}" for one in times) + f"   {times[-1] / times[0]:6.2f}")
    print(f"P11 the list at {shops[-1].size:,} against {shops[-2 % len(shops)].size:,}: {found[FIRST][-1] / found[FIRST][-2 % len(shops)]:.2f}")
    print(f"P11 a deep page against the first, at {shops[-1].size:,}: {found[DEEP][-1] / found[STATUS][-1]:.2f}")


if __name__ == "__main__":
    main()
