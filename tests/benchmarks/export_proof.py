"""`make export-proof`: a million events as CSV, JSON Lines and Parquet, beside `COPY` of the same columns in the same run.

PostgreSQL, a database of its own. Each file is written by a worker process of its own, the way any export is; what it took
is its own word, and its peak memory the system's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("DATABASE_URL", "postgres://root@127.0.0.1:5432/bahi_export_proof")
os.environ.setdefault("LOG_EVENTS", "1000000")

import django

django.setup()

from django.db import connection
from django.test.utils import setup_test_environment
from django.utils import timezone

from tests.benchmarks import book
from tests.benchmarks.bench import database
from timeline import ids
from timeline.actors import system
from timeline.exports import operations as exports
from timeline.exports.export import Export
from timeline.log import seal
from timeline.operations import operation

FORMS = ("csv", "jsonl", "parquet")
PEAK_MB_MAX = 200
# The same columns, put together by the server; an event's public id is made of its time and its hash, which are there.
_COPY = """COPY (
    SELECT e.position, e.recorded_at, e.occurred_at, e.kind, e.subject_type, e.subject_id, e.stream, e.stream_seq, e.from_state, e.to_state,
           e.facts ->> 'amount_minor', e.actor_id, e.actor_type, e.actor_name, e.session_id, e.request_id, e.channel,
           (SELECT json_agg(json_build_object('type', t.type, 'id', t.target_id, 'name', t.name)) FROM timeline_target t WHERE t.event_id = e.id),
           e.facts, encode(e.leaf_hash, 'hex')
    FROM timeline_event e WHERE e.position < {cut} ORDER BY e.position
) TO STDOUT (FORMAT csv, HEADER)"""


def main() -> int:
    """Fill, seal, export three times; the exit code says whether each peak was below 200 MB and each file whole."""
    setup_test_environment()
    with database(), tempfile.TemporaryDirectory() as folder:
        print(f"{book.EVENTS:,} events are written and sealed …", flush=True)
        book.write()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE timeline_event, timeline_target")
        while seal.seal().count:
            pass
        cut = seal.log_size()
        return max(_one(form, cut, Path(folder)) for form in FORMS)


def _one(form: str, cut: int, folder: Path) -> int:
    floor = cut / _copy(cut, folder / "copy.csv")
    export_id = ids.uuid7(timezone.now())
    with operation("proof.ask", actor=system("proof"), stream=f"export:{export_id}") as op:
        exports.ask(op, export_id=export_id, source="events", form=form, filters={}, cut=cut)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.export_worker", str(folder)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DATABASE_URL": os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"},
    )
    peak = int(done.stdout) / 1024
    export = Export.objects.get(pk=export_id)
    assert export.status == Export.Status.READY, export.error
    assert export.finished_at is not None
    assert export.started_at is not None
    rate = export.rows / (export.finished_at - export.started_at).total_seconds()
    print(
        f"{form:8} {export.rows:,} rows, {export.bytes / 1e6:,.0f} MB: {rate:,.0f} rows/s, COPY {floor:,.0f} rows/s ({floor / rate:.1f} times);"
        f" peak {peak:,.0f} MB; sha256 {export.digest[:16]}…", flush=True,
    )
    return int(export.rows != cut or peak >= PEAK_MB_MAX)


def _copy(cut: int, path: Path) -> float:
    """Seconds of the floor, written to a file as ours is."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        started = time.perf_counter()
        with path.open("wb") as file, cursor.copy(_COPY.format(cut=cut)) as rows:
            for piece in rows:
                file.write(piece)
        took = time.perf_counter() - started
        cursor.execute("RESET statement_timeout")
    return took


if __name__ == "__main__":
    sys.exit(main())
