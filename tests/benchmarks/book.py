"""P9: sealing, one order's proof out of the whole log, verifying: per second, milliseconds and bytes.

`make bench` seals 100,000 events; LOG_EVENTS=1000000 a million. The events are written by COPY, their bytes made by the
kernel's own `canonical_bytes`, in stories of ten, each with its target.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection

from timeline.log import proof, seal
from timeline.log.audit import audit
from timeline.log.checkpoint import known_keys
from timeline.models import Event, Stream, Target
from timeline.operations import canonical_bytes
from timeline.verifier import check, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = int(os.environ.get("LOG_EVENTS", "100000"))
PER_STORY = 10
PROOFS = 50
STORIES_PER_COPY = 200  # a COPY is one statement, and statements have a time limit
_START = datetime(2026, 4, 1, tzinfo=UTC)
_COLUMNS = (
    "stream", "stream_seq", "kind", "subject_type", "subject_id", "from_state", "to_state", "facts", "public", "channel",
    "operation_id", "operation", "actor_type", "actor_id", "actor_name", "session_id", "request_id", "occurred_at",
    "recorded_at", "canonical", "leaf_hash",
)


def measure() -> None:
    """Print the three figures."""
    streams = write()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE timeline_event")
    started = time.perf_counter()
    while seal.seal().count:
        pass
    sealing = EVENTS / (time.perf_counter() - started)

    took, sizes = [], []
    for stream in streams[:: max(1, len(streams) // PROOFS)]:
        started = time.perf_counter()
        bundle = proof.bundle(stream)
        took.append((time.perf_counter() - started) * 1000)
        sizes.append(len(json.dumps(bundle)))
        check(bundle, known_keys())
    path = len(proof.bundle(streams[0])["events"][0]["path"])

    started = time.perf_counter()
    found = audit()
    verifying = found.events / (time.perf_counter() - started)
    assert found.breaks == [], found.breaks[:3]
    assert found.events == EVENTS
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{'P9 the sealed log':28} {EVENTS:,} events: sealed {sealing:,.0f}/s, verified {verifying:,.0f}/s; proof of one order of"
        f" {PER_STORY} events {statistics.median(took):.1f} ms, {statistics.median(sizes):,.0f} bytes, {path} hashes an event"
        f" ({path * 32} bytes); peak {peak:,.0f} MiB"
    )


def write() -> list[str]:
    """Write the events with their targets; gives the stories."""
    streams = [str(uuid.uuid4()) for _ in range(EVENTS // PER_STORY)]
    with connection.cursor() as cursor:
        for first in range(0, len(streams), STORIES_PER_COPY):
            with cursor.copy(f"COPY timeline_event ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
                for row in _rows(streams[first : first + STORIES_PER_COPY], first):
                    copy.write_row(row)
            cursor.execute(
                f"INSERT INTO {Target._meta.db_table} (event_id, type, target_id, name) SELECT id, 'order', subject_id, ''"
                " FROM timeline_event WHERE stream = ANY(%s) ORDER BY id", [streams[first : first + STORIES_PER_COPY]],
            )
        with cursor.copy(f"COPY {Stream._meta.db_table} (stream, seq, at) FROM STDIN") as copy:
            for stream in streams:
                copy.write_row((stream, PER_STORY, _START))
    return streams


def _rows(streams: list[str], first: int) -> Iterator[tuple[object, ...]]:
    from psycopg.types.json import Jsonb

    for number, stream in enumerate(streams, start=first):
        for seq in range(1, PER_STORY + 1):
            at = _START + timedelta(seconds=number, microseconds=seq)
            event = Event(
                stream=stream, stream_seq=seq, kind="order.axes_changed", subject_type="orders.order", subject_id=uuid.UUID(stream).hex,
                facts={"amount_minor": number * 100 + seq, "payment_state": "paid", "fulfilment_state": "unfulfilled"},
                channel="web", operation_id=uuid.UUID(stream), operation="order.place", actor_type="customer", actor_id=stream,
                occurred_at=at, recorded_at=at,
            )
            event.canonical = canonical_bytes(event, [("order", event.subject_id, "")])
            event.leaf_hash = leaf_hash(event.canonical)
            yield tuple(Jsonb(event.facts) if name == "facts" else getattr(event, name) for name in _COLUMNS)
