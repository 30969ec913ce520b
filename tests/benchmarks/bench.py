"""Ours against its floor, in turn, in one run: `make bench` (PERFORMANCE P1, P2, P7, P9; batches).

The floor writes the very rows that one real placement (or status change) wrote, statement by statement with psycopg, into
tables of the same columns and indexes but without triggers and foreign keys. Only the ratio counts; rates drift.
"""

from __future__ import annotations

import contextlib
import functools
import os
import statistics
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("DATABASE_URL", "postgres://root@127.0.0.1:5432/bahi_bench")

import django

django.setup()

from django.db import connection
from django.test.utils import setup_test_environment

from orders import checkout as checkouts
from orders.operations import numbers, process
from payments.gateways import use
from tests.benchmarks import availability, batches, book, closing, intake, reading
from tests.flows import makers
from tests.payments.fake_gateway import FakeGateway
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
PER_ROUND = int(os.environ.get("BENCH_PER_ROUND", "30"))
UPDATED = {"inventory_level", "orders_checkout", "orders_numberseries", "orders_order", "timeline_generation", "timeline_stream"}
SKUS = {"TEA-1": 1, "TEA-2": 2, "TEA-3": 1}

Rows = dict[str, list[tuple[list[str], tuple[Any, ...]]]]


def rows_of(xid: int) -> Rows:
    """Every row the transaction wrote, by table."""
    found: Rows = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names()):
            cursor.execute(f'SELECT * FROM "{table}" WHERE xmin::text = %s', [str(xid % 2**32)])
            rows = cursor.fetchall()
            if rows:
                names = [column.name for column in cursor.description]
                found[table] = [(names, row) for row in rows]
    return found


def bare(found: Rows) -> Callable[[], None]:
    """One transaction that writes the same rows with fresh keys, statement by statement."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS bare")
        for table in found:
            cursor.execute(f'DROP TABLE IF EXISTS bare."{table}"')
            cursor.execute(f'CREATE TABLE bare."{table}" (LIKE public."{table}" INCLUDING DEFAULTS INCLUDING INDEXES)')
            cursor.execute(f'INSERT INTO bare."{table}" SELECT * FROM public."{table}"')
    raw = connection.connection

    def write() -> None:
        with raw.cursor() as cursor, raw.transaction():
            for table, rows in found.items():
                for names, row in rows:
                    if table in UPDATED and not (table == "orders_order" and len(found) > 8):
                        sets = ", ".join(f'"{name}" = %s' for name in names[1:])
                        cursor.execute(f'UPDATE bare."{table}" SET {sets} WHERE "{names[0]}" = %s', [*map(adapt, row[1:]), row[0]])
                    else:
                        places = ", ".join(["%s"] * len(names))
                        cursor.execute(
                            f'INSERT INTO bare."{table}" VALUES ({places})',
                            [fresh(table, name, value) for name, value in zip(names, row, strict=True)],
                        )

    return write


_serial = iter(range(10**9, 10**10))


def adapt(value: Any) -> Any:
    from psycopg.types.json import Jsonb

    return Jsonb(value) if isinstance(value, dict | list) else value


def fresh(table: str, name: str, value: Any) -> Any:
    """A key nobody has; other values as they were."""
    if name in {"id", "stream_id"} and isinstance(value, uuid.UUID):
        return uuid.uuid4()
    if name == "id" and isinstance(value, int):
        return next(_serial)
    if name in {"stream", "stream_id", "number", "receipt", "source_key"} and isinstance(value, str):
        return uuid.uuid4().hex[:20]
    if name in {"payment_id", "order_id", "shipment_id", "event_id"} and value is not None:
        return uuid.uuid4() if isinstance(value, uuid.UUID) else next(_serial)
    return adapt(value)


def in_turn(name: str, ours: list[Callable[[], Any]], floor: Callable[[], None]) -> None:
    """Rounds of ours and the floor in turn; prints the medians and their ratio."""
    jobs = iter(ours)
    ratios, mine, theirs = [], [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(PER_ROUND):
            next(jobs)()
        half = time.perf_counter()
        for _ in range(PER_ROUND):
            floor()
        ended = time.perf_counter()
        mine.append(PER_ROUND / (half - started))
        theirs.append(PER_ROUND / (ended - half))
        ratios.append((half - started) / (ended - half))
    print(
        f"{name:28} ours {statistics.median(mine):7.1f}/s   bare SQL {statistics.median(theirs):7.1f}/s"
        f"   time ratio {statistics.median(ratios):5.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def placement(checkout: Any) -> int:
    """One placement, all of it: the number, then the order with everything it writes. Returns its transaction's id."""
    actor = makers.customer(checkout.person_id)
    number = numbers.take(actor=actor)
    with operation("checkout.complete", actor=actor, stream=str(checkout.pk)) as op:
        checkouts.complete(op, checkout_id=checkout.pk, number=number)
        return xid() if MEASURE_XID else 0


def start(order: Any) -> int:
    """One status change: confirmed to processing."""
    with operation("order.process", actor=makers.ASHA, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        return xid() if MEASURE_XID else 0


MEASURE_XID = False


def xid() -> int:
    """The id of the open transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid_current()")
        return int(cursor.fetchone()[0])


def main() -> None:
    """Measure what one order costs, then what a night of very many does, each in a database of its own."""
    setup_test_environment()
    with database(), use(FakeGateway()):
        orders()
        reading.measure()
        batches.measure()
        intake.measure()
        availability.measure()
    with database():
        closing.measure()
    with database():
        book.measure()


@contextlib.contextmanager
def database() -> Iterator[None]:
    """Make a database, and take it away."""
    old = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's
        connection.creation.destroy_test_db(old, verbosity=0)


def orders() -> None:
    """P1 and P2: a placement and a status change against the rows they write."""
    global MEASURE_XID  # noqa: PLW0603 the probe is on for one placement only
    for sku in SKUS:
        makers.product(sku, units=1_000_000)
    count = ROUNDS * PER_ROUND + 1
    print(f"{ROUNDS} rounds of {PER_ROUND}, {count} checkouts of {len(SKUS)} lines are being prepared …", flush=True)
    ready = [makers.ready_checkout(SKUS, paymentMethod="cod") for _ in range(count)]
    MEASURE_XID = True
    found = rows_of(placement(ready[0]))
    MEASURE_XID = False
    print("a placement writes", ", ".join(f"{len(rows)} {table}" for table, rows in found.items()))
    in_turn("P1 placement, three lines", [functools.partial(placement, c) for c in ready[1:]], bare(found))

    from orders.models import Order

    confirmed = list(Order.objects.filter(status="confirmed")[:count])
    MEASURE_XID = True
    found = rows_of(start(confirmed[0]))
    MEASURE_XID = False
    print("a status change writes", ", ".join(f"{len(rows)} {table}" for table, rows in found.items()))
    in_turn("P2 status change", [functools.partial(start, o) for o in confirmed[1:]], bare(found))


if __name__ == "__main__":
    main()
