"""`make bulk-proof`: a long file of parcels, its worker killed again and again, ends with every row done once.

PostgreSQL, a database of its own. The orders are clones of one real order (tests.benchmarks.clones); the file goes the way
any file goes, and each worker is a process of its own that gets SIGKILL wherever it is.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("DATABASE_URL", "postgres://root@127.0.0.1:5432/bahi_bulk_proof")

import django

django.setup()

from django.db import connection
from django.db.models import Count, F
from django.test.utils import setup_test_environment
from django.utils import timezone

from config import doctor
from inventory.models import Level, Movement
from orders.bulk import asking
from orders.models import Job, JobResult, Order
from orders.operations import process
from shipping.models import Shipment
from tests import makers
from tests.benchmarks.bench import database
from tests.benchmarks.clones import Story
from timeline import ids
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

ROWS = int(os.environ.get("BULK_ROWS", "10000"))
KILLS = int(os.environ.get("BULK_KILLS", "8"))
LEASE_S = 3
HUNG_S = 60.0
GROWTH_KB_MAX = 64 * 1024
UNITS = 2


def main() -> None:
    """Prepare, run, kill, count; the exit code says whether every row was done once, in bounded memory."""
    setup_test_environment()
    with database():
        print(f"{ROWS} orders that are being packed are prepared …", flush=True)
        prepare()
        job = upload()
        print(f"the file is taken in: {job.total} rows, {job.chunks.count()} chunks; its worker is killed {KILLS} times", flush=True)
        seconds, peaks, starts = work(job.pk)
        report(job.pk, seconds, peaks, starts)


def prepare() -> None:
    """One order by the real verbs, the others its clones; the shelf has and promises as many units as all of them want."""
    sku = makers.product("PROOF-1", units=UNITS * ROWS + 1000).sku
    order = makers.placed_order(payment_method="cod", skus=[sku], quantity=UNITS)
    with operation("proof.process", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
    story = Story(order)
    story.words[order.number] = "'ORD-20260101-' || lpad(g::text, 5, '0')"
    story.write(ROWS - 1)
    Level.objects.update(held=F("held") + UNITS * (ROWS - 1))
    with connection.cursor() as cursor:  # what happens from here on is later than what the clones' stories tell
        cursor.execute("SELECT setval(pg_get_serial_sequence('timeline_event', 'id'), (SELECT max(id) FROM timeline_event))")


def upload() -> Job:
    """The file, taken in as the API takes it."""
    with tempfile.TemporaryFile() as content:
        digest = asking.copy(_lines(), content)
        file = asking.look("fulfilments", content, digest=digest, name="proof.csv")
        job_id = ids.uuid7(timezone.now())
        with operation("job.ask", actor=makers.STAFF, stream=f"job:{job_id}") as op:
            return asking.ask(op, job_id=job_id, file=file, is_dry_run=False)


def _lines() -> Iterator[bytes]:
    yield b"order_number,carrier,tracking_number\r\n"
    for place, number in enumerate(Order.objects.order_by("number").values_list("number", flat=True)):
        yield f'{number},"Blue Dart",BD{place:08d}\r\n'.encode()


def work(job_id: UUID) -> tuple[float, list[int], int]:
    """Workers one after the other until the job has ended; seconds, the peak memory of each in KB, how many."""
    chance = random.Random(26)
    deaths = sorted(chance.uniform(0.02, 0.98) * ROWS for _ in range(KILLS))
    peaks, starts = [], 0
    began = moved = time.monotonic()
    last = 0
    while Job.objects.filter(pk=job_id, status__in=Job.OPEN).exists():
        worker = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.bulk_worker", str(LEASE_S)], cwd=ROOT, env=_environment())
        starts, peak = starts + 1, 0
        while worker.poll() is None:
            peak = max(peak, _peak_kb(worker.pid))
            done = JobResult.objects.filter(job_id=job_id).count()
            moved, last = (time.monotonic(), done) if done > last else (moved, last)
            if time.monotonic() > moved + HUNG_S:
                raise SystemExit(f"nothing moves at row {last}")
            if deaths and done >= deaths[0]:
                deaths.pop(0)
                os.kill(worker.pid, signal.SIGKILL)
            time.sleep(chance.uniform(0.01, 0.08))
        peaks.append(peak)
    return time.monotonic() - began, peaks, starts


def report(job_id: UUID, seconds: float, peaks: list[int], starts: int) -> None:
    """Print the figures; exit with 1 when one is not what it must be."""
    job = Job.objects.get(pk=job_id)
    parcels = Shipment.objects.values("stream").annotate(n=Count("id")).filter(n__gt=1).count()
    said = Event.objects.filter(kind="order.shipped").values("stream").annotate(n=Count("id")).filter(n__gt=1).count()
    left = Movement.objects.filter(kind="consumed").aggregate(n=Count("id"))["n"]
    level = Level.objects.get()
    complaints = doctor_says()
    print(
        f"{'bulk proof':28} {job.done}/{job.total} rows, {job.ok} shipped, {job.unchanged} unchanged, {job.failed} refused;"
        f" {ROWS / seconds:.1f} rows/s with the waits for {starts - 1} dead workers' leases; peak RSS {max(peaks) // 1024} MB"
        f" ({min(peak for peak in peaks if peak) // 1024} MB the least); duplicates {parcels + said + (left - ROWS)}"
    )
    right = (
        (job.status, job.ok, job.failed) == ("done", ROWS, 0) and not parcels and not said and left == ROWS
        and (level.on_hand, level.held) == (1000, 0) and starts > KILLS
        and max(peaks) - min(peak for peak in peaks if peak) < GROWTH_KB_MAX and not complaints
    )
    for detail, count in JobResult.objects.filter(job=job, outcome="failed").values_list("detail").annotate(n=Count("id"))[:5]:
        print(f"{'refused':28} {count}: {detail}")
    for complaint in complaints[:10]:
        print("doctor:", complaint)
    if not right:
        raise SystemExit(f"not as it must be: {job.status}, level {level.on_hand}/{level.held}, {left} units' movements, {starts} workers")


def doctor_says() -> list[str]:
    """What the doctor finds wrong of stock, states and stories. A clone's checkout is there without a story of its own."""
    checks = (doctor.stock_adds_up, doctor.states_follow_their_events, doctor.stories_have_no_gap)
    return [f"{row} {says}" for check in checks for row, says in check() if not row.startswith("orders.Checkout")]


def _environment() -> dict[str, str]:
    name = connection.settings_dict["NAME"]
    return {**os.environ, "DATABASE_URL": os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"}


def _peak_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) if found else 0


if __name__ == "__main__":
    main()
