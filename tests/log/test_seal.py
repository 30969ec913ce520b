"""Sealing: places without gap, tiles that give the signed root, copies outside the database."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from tests.log import makers
from timeline.log import proof, seal
from timeline.log.audit import audit
from timeline.log.checkpoint import known_keys, signer
from timeline.log.merkle import Frontier, root_of
from timeline.log.tiles import Tiles
from timeline.models import Checkpoint, Event, SealKey, Tile
from timeline.verifier import Checkpoint as State
from timeline.verifier import check, open_note

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.django_db


def test_every_event_gets_its_place_and_the_root_is_signed() -> None:
    makers.sealed()
    leaves = [bytes(leaf) for leaf in Event.objects.order_by("position").values_list("leaf_hash", flat=True)]
    assert list(Event.objects.order_by("id").values_list("position", flat=True)) == list(range(len(leaves)))
    frontier = Frontier()
    frontier.add(leaves)
    newest = Checkpoint.objects.latest("id")
    assert State.parse(open_note(newest.note, known_keys())) == State("bahi.local/log", len(leaves), frontier.root())


def test_sealing_goes_on_where_it_stopped() -> None:
    """More than one tile, in uneven steps."""
    makers.stories(receipts=100)
    total = Event.objects.count()
    while seal.seal(limit=97).count:
        pass
    leaves = [bytes(leaf) for leaf in Event.objects.order_by("position").values_list("leaf_hash", flat=True)]
    frontier = Frontier()
    for place, leaf in enumerate(leaves, start=1):
        frontier.add([leaf])
        if place % 97 == 0 or place == total:
            assert root_of(place, Tiles().read) == frontier.root(), place
    assert Checkpoint.objects.latest("id").size == total > 256


def test_nothing_new_signs_nothing_new() -> None:
    makers.sealed()
    before = Checkpoint.objects.count()
    assert seal.seal().count == 0
    assert Checkpoint.objects.count() == before


def test_without_a_key_nothing_is_sealed(settings: Any) -> None:
    settings.SEAL_KEYS = []
    makers.stories()
    assert seal.seal() == seal.Sealed(0, 0)
    assert not Event.objects.exclude(position=None).exists()


def test_f56_a_new_key_is_named_and_the_old_one_stays_good(settings: Any) -> None:
    makers.sealed(["TEA"])
    old = Checkpoint.objects.latest("id")
    settings.SEAL_KEYS = [f"next:{base64.b64encode(b'n' * 32).decode()}", *settings.SEAL_KEYS]
    seal.seal()
    assert [row.since for row in SealKey.objects.order_by("id")] == [0, old.size]
    newest = Checkpoint.objects.latest("id")
    assert (newest.size, bytes(newest.root)) == (old.size, bytes(old.root))
    for row in (old, newest):
        open_note(row.note, known_keys())


def test_every_checkpoint_is_copied_once(settings: Any, tmp_path: Path) -> None:
    settings.SEAL_FILE = str(tmp_path / "far" / "checkpoints")
    for sku in ("TEA", "RICE", "SALT"):
        makers.sealed([sku])
    assert [note for note, _ in seal.copies()] == list(Checkpoint.objects.order_by("id").values_list("note", flat=True))
    assert seal.copy_out() == 0


def test_what_a_crash_kept_from_the_file_is_added(settings: Any, tmp_path: Path) -> None:
    makers.sealed(["TEA"])
    settings.SEAL_FILE = str(tmp_path / "checkpoints")
    makers.sealed(["RICE"])
    assert len(seal.copies()) == Checkpoint.objects.count() == 2


def test_f54_a_tile_only_grows() -> None:
    makers.sealed(["TEA"])
    for statement in ("UPDATE timeline_tile SET hashes = %s", "DELETE FROM timeline_tile WHERE hashes <> %s"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [b"\x00" * 32])


def test_the_log_is_served_as_tlog_tiles() -> None:
    makers.stories(receipts=100)
    seal.seal()
    client = Client()
    note = client.get("/log/checkpoint").content.decode()
    size = State.parse(open_note(note, known_keys())).size
    assert client.get("/log/tile/0/000").content == bytes(Tile.objects.get(level=0, number=0).hashes)
    rest = client.get(f"/log/tile/0/001.p/{size - 256}")
    assert len(rest.content) == (size - 256) * 32
    assert "immutable" in rest["Cache-Control"]
    assert len(client.get("/log/tile/1/000.p/1").content) == 32
    assert client.get("/log/tile/0/x000/000").status_code == 404, "a tile has one name"
    assert client.get("/log/keys").content.decode().split() == [str(key) for key in known_keys()]


@pytest.mark.parametrize("place", ["checkpoint", "keys", "witnesses", "verifier.py", "tile/0/000"])
def test_the_log_is_read_alone(place: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(f"/log/{place}")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("place", ["0/001", "0/000.p/0", "0/000.p/256", "0/0", "64/000", "x", "0/x001/000", "0/000.p/999"])
def test_a_tile_that_is_not_there_is_not_found(place: str) -> None:
    makers.sealed(["TEA"])
    assert Client().get(f"/log/tile/{place}").status_code == 404


def test_a_log_whose_end_was_lost_goes_on_under_a_new_name(settings: Any, tmp_path: Path) -> None:
    """What docs/deploy.md says of a restored backup: the old records are put aside, a new name and a new key begin."""
    settings.SEAL_FILE = str(tmp_path / "checkpoints")
    (stream,) = makers.sealed(["TEA"])
    who = signer()
    assert who is not None
    lost = State(settings.SEAL_ORIGIN, seal.log_size() + 3, b"r" * 32)
    with (tmp_path / "checkpoints").open("a", encoding="utf-8") as file:
        file.write(f"{who.note(lost)}\n")
    makers.arrival("TEA")
    seal.seal()
    assert "checkpoint_gone" in {broken.kind for broken in audit().breaks}, "it does not go away by itself"

    settings.SEAL_FILE = str(tmp_path / "checkpoints-2")
    settings.SEAL_ORIGIN, settings.SEAL_KEYS = "bahi.local/log-2", [f"next:{base64.b64encode(b'n' * 32).decode()}", *settings.SEAL_KEYS]
    makers.arrival("TEA")
    seal.seal()
    assert audit().breaks == []
    verdict = check(proof.bundle(stream), known_keys()[:1])
    assert (verdict.checkpoint.origin, len(verdict.events)) == ("bahi.local/log-2", Event.objects.filter(stream=stream).count())


def test_an_empty_log_has_no_checkpoint() -> None:
    assert Client().get("/log/checkpoint").status_code == 404
