"""Ten kinds of tampering as the database's owner, many of each at random places: all found and located (F52, F53).

The suite does three of each; `make tampering` a thousand. Every trial is rolled back, and clean data are looked at between.
"""

from __future__ import annotations

import hashlib
import os
import random
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from tests.log import makers
from timeline import triggers
from timeline.log import seal
from timeline.log.audit import Break, audit
from timeline.models import Checkpoint, Event, Tile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.django_db
TRIALS = int(os.environ.get("TAMPERINGS", "3"))
SKUS = [f"SKU-{number:02}" for number in range(8)]
_CHANCE = random.Random(20261128)

Seen = list[Break]


def run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def any_event() -> Event:
    return _CHANCE.choice(list(Event.objects.filter(position__isnull=False).exclude(kind="product.added")))


def named(event: Event) -> str:
    return f"{event.stream} {event.stream_seq} {event.kind}"


def kinds(seen: Seen, where: str = "") -> set[str]:
    return {broken.kind for broken in seen if not where or broken.where == where}


def gone(condition: str, *values: Any) -> None:
    for table in ("timeline_target", "timeline_delivery"):
        run(f"DELETE FROM {table} WHERE event_id IN (SELECT id FROM timeline_event WHERE {condition})", *values)
    run(f"DELETE FROM timeline_event WHERE {condition}", *values)


def edit() -> Callable[[Seen], bool]:
    event = any_event()
    column, value = _CHANCE.choice([("actor_name", "x"), ("channel", "x"), ("kind", "x.y"), ("request_id", "x"), ("from_state", "x"), ("operation", "x")])
    run(f"UPDATE timeline_event SET {column} = %s WHERE id = %s", value, event.pk)
    where = f"{event.stream} {event.stream_seq} {value if column == 'kind' else event.kind}"
    return lambda seen: kinds(seen) == {"edited"} == kinds(seen, where)


def delete_one() -> Callable[[Seen], bool]:
    event = any_event()
    gone("id = %s", event.pk)
    return lambda seen: kinds(seen, f"place {event.position}") == {"missing"} and kinds(seen, event.stream) == {"story_incomplete"}


def delete_story() -> Callable[[Seen], bool]:
    stream = any_event().stream
    places = {f"place {place}" for place in Event.objects.filter(stream=stream).values_list("position", flat=True)}
    gone("stream = %s", stream)
    run("DELETE FROM timeline_stream WHERE stream = %s", stream)
    return lambda seen: {broken.where for broken in seen if broken.kind == "missing"} == places


def cut_tail() -> Callable[[Seen], bool]:
    """Back to an earlier checkpoint, with tiles and checkpoints cut to fit."""
    size = _CHANCE.choice(list(Checkpoint.objects.order_by("id").values_list("size", flat=True))[:-1])
    last = Checkpoint.objects.latest("id").size
    gone("position >= %s", size)
    run("UPDATE timeline_tile SET hashes = substr(hashes, 1, %s) WHERE level = 0", size * 32)
    run("DELETE FROM timeline_checkpoint WHERE size > %s", size)
    run("UPDATE timeline_stream SET seq = (SELECT count(*) FROM timeline_event e WHERE e.stream = timeline_stream.stream)")
    wanted = {f"place {place}" for place in range(size, last)}
    return lambda seen: "checkpoint_gone" in kinds(seen) and {b.where for b in seen if b.kind == "missing"} == wanted


def insert() -> Callable[[Seen], bool]:
    event = any_event()
    columns = ", ".join(str(field.column) for field in Event._meta.concrete_fields if field.column not in {"id", "position", "stream_seq"})
    run(f"INSERT INTO timeline_event (position, stream_seq, {columns}) SELECT 100000, 9999, {columns} FROM timeline_event WHERE id = %s", event.pk)
    return lambda seen: kinds(seen, f"{event.stream} 9999 {event.kind}") >= {"not_signed", "edited"}


