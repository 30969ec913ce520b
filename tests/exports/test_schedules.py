"""Exports of every month: asked for once a month, however many clocks there are (A25)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from orders.models import Message
from tests import makers
from tests.exports.test_events import _work  # noqa: F401 the fixture is used by being here
from timeline import relay
from timeline.actors import Actor
from timeline.exports import operations as exports
from timeline.exports import running, schedules
from timeline.exports.export import Export, ExportSchedule
from timeline.models import ApiClient, Event
from timeline.operations import operation

URL = "/admin/export-schedules"
KOLKATA = dt.timezone(dt.timedelta(hours=5, minutes=30))
pytestmark = pytest.mark.django_db


def add(boss: makers.Caller, **wish: Any) -> Any:
    body = {"name": "Accounts", "dayOfMonth": 3, "at": "06:30", "filters": {"action": "order.*"}, **wish}
    return makers.read(boss.post(URL, body), 201)


def test_a25_the_month_before_is_asked_for_once_on_its_day() -> None:
    boss = makers.staff()
    with time_machine.travel(dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC), tick=False):
        made = add(boss)
    assert made["nextAt"] == "2026-11-03T01:00:00Z"
    assert schedules.run_due(dt.datetime(2026, 11, 3, 6, 29, tzinfo=KOLKATA)) == 0
    due = dt.datetime(2026, 11, 3, 6, 30, tzinfo=KOLKATA)
    assert [schedules.run_due(due), schedules.run_due(due)] == [1, 0]
    export = Export.objects.get()
    assert (export.filters, export.period, str(export.schedule_id)) == ({"action": ["order.*"], "month": "2026-10"}, "2026-10", made["id"])
    said = Event.objects.get(kind="export.requested")
    assert (said.channel, said.actor_type, said.facts["schedule_id"]) == ("schedule", "api_client", made["id"])
    assert makers.read(boss.get(f"{URL}/{made['id']}"))["nextAt"] == "2026-12-03T01:00:00Z"


def test_two_clocks_ask_once_and_the_database_says_so() -> None:
    """A clock that looked before the other one moved on finds it moved; and without that the constraint refuses."""
    with time_machine.travel(dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC), tick=False):
        add(makers.staff())
    due = dt.datetime(2026, 11, 4, tzinfo=dt.UTC)
    pk = ExportSchedule.objects.get().pk
    assert [schedules._run(pk, due), schedules._run(pk, due)] == [True, False]
    export = Export.objects.get()
    with pytest.raises(IntegrityError), operation("test.twin", actor=makers.TESTER) as op:
        pk = op.new_id()
        op.open_stream(f"export:{pk}")
        exports.ask(op, export_id=pk, source="events", form="csv", filters={}, schedule=export.schedule, period=export.period)


def test_months_that_were_slept_through_are_made_up_for() -> None:
    with time_machine.travel(dt.datetime(2026, 8, 20, tzinfo=dt.UTC), tick=False):
        add(makers.staff(), format="parquet")
    assert schedules.run_due(dt.datetime(2026, 11, 20, tzinfo=dt.UTC)) == 3
    assert sorted(Export.objects.values_list("period", flat=True)) == ["2026-08", "2026-09", "2026-10"]


def test_who_may_not_any_more_is_asked_for_no_more() -> None:
    boss = makers.staff()
    add(boss)
    ApiClient.objects.filter(pk=ExportSchedule.objects.get().actor_id).update(is_active=False)
    assert schedules.run_due(timezone.now() + dt.timedelta(days=40)) == 0
    assert not Export.objects.exists()
    assert ExportSchedule.objects.get().why_inactive == "who asked may not any more"


def test_one_is_changed_stopped_and_goes_on() -> None:
    boss = makers.staff()
    made = add(boss)
    changed = makers.read(boss.patch(f"{URL}/{made['id']}", {"dayOfMonth": 28, "at": "23:15", "format": "jsonl", "filters": {}}))
    assert (changed["dayOfMonth"], changed["at"], changed["format"], changed["filters"]) == (28, "23:15", "jsonl", {})
    assert makers.read(boss.delete(f"{URL}/{made['id']}"))["isActive"] is False
    assert schedules.run_due(timezone.now() + dt.timedelta(days=40)) == 0
    assert makers.read(boss.patch(f"{URL}/{made['id']}", {"isActive": True}))["isActive"] is True
    assert makers.read(boss.post(URL, {"name": "Accounts"}), 409)["type"] == "/problems/name-taken"
    for body in ({"name": "x", "dayOfMonth": 31}, {"name": "x", "at": "6"}, {"name": "x", "filters": {"month": "2026-10"}}, {"name": "x", "cut": 1}):
        makers.read(boss.post(URL, body), 400)
    assert makers.staff("exports:read", "exports:write").get(f"{URL}/{made['id']}").status_code == 404


def test_staff_who_asked_are_told_by_mail_once_it_is_ready() -> None:
    asha = makers.member("asha", email="asha@shop.example")
    who = Actor(type="staff", id=str(asha.pk), name="Asha", channel="console")
    with operation("test.schedule", actor=who) as op:
        schedules.add(op, name="Accounts", day=1, at=dt.time(6), source="events", form="csv", filters={}, is_personal=False)
    schedules.run_due(ExportSchedule.objects.get().next_at)
    running.run_due()
    relay.drain(10)
    message = Message.objects.get()
    letter = message.opened()
    assert (letter["to"], message.state) == ("asha@shop.example", "sent")
    assert f"/console/exports/{Export.objects.get().pk}/" in letter["body"]
    assert "signature" not in letter["body"]
