"""Exports of events: asked for, written, fetched by a signed link, taken back (A4, A21–A24, B69)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
import pytest
import time_machine
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone
from pyarrow import parquet

from tests import makers
from timeline.exports import operations as exports
from timeline.exports import running, schedules, storage
from timeline.exports.export import Export, ExportScrap
from timeline.log import seal
from timeline.models import ApiClient, Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.makers import Caller

URL = "/admin/exports"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _work(settings: Any, tmp_path: Path) -> None:
    settings.EXPORTS_WORK = tmp_path / "work"


def ask(boss: Caller, **wish: Any) -> Any:
    return makers.read(boss.post(URL, wish), 202)


def state(boss: Caller, export: Any) -> Any:
    return makers.read(boss.get(f"{URL}/{export['id']}"))


def made(boss: Caller, **wish: Any) -> Any:
    export = ask(boss, **wish)
    assert running.run_due() == 1
    done = state(boss, export)
    assert done["status"] == "ready", done
    return done


def fetch(url: str) -> Any:
    parts = urlsplit(url)
    return makers.nobody().client.get(f"{parts.path}?{parts.query}")


def content(url: str) -> bytes:
    answer = fetch(url)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def rows(url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(url).decode(), newline="")))


def test_a21_order_events_of_a_month_as_csv_in_the_order_of_the_log() -> None:
    boss, order = makers.staff(), makers.paid_order()
    month = f"{timezone.localtime():%Y-%m}"
    done = made(boss, format="csv", filters={"action": "order.*", "month": month})
    found = rows(done["downloadUrl"])
    story = Event.objects.filter(stream=str(order.pk), kind__startswith="order.").order_by("stream_seq")
    assert [row["action"] for row in found] == [event.kind for event in story]
    assert [row["id"] for row in found] == [event.public_id for event in story]
    placed = json.loads(found[0]["metadata"])
    assert (placed["total_minor"], found[0]["amount_minor"], found[0]["currency"]) == (order.total_minor, str(order.total_minor), "INR")
    assert (done["rows"], done["progress"]["done"]) == (len(found), done["cut"])
    assert rows(made(boss, filters={"action": "order.*", "month": "2020-01"})["downloadUrl"]) == []


def test_a23_asking_is_an_event_of_its_own() -> None:
    boss = makers.staff()
    ask(boss, filters={"action": "order.*", "after": "2026-03-01T00:00:00Z", "before": "2026-04-01T00:00:00Z"})
    row = makers.read(boss.get("/api/v1/events", action="export.requested"))["data"][0]
    assert (row["resource"], row["actor"]["type"]) == ("export", "api_client")
    assert row["metadata"]["filters"] == {"action": ["order.*"], "after": "2026-03-01T00:00:00Z", "before": "2026-04-01T00:00:00Z"}


def test_the_three_forms_say_the_same_and_the_digest_is_the_files() -> None:
    boss = makers.staff()
    order = makers.paid_order()
    app = makers.staff("events:write")
    app.post("/api/v1/events", {"actor": {"id": "wms", "name": "=1+1"}, "action": "order.picked", "resource": "order",
                                "resourceId": order.number, "metadata": {"total": 10338, "currency": "INR", "note": "नमस्ते"}})
    files = {form: made(boss, format=form, filters={"action": ["order.*", "payment.*"]}) for form in ("csv", "jsonl", "parquet")}
    raw = {form: content(done["downloadUrl"]) for form, done in files.items()}
    for form, done in files.items():
        assert (hashlib.sha256(raw[form]).hexdigest(), len(raw[form])) == (done["sha256"], done["bytes"])
    lines = [json.loads(line) for line in raw["jsonl"].splitlines()]
    table = parquet.read_table(io.BytesIO(raw["parquet"]))
    cells = list(csv.DictReader(io.StringIO(raw["csv"].decode(), newline="")))
    assert list(cells[0]) == table.column_names == list(made_columns())
    assert [row["id"] for row in lines] == table["id"].to_pylist() == [row["id"] for row in cells]
    told = lines[-1]
    assert (told["app"], told["amount_minor"], told["currency"], told["actor_name"]) == (told["recorded_by_name"], 10338, "INR", "=1+1")
    assert (cells[-1]["actor_name"], json.loads(cells[-1]["metadata"])) == ("'=1+1", told["metadata"])
    assert files["csv"]["holdsPersonal"] is True
    assert raw["csv"].count(b"\r\n") == len(cells) + 1


def made_columns() -> tuple[str, ...]:
    from timeline.exports.events import COLUMNS

    return tuple(column.name for column in COLUMNS)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_same_cut_gives_the_same_bytes(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    boss = makers.staff()
    makers.paid_order()
    first = made(boss, format=form, filters={})
    makers.paid_order()
    monkeypatch.setattr("timeline.exports.events.WINDOW_PLACES", 7)
    again = made(boss, format=form, filters={}, cut=first["cut"])
    assert (again["sha256"], again["rows"]) == (first["sha256"], first["rows"])
    assert made(boss, format=form, filters={})["rows"] > first["rows"]
    makers.read(boss.post(URL, {"cut": 10**9}), 400)


def test_without_sealing_the_cut_is_an_id(settings: Any) -> None:
    settings.SEAL_KEYS = []
    boss = makers.staff()
    makers.paid_order()
    first = made(boss, filters={"action": "order.*"})
    assert first["cut"] > Event.objects.filter(kind="order.confirmed").latest("id").pk
    assert rows(first["downloadUrl"])[0]["action"] == "order.placed"

    makers.placed_order()
    again = made(boss, filters={"action": "order.*"}, cut=first["cut"])
    assert (again["cut"], again["sha256"]) == (first["cut"], first["sha256"])
    makers.read(boss.post(URL, {"cut": Event.objects.latest("id").pk + 2}), 400)


def test_a_copy_that_cannot_sign_gives_the_bytes_of_the_same_cut(settings: Any) -> None:
    """Who holds only the public keys counts places of the log as the shop does, and does not wait for what nobody seals there."""
    boss = makers.staff()
    makers.paid_order()
    first = made(boss, filters={"action": "order.*"})
    settings.SEAL_KEYS = []
    makers.placed_order()
    again = made(boss, filters={"action": "order.*"}, cut=first["cut"])
    assert (again["cut"], again["sha256"]) == (first["cut"], first["sha256"])
    assert made(boss, filters={"action": "order.*"})["cut"] == seal.log_size()
    makers.read(boss.post(URL, {"cut": seal.log_size() + 1}), 400)


def test_a24_the_link_is_signed_and_dies_after_seven_days() -> None:
    boss = makers.staff()
    done = made(boss, filters={"action": "export.*"})
    url = done["downloadUrl"]
    answer = boss.get(f"{URL}/{done['id']}/download")
    assert (answer.status_code, answer.headers["Location"]) == (302, url.removeprefix("http://testserver"))
    assert fetch(url[:-1] + ("A" if url[-1] != "A" else "B")).status_code == 403
    assert fetch(url.replace("expires=", "expires=9")).status_code == 403
    assert fetch(url.replace(done["id"], str(Export(id="0" * 32).pk))).status_code == 404
    assert fetch(f"{url}&more=1").status_code == 400
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=False):
        assert fetch(url).status_code == 410
        name = Export.objects.get().file
        schedules.expire_due(timezone.now())
        ended = state(boss, done)
        assert (ended["status"], ended["downloadUrl"], fetch(url).status_code) == ("expired", None, 410)
        assert not storages["exports"].exists(name)
    assert Event.objects.filter(kind="export.downloaded").count() == 0


def test_a_fetched_file_is_written_down_and_a_revoked_one_is_gone() -> None:
    boss = makers.staff()
    done = made(boss, filters={})
    content(done["downloadUrl"])
    said = Event.objects.get(kind="export.downloaded")
    assert (said.facts["sha256"], said.actor_type, said.channel) == (done["sha256"], "api_client", "link")
    name = Export.objects.get().file
    assert makers.read(boss.delete(f"{URL}/{done['id']}"))["status"] == "revoked"
    assert fetch(done["downloadUrl"]).status_code == 410
    storage.sweep()
    assert not storages["exports"].exists(name)
    assert makers.read(boss.post(f"{URL}/{done['id']}/revoke"), 409)["type"] == "/problems/transition-not-allowed"


@pytest.mark.parametrize("change", [{"is_active": False}, {"scopes": ["exports:write"]}, {"expires_at": timezone.now() - timedelta(days=1)}])
def test_the_requesters_permission_is_looked_at_again(change: dict[str, Any]) -> None:
    boss = makers.staff("exports:write", "exports:read", "events:read")
    done = made(boss, filters={})
    assert fetch(done["downloadUrl"]).status_code == 200
    ApiClient.objects.filter(pk=Export.objects.get().actor_id).update(**change)
    assert fetch(done["downloadUrl"]).status_code == 403


def test_who_may_ask_may_look_and_fetch() -> None:
    """A key with `exports:write` and the scope of the rows needs no other to follow what it asked for, to the file."""
    boss = makers.staff("exports:write", "events:read")
    done = made(boss, filters={"action": "export.*"})
    assert len(rows(done["downloadUrl"])) == 1
    assert [row["id"] for row in makers.read(boss.get(URL))["data"]] == [done["id"]]


def test_a_key_sees_its_own_exports_and_needs_the_scope_of_the_rows() -> None:
    mine, other = makers.staff("exports:write", "exports:read", "events:read"), makers.staff("exports:write", "exports:read")
    done = ask(mine, filters={})
    assert other.get(f"{URL}/{done['id']}").status_code == 404
    assert makers.read(other.get(URL))["data"] == []
    assert other.post(f"{URL}/{done['id']}/cancel").status_code == 404
    assert other.post(URL, {"filters": {}}).status_code == 403
    assert makers.staff("events:read").post(URL, {}).status_code == 403
    assert makers.nobody().post(URL, {}).status_code == 401


@pytest.mark.parametrize(("body", "pointer"), [
    ({"format": "xlsx"}, "#/format"), ({"kind": "people"}, "#/kind"), ({"kind": "events", "resource": "orders"}, "#/kind"),
    ({"filters": []}, "#/filters"), ({"filters": {"acton": "order.*"}}, "#/filters/acton"), ({"filters": {"action": "ord*"}}, "#/filters/action/0"),
    ({"filters": {"month": "2026-13"}}, "#/filters/month"), ({"filters": {"month": "2026-10", "after": "2026-10-01"}}, "#/filters/month"),
    ({"filters": {"after": "2026-10-02", "before": "2026-10-01"}}, "#/filters/before"), ({"filters": {"after": 5}}, "#/filters/after"),
    ({"filters": {"actor": "meera@example.com"}}, "#/filters/actor"), ({"filters": {"target": "no-colon"}}, "#/filters/target"),
    ({"kind": "order_lines", "personal": True}, "#/personal"), ({"more": 1}, "#/more"), ({"cut": "5"}, "#/cut"),
])
def test_what_cannot_be_asked_for_is_refused_with_its_place(body: Any, pointer: str) -> None:
    answer = makers.read(makers.staff().post(URL, body), 400)
    assert pointer in [error["pointer"] for error in answer["errors"]]
    assert not Export.objects.exists()


def test_the_same_key_is_one_export_and_filters_find_what_they_say() -> None:
    boss, order = makers.staff(), makers.paid_order()
    makers.paid_order()
    body = {"filters": {"resource": "order", "resourceId": order.number, "action": "order.*"}}
    first = makers.read(boss.post(URL, body, key="export-key-1"), 202)
    assert makers.read(boss.post(URL, body, key="export-key-1"), 202) == first
    running.run_due()
    assert {row["stream"] for row in rows(state(boss, first)["downloadUrl"])} == {str(order.pk)}


def test_one_is_called_off_before_and_while_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    boss = makers.staff()
    early = ask(boss, filters={})
    assert makers.read(boss.post(f"{URL}/{early['id']}/cancel"))["status"] == "cancelled"
    makers.read(boss.post(f"{URL}/{early['id']}/cancel"), 409)
    late = ask(boss, filters={})
    hand = running.lease()
    assert hand is not None
    asked = makers.read(boss.post(f"{URL}/{late['id']}/cancel"))
    assert (asked["status"], asked["cancelAsked"]) == ("requested", True)
    running._serve(hand)
    assert state(boss, late)["status"] == "cancelled"
    assert not ExportScrap.objects.exists()


def test_a_dead_workers_export_is_begun_anew_and_nothing_is_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    boss = makers.staff()
    makers.paid_order()
    whole = made(boss, filters={})
    export = ask(boss, filters={}, cut=whole["cut"])
    with monkeypatch.context() as patch:
        patch.setattr(running, "_store", _die)
        with pytest.raises(KeyboardInterrupt):
            running.run_due()
    assert (state(boss, export)["status"], running.run_due()) == ("running", 0)
    with time_machine.travel(timezone.now() + timedelta(seconds=running.LEASE_S + 1)):
        assert running.run_due() == 1
    assert state(boss, export)["sha256"] == whole["sha256"]


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


def test_one_that_breaks_again_and_again_fails_and_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    boss = makers.staff()
    export = ask(boss, filters={})
    with monkeypatch.context() as patch:
        patch.setattr(storage, "keep", _full)
        running.run_due()
    failed = state(boss, export)
    assert (failed["status"], "OSError" in failed["error"]) == ("failed", True)
    makers.read(boss.post(f"{URL}/{export['id']}/retry"))
    running.run_due()
    assert state(boss, export)["status"] == "ready"


def _full(*_: Any) -> None:
    raise OSError


def test_what_holds_people_is_written_anew_when_one_is_erased() -> None:
    """What the eraser calls: the file of before goes, the link stays, the cut too."""
    boss, order = makers.staff(), makers.paid_order()
    makers.staff("events:write").post("/api/v1/events", {
        "actor": {"id": "wms"}, "action": "order.picked", "resource": "order", "resourceId": order.number, "metadata": {"who": "Planted Name"},
    })
    done, plain = made(boss, filters={}), made(boss, filters={"action": "export.*"})
    before = Export.objects.get(pk=done["id"]).file
    assert b"Planted Name" in content(done["downloadUrl"])
    with operation("person.erase", actor=makers.TESTER) as op:
        from timeline import vault

        vault.destroy(op, order.person.key)
        assert [str(export.pk) for export in exports.recall_people(op)] == [done["id"]]
    storage.sweep()
    assert not storages["exports"].exists(before)
    assert fetch(done["downloadUrl"]).status_code == 410
    running.run_due()
    again = state(boss, done)
    assert (again["cut"], again["rows"], b"Planted Name" in content(again["downloadUrl"])) == (done["cut"], done["rows"], False)
    assert state(boss, plain)["status"] == "ready"


def test_a_list_costs_the_same_for_two_as_for_six(django_assert_num_queries: Any) -> None:
    boss = makers.staff()
    for count in (2, 4):
        for _ in range(count):
            ask(boss, filters={})
        with django_assert_num_queries(2):
            boss.get(URL)


def test_a_window_of_the_log_costs_three_statements_however_much_is_in_it(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """What an app told, its targets, and all the rest: no statement an event."""
    from timeline.exports.events import read
    from timeline.exports.sources import Asked

    makers.staff("events:write").post("/api/v1/events", {"actor": {"id": "wms"}, "action": "door.opened"})
    for _ in range(2):
        makers.paid_order()
        while seal.seal().count:
            pass
        size = seal.log_size()
        with django_assert_num_queries(3):
            assert sum(len(batch.rows) for batch in read(Asked({}, size, "position"))) == size


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite makes every row of its columns")
def test_rows_put_together_by_the_database_are_those_made_of_the_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Own events and what apps told among them, in whatever pieces they come."""
    from timeline.exports import events as book
    from timeline.exports.sources import Asked

    makers.delivered_order(lines=2)
    app = makers.staff("events:write")
    for name in ('=1+1 "x"', "नमस्ते\n,"):
        app.post("/api/v1/events", {"actor": {"id": "wms", "name": name}, "action": "door.opened", "targets": [{"type": "door", "id": name}]})
        makers.paid_order()
    boss = makers.staff()
    ask(boss, filters={"session": 'a"b\\c é😀', "action": ["order.*"]})
    while seal.seal().count:
        pass
    size = seal.log_size()
    wanted = Event.objects.filter(position__lt=size).order_by("position")
    expected, _ = book._rows(wanted, shows_people=True)
    for at_once, places in ((500, 5000), (3, 20), (1, 7)):
        monkeypatch.setattr("timeline.exports.ours.ROWS_AT_ONCE", at_once)
        monkeypatch.setattr(book, "WINDOW_PLACES", places)
        found = [row for batch in book.read(Asked({}, size, "position", is_personal=True)) for row in batch.rows]
        assert [said(row) for row in found] == [said(row) for row in expected]


def said(row: Sequence[Any]) -> list[Any]:
    """Objects as the text that stands in the file."""
    return [cell if isinstance(cell, str | int | datetime | None) else orjson.dumps(cell, option=orjson.OPT_SORT_KEYS) for cell in row]


def test_the_lease_is_kept_only_where_the_connection_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "FLUSH_S", -1.0)
    monkeypatch.setattr("timeline.exports.events.WINDOW_PLACES", 7)
    monkeypatch.setattr("timeline.exports.ours.ROWS_AT_ONCE", 2)
    boss = makers.staff()
    makers.paid_order()
    done = made(boss, filters={})
    assert done["rows"] == done["cut"] == len(rows(done["downloadUrl"]))
