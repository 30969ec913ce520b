"""An export begins while somebody is being erased: no file holds them afterwards (B95)."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.storage import storages
from django.db import connection

from tests import makers
from timeline import vault
from timeline.exports import operations as exports
from timeline.exports import running
from timeline.exports.export import Export
from timeline.log import seal
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orders.models import Order

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HEAD_START_S, WAIT_S = 3.0, 60.0
NAME = b"Planted Name"


@pytest.fixture(autouse=True)
def _work(settings: Any, tmp_path: Path) -> None:
    settings.EXPORTS_WORK = tmp_path / "work"


def told() -> Order:
    """An order about which an app told something of its customer."""
    order = makers.paid_order()
    makers.staff("events:write").post("/api/v1/events", {
        "actor": {"id": "wms"}, "action": "order.picked", "resource": "order", "resourceId": order.number, "metadata": {"who": NAME.decode()},
    })
    seal.seal()
    return order


@contextmanager
def worker() -> Iterator[threading.Event]:
    """Somebody who writes what is due, as soon as told; has ended when the block has."""
    go = threading.Event()

    def work() -> None:
        try:
            assert go.wait(WAIT_S)
            running.run_due()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield go
    finally:
        go.set()
        thread.join(WAIT_S)


def files() -> bytes:
    """What the files that can be fetched hold, once every export is written."""
    running.run_due()
    ready = Export.objects.filter(status=Export.Status.READY).exclude(file="")
    assert ready.count() == Export.objects.count()
    return b"".join(storages["exports"].open(export.file).read() for export in ready)


@pytest.mark.parametrize("asked", ["before", "meanwhile"])
def test_b95_an_export_begun_during_an_erasure_holds_nobody_who_was_erased(asked: str) -> None:
    """Whether it waited when the erasure looked for exports or was asked for after that."""
    order, boss = told(), makers.staff()
    if asked == "before":
        makers.read(boss.post("/admin/exports", {"filters": {}}), 202)
    with worker() as go, operation("person.erase", actor=makers.TESTER) as op:
        vault.destroy(op, order.person.key)
        exports.recall_people(op)
        if asked == "meanwhile":
            ask_beside(boss)
        go.set()
        threading.Event().wait(HEAD_START_S)
    assert NAME not in files()


def test_control_an_export_that_waits_for_no_erasure_holds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who begins locks something that nobody else does."""
    order, boss = told(), makers.staff()
    makers.read(boss.post("/admin/exports", {"filters": {}}), 202)
    with worker() as go, operation("person.erase", actor=makers.TESTER) as op:
        vault.destroy(op, order.person.key)
        exports.recall_people(op)
        monkeypatch.setattr(exports, "STARTS", "control")
        go.set()
        threading.Event().wait(HEAD_START_S)
    assert NAME in files()


def ask_beside(boss: Any) -> None:
    """Another request, on a connection of its own."""

    def asking() -> None:
        try:
            makers.read(boss.post("/admin/exports", {"filters": {}}), 202)
        finally:
            connection.close()

    thread = threading.Thread(target=asking)
    thread.start()
    thread.join(WAIT_S)
