"""Exports of every month (A25): asked for by the clock, once a month, however many clocks there are.

Note [Once a month]
    A schedule says when it is due next. Who finds it due locks it, looks again, asks for the export of the month before that
    moment, and moves it on by a month, in one transaction; and the database allows one export a schedule and month. A shop
    that slept for a quarter asks for the three months it missed, one after the other.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import structlog
from django.utils import timezone

from timeline import locks
from timeline.actors import system
from timeline.errors import Refused
from timeline.exports import links, storage
from timeline.exports import operations as exports
from timeline.exports.export import Export, ExportSchedule
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation

SCHEDULES_MAX = 50
AT_ONCE_MAX = 20
STORY = "export-schedules"
SYSTEM = system("exports")
log = structlog.get_logger("bahi.exports")


class NameTaken(Refused):
    """There is a schedule of this name already."""


class TooManySchedules(Refused):
    """The shop has as many schedules as it may have; stop one first."""


def add(
    op: Operation, *, name: str, day: int, at: dt.time, source: str, form: str, filters: dict[str, Any], is_personal: bool
) -> ExportSchedule:
    """Ask for the month before on this day of every month, in the name of who acts. Raises NameTaken, TooManySchedules."""
    op.open_stream(STORY)
    if ExportSchedule.objects.filter(name=name).exists():
        raise NameTaken
    if ExportSchedule.objects.filter(is_active=True).count() >= SCHEDULES_MAX:
        raise TooManySchedules

    schedule = ExportSchedule(
        id=op.new_id(), name=name, day=day, at=at, source=source, format=form, filters=filters, is_personal=is_personal,
        next_at=next_after(op.now, day, at), created_at=op.now, actor_type=op.actor.type, actor_id=op.actor.id, actor_name=op.actor.name,
    )
    op.record(schedule, "export_schedule.added", stream=STORY, facts=_facts(schedule))
    schedule.save(force_insert=True)
    return schedule


def change(op: Operation, *, schedule_id: UUID, **wish: Any) -> ExportSchedule:
    """Change its day, time, format or filters, or switch it off and on; it goes on with the next day that comes.

    Raises NameTaken, Missing.
    """
    op.open_stream(STORY)
    schedule = locks.export_schedule(schedule_id)
    if ExportSchedule.objects.filter(name=wish.get("name")).exclude(pk=schedule_id).exists():
        raise NameTaken
    for column, value in wish.items():
        setattr(schedule, column, value)
    if {"day", "at", "is_active"} & wish.keys():
        schedule.next_at = next_after(op.now, schedule.day, schedule.at)
    if "is_active" in wish:
        schedule.why_inactive = "" if schedule.is_active else "by hand"
    op.record(schedule, "export_schedule.changed", stream=STORY, facts={**_facts(schedule), "changed": sorted(wish)})
    schedule.save(update_fields=[*wish, "next_at", "why_inactive"])
    return schedule


def stop(op: Operation, *, schedule_id: UUID, reason: str = "by hand") -> ExportSchedule:
    """Ask no more. Raises Missing."""
    op.open_stream(STORY)
    schedule = locks.export_schedule(schedule_id)
    if schedule.is_active:
        op.record(schedule, "export_schedule.stopped", stream=STORY, facts={**_facts(schedule), "reason": reason})
        schedule.is_active, schedule.why_inactive = False, reason
        schedule.save(update_fields=["is_active", "why_inactive"])
    return schedule


def run_due(now: dt.datetime) -> int:
    """Ask for every export that is due; returns how many. Note [Once a month]."""
    count = 0
    for pk in ExportSchedule.objects.filter(is_active=True, next_at__lte=now).order_by("next_at").values_list("pk", flat=True)[:AT_ONCE_MAX]:
        try:
            while _run(pk, now):
                count += 1
        except exports.TooManyExports:  # they are due still, and asked for once some have ended
            break
    return count


def expire_due(now: dt.datetime) -> int:
    """End exports whose days are over, and delete their files; returns how many files went."""
    for export in Export.objects.filter(status=Export.Status.READY, expires_at__lte=now).order_by("expires_at")[:200]:
        with operation("export.expire", actor=SYSTEM, stream=export.story) as op:
            exports.expire(op, export_id=export.pk)
    return storage.sweep()


def next_after(now: dt.datetime, day: int, at: dt.time) -> dt.datetime:
    """The next moment of this day of a month and this time of the shop's clock."""
    zone = timezone.get_default_timezone()
    here = now.astimezone(zone).date()
    found = dt.datetime.combine(here.replace(day=day), at, zone)
    return (found if found > now else dt.datetime.combine(_following(here).replace(day=day), at, zone)).astimezone(dt.UTC)


def month_before(moment: dt.datetime) -> str:
    """The calendar month before this moment on the shop's clock."""
    first = timezone.localtime(moment, timezone.get_default_timezone()).date().replace(day=1)
    return f"{first - dt.timedelta(days=1):%Y-%m}"


@retried
def _run(schedule_id: UUID, now: dt.datetime) -> bool:
    """One month of one schedule; whether it was asked for."""
    found = ExportSchedule.objects.get(pk=schedule_id)
    with operation("export_schedule.run", actor=found.actor("schedule"), stream=STORY) as op:
        schedule = locks.export_schedule(schedule_id)
        if not schedule.is_active or schedule.next_at > now:
            return False
        if not links.may(schedule):
            stop(op, schedule_id=schedule_id, reason="who asked may not any more")
            return False
        export_id, month = op.new_id(), month_before(schedule.next_at)
        if not schedule.exports.filter(period=month).exists():
            op.open_stream(Export.story_of(export_id))
            exports.ask(
                op, export_id=export_id, source=schedule.source, form=schedule.format, filters={**schedule.filters, "month": month},
                is_personal=schedule.is_personal, schedule=schedule, period=month,
            )
        schedule.next_at = next_after(schedule.next_at, schedule.day, schedule.at)
        schedule.save(update_fields=["next_at"])
    return True


def _following(day: dt.date) -> dt.date:
    """The first day of the month after."""
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)


def _facts(schedule: ExportSchedule) -> dict[str, Any]:
    return {
        "schedule": schedule.name, "source": schedule.source, "format": schedule.format, "filters": schedule.filters,
        "personal": schedule.is_personal, "day": schedule.day, "at": f"{schedule.at:%H:%M}",
    }
