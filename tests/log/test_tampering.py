"""Ten ways to change the past as the database's owner: each is found and named (F52, F53), and clean data raise no alarm."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from inventory import operations as stock
from tests import shelves
from tests.log import makers
from tests.log.makers import as_owner, events
from tests.makers import WAREHOUSE
from timeline.log import columns, seal
from timeline.log.audit import audit
from timeline.models import Checkpoint, Event
from timeline.operations import operation

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.django_db


@pytest.fixture
def streams(settings: Any, tmp_path: Path) -> list[str]:
    """Three stories, sealed in two steps, with two events that wait."""
    settings.SEAL_FILE = str(tmp_path / "checkpoints")
    first = makers.sealed(["TEA", "RICE"])
    second = makers.sealed(["SALT"])
    makers.stories(["WAIT"], receipts=1)
    return first + second


def found() -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for broken in audit().breaks:
        kinds.setdefault(broken.kind, []).append(broken.where)
    return kinds


def named(stream: str, place: int) -> str:
    event = events(stream)[place]
    return f"{event.stream} {event.stream_seq} {event.kind}"


@pytest.mark.parametrize("gaps", [4, 0], ids=["ids in a row", "ids far apart"])
def test_clean_data_raise_no_alarm(streams: list[str], monkeypatch: pytest.MonkeyPatch, gaps: int) -> None:
    monkeypatch.setattr("timeline.log.columns.GAPS_MAX", gaps)
    seen = audit()
    assert seen.breaks == []
    assert (seen.events, seen.checkpoints, seen.pending > 0) == (seen.size, 2, True)


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor_name", "Nobody"), ("kind", "stock.adjusted"), ("facts", '{"sku": "TEA"}'), ("recorded_at", "2020-01-01T00:00:00+00:00"),
     ("public", True), ("operation", "other"), ("sealed", b"x")],
)
def test_f52_an_edited_column_is_named(streams: list[str], column: str, value: object) -> None:
    pk = events(streams[0])[1].pk
    as_owner(f"UPDATE timeline_event SET {column} = %s WHERE id = %s", [value, pk])
    assert found() == {"edited": [named(streams[0], 1)]}


def test_f52_a_rewritten_event_with_its_hash_made_anew_is_named(streams: list[str]) -> None:
    event = events(streams[0])[1]
    forged = bytes(event.canonical).replace(b'"TEA"', b'"TEE"')
    leaf = hashlib.sha256(b"\x00" + forged).digest()
    as_owner("UPDATE timeline_event SET canonical = %s, leaf_hash = %s WHERE id = %s", [forged, leaf, event.pk])
    kinds = found()
    assert kinds["rewritten"] == [named(streams[0], 1)]


def test_f52_a_rewritten_event_with_its_tile_made_anew_is_found(streams: list[str]) -> None:
    event = events(streams[0])[1]
    forged = bytes(event.canonical).replace(b'"TEA"', b'"TEE"')
    leaf = hashlib.sha256(b"\x00" + forged).digest()
    as_owner("UPDATE timeline_event SET canonical = %s, leaf_hash = %s WHERE id = %s", [forged, leaf, event.pk])
    swap_hash(event, leaf)
    assert "root_differs" in found()


def test_f53_a_deleted_event_is_named(streams: list[str]) -> None:
    event = events(streams[0])[1]
    forget(f"id = {event.pk}")
    kinds = found()
    assert kinds["missing"] == [f"place {event.position}"]
    assert kinds["story_incomplete"] == [streams[0]]


def test_f53_a_deleted_order_is_found(streams: list[str]) -> None:
    places = [f"place {event.position}" for event in events(streams[0])]
    forget(f"stream = '{streams[0]}'")
    as_owner("DELETE FROM timeline_stream WHERE stream = %s", [streams[0]])
    assert found() == {"missing": places}


def test_f53_a_cut_tail_is_found_by_the_copy(streams: list[str]) -> None:
    """Events, tiles and checkpoints are cut together, so only the file outside the database knows."""
    kept = Checkpoint.objects.earliest("id").size
    places = [f"place {event.position}" for event in events(streams[2])]
    forget(f"stream = '{streams[2]}'")
    as_owner("DELETE FROM timeline_stream WHERE stream = %s", [streams[2]])
    as_owner("UPDATE timeline_tile SET hashes = substr(hashes, 1, %s)", [kept * 32])
    as_owner("DELETE FROM timeline_checkpoint WHERE size > %s", [kept])
    kinds = found()
    assert kinds["missing"] == places
    assert len(kinds["checkpoint_gone"]) == 1


def test_f53_an_inserted_event_is_found(streams: list[str]) -> None:
    columns = [field.column for field in Event._meta.concrete_fields if field.column not in {"id", "position", "stream_seq"}]
    names = ", ".join(map(str, columns))
    as_owner(
        f"INSERT INTO timeline_event (position, stream_seq, {names}) SELECT 1000, 99, {names} FROM timeline_event WHERE id = %s",
        [events(streams[0])[1].pk],
    )
    kinds = found()
    assert kinds["not_signed"] == [f"{streams[0]} 99 {events(streams[0])[1].kind}"]
    assert streams[0] in kinds["story_incomplete"]


def test_f52_swapped_places_are_found(streams: list[str]) -> None:
    one, two = events(streams[0])[1], events(streams[0])[2]
    as_owner("UPDATE timeline_event SET position = -1 WHERE id = %s", [one.pk])
    as_owner("UPDATE timeline_event SET position = %s WHERE id = %s", [one.position, two.pk])
    as_owner("UPDATE timeline_event SET position = %s WHERE id = %s", [two.position, one.pk])
    assert sorted(found()["rewritten"]) == sorted([named(streams[0], 1), named(streams[0], 2)])


def test_f52_an_event_spliced_into_another_story_is_named(streams: list[str]) -> None:
    event = events(streams[0])[-1]
    as_owner("UPDATE timeline_event SET stream = %s, stream_seq = 50 WHERE id = %s", [streams[1], event.pk])
    kinds = found()
    assert kinds["edited"] == [f"{streams[1]} 50 {event.kind}"]
    assert sorted(kinds["story_incomplete"]) == sorted(streams[:2])


def test_an_edited_tile_is_named(streams: list[str]) -> None:
    swap_hash(events(streams[0])[1], b"\x07" * 32)
    assert found() == {"tile_edited": ["tile 0/0"]}


@pytest.mark.parametrize("change", ["size = size + 1", "root = leaf_hash", "note = replace(note, 'bahi.local', 'bahi.lokal')"])
def test_an_edited_checkpoint_is_named(streams: list[str], change: str) -> None:
    newest = Checkpoint.objects.latest("id")
    if change == "root = leaf_hash":
        as_owner("UPDATE timeline_checkpoint SET root = %s WHERE id = %s", [b"\x01" * 32, newest.pk])
    else:
        as_owner(f"UPDATE timeline_checkpoint SET {change} WHERE id = {newest.pk}")
    assert "checkpoint_edited" in found()


def test_an_edited_target_is_named(streams: list[str]) -> None:
    pk = events(streams[0])[1].pk
    as_owner("UPDATE timeline_target SET target_id = 'x' WHERE id = (SELECT min(id) FROM timeline_target WHERE event_id = %s)", [pk])
    assert found() == {"edited": [named(streams[0], 1)]}


def test_the_quick_look_takes_clean_data_and_nothing_else(streams: list[str]) -> None:
    """SQLite has none; there every event is looked at column by column."""
    end = seal.log_size()
    leaves = [bytes(leaf) for leaf in Event.objects.filter(position__isnull=False).order_by("position").values_list("leaf_hash", flat=True)]
    assert columns.sound(0, end) == (leaves if connection.vendor == "postgresql" else [])
    assert columns.sound(1, end + 1) == []
    as_owner("UPDATE timeline_event SET channel = 'x' WHERE id = %s", [events(streams[0])[1].pk])
    assert columns.sound(0, end) == []


@pytest.mark.parametrize("told", ['Me "x"', "Me\\x"])
def test_a_value_written_as_its_own_json_is_named(told: str) -> None:
    """Between quotation marks it gives the very bytes that were sealed, and is another value all the same."""
    makers.stories(["TEA"])
    with operation("stock.receive", actor=dataclasses.replace(shelves.ASHA, name=told)) as op:
        stock.receive(op, warehouse_code=WAREHOUSE, sku="TEA", quantity=5, reason="purchase")
    seal.seal()
    event = Event.objects.latest("id")
    assert audit().breaks == []
    as_owner("UPDATE timeline_event SET actor_name = %s WHERE id = %s", [json.dumps(told)[1:-1], event.pk])
    assert found() == {"edited": [f"{event.stream} {event.stream_seq} {event.kind}"]}


def test_an_event_taken_out_of_its_place_is_named(streams: list[str]) -> None:
    event = events(streams[0])[1]
    as_owner("UPDATE timeline_event SET position = -1 WHERE id = %s", [event.pk])
    assert found() == {"missing": [f"place {event.position}"], "not_signed": [named(streams[0], 1)]}


def test_what_is_sealed_meanwhile_is_no_break(streams: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: int) -> list[bytes]:
        seal.seal()
        return []

    size = seal.log_size()
    monkeypatch.setattr("timeline.log.columns.sound", late)
    seen = audit()
    assert (seen.breaks, seen.events, seal.log_size() > size) == ([], size, True)


def test_an_event_that_waits_is_looked_at_too() -> None:
    (stream,) = makers.stories(["TEA"])
    as_owner("UPDATE timeline_event SET actor_name = 'x' WHERE id = %s", [events(stream)[1].pk])
    assert found() == {"edited": [named(stream, 1)]}


def test_the_command_names_what_it_finds_and_fails(streams: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify")
    assert "0 breaks" in capsys.readouterr().out
    as_owner("UPDATE timeline_event SET actor_name = 'x' WHERE id = %s", [events(streams[0])[1].pk])
    with pytest.raises(CommandError):
        call_command("verify")
    assert named(streams[0], 1) in capsys.readouterr().out


def swap_hash(event: Event, leaf: bytes) -> None:
    from timeline.models import Tile

    tile = Tile.objects.get(level=0, number=0)
    at = (event.position or 0) * 32
    hashes = bytes(tile.hashes)
    as_owner("UPDATE timeline_tile SET hashes = %s WHERE id = %s", [hashes[:at] + leaf + hashes[at + 32 :], tile.pk])


def forget(where: str) -> None:
    """Delete events with all that hangs on them."""
    for table in ("timeline_target", "timeline_delivery"):
        as_owner(f"DELETE FROM {table} WHERE event_id IN (SELECT id FROM timeline_event WHERE {where})")
    as_owner(f"DELETE FROM timeline_event WHERE {where}")