def swap() -> Callable[[Seen], bool]:
    one, two = any_event(), any_event()
    while one.pk == two.pk:
        two = any_event()
    run("UPDATE timeline_event SET position = -1 WHERE id = %s", one.pk)
    run("UPDATE timeline_event SET position = %s WHERE id = %s", one.position, two.pk)
    run("UPDATE timeline_event SET position = %s WHERE id = %s", two.position, one.pk)
    return lambda seen: kinds(seen, named(one)) == {"rewritten"} == kinds(seen, named(two))


def splice() -> Callable[[Seen], bool]:
    event, other = any_event(), any_event()
    while event.stream == other.stream:
        other = any_event()
    run("UPDATE timeline_event SET stream = %s, stream_seq = 9999 WHERE id = %s", other.stream, event.pk)
    return lambda seen: kinds(seen, f"{other.stream} 9999 {event.kind}") == {"edited"}


def rewrite() -> Callable[[Seen], bool]:
    """The bytes and their hash made anew, and half the time the tile too."""
    event = any_event()
    forged = bytes(event.canonical).replace(b'"public":false', b'"public":true')
    leaf = hashlib.sha256(b"\x00" + forged).digest()
    run("UPDATE timeline_event SET canonical = %s, leaf_hash = %s WHERE id = %s", forged, leaf, event.pk)
    if _CHANCE.random() < 0.5:
        set_hash(event.position or 0, leaf)
        return lambda seen: "root_differs" in kinds(seen) and "edited" in kinds(seen, named(event))
    return lambda seen: kinds(seen, named(event)) == {"rewritten", "edited"}


def edit_tile() -> Callable[[Seen], bool]:
    event = any_event()
    set_hash(event.position or 0, _CHANCE.randbytes(32))
    return lambda seen: kinds(seen) == {"tile_edited"} == kinds(seen, f"tile 0/{(event.position or 0) // 256}")


def edit_checkpoint() -> Callable[[Seen], bool]:
    row = _CHANCE.choice(list(Checkpoint.objects.all()))
    column, value = _CHANCE.choice([("size", row.size + 1), ("root", _CHANCE.randbytes(32)), ("note", row.note.replace(f"\n{row.size}\n", f"\n{row.size + 1}\n"))])
    run(f"UPDATE timeline_checkpoint SET {column} = %s WHERE id = %s", value, row.pk)
    return lambda seen: any(b.kind == "checkpoint_edited" and b.where.startswith(f"checkpoint {row.pk}") for b in seen)


def set_hash(position: int, leaf: bytes) -> None:
    tile = Tile.objects.get(level=0, number=position // 256)
    at, hashes = position % 256 * 32, bytes(tile.hashes)
    run("UPDATE timeline_tile SET hashes = %s WHERE id = %s", hashes[:at] + leaf + hashes[at + 32 :], tile.pk)


TAMPERINGS = (edit, delete_one, delete_story, cut_tail, insert, swap, splice, rewrite, edit_tile, edit_checkpoint)


def test_every_tampering_is_found_and_located(settings: Any, tmp_path: Path) -> None:
    settings.SEAL_FILE = str(tmp_path / "checkpoints")
    for sku in SKUS:
        makers.stories([sku], receipts=4)
        seal.seal()
    if connection.vendor == "postgresql":
        connection.check_constraints()
    triggers.drop()
    found = dict.fromkeys((tampering.__name__ for tampering in TAMPERINGS), 0)
    for tampering in TAMPERINGS:
        assert audit().breaks == [], "clean data raise an alarm"
        for _ in range(TRIALS):
            with transaction.atomic():
                is_found = tampering()
                seen = audit().breaks
                assert is_found(seen), f"{tampering.__name__}: {seen}"
                found[tampering.__name__] += 1
                transaction.set_rollback(True)
    assert audit().breaks == []
    print("\n" + "\n".join(f"{name:18} {count} of {TRIALS} found" for name, count in found.items()))  # noqa: T201 the programme says what it found
    triggers.attach()
