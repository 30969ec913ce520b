"""Exports: ask for one, call it off, say how it ended, take it back; each is an event in its own story.

Note [Starting and erasing]
    A worker reads people's data in the clear outside a transaction, while somebody else may be erasing one of them. So both the
    start of an export and an erasure lock one story, `STARTS`, which has no events, before anything else of exports: an export
    that began before is found by the erasure and recalled, one that begins after reads when the key is gone. An export that
    waits needs nothing: it will begin after.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q

from timeline import locks
from timeline.errors import Refused
from timeline.exports.export import Export, ExportScrap
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from timeline.exports.export import ExportSchedule
    from timeline.operations import Operation

LINK_LIFE = timedelta(days=7)  # A24
STORING = timedelta(hours=6)  # a file that is being stored for longer is nobody's
STORED_BY = timedelta(minutes=2)
OPEN_EXPORTS_MAX = 50
STARTS = "exports"  # Note [Starting and erasing]


class TooManyExports(Refused):
    """So many exports are open already; wait until some have ended."""


class HasEnded(Refused):
    """The export has ended; there is nothing to call off."""


def ask(
    op: Operation, *, export_id: UUID, source: str, form: str, filters: dict[str, Any], is_personal: bool = False,
    cut: int | None = None, schedule: ExportSchedule | None = None, period: str = "",
) -> Export:
    """Ask for the rows as a file, in the name of who acts (A23). Raises TooManyExports."""
    if Export.objects.filter(status__in=Export.OPEN).count() >= OPEN_EXPORTS_MAX:
        raise TooManyExports

    export = Export(
        id=export_id, source=source, format=form, filters=filters, is_personal=is_personal, cut=cut, schedule=schedule, period=period,
        actor_type=op.actor.type, actor_id=op.actor.id, actor_name=op.actor.name, asked_at=op.now,
    )
    begin(
        op, export, "export.requested", stream=export.story,
        facts={
            "source": source, "format": form, "filters": filters, "personal": is_personal, "cut": cut,
            "schedule_id": schedule.pk if schedule is not None else None,
        },
    )
    return export


def start(op: Operation, *, export_id: UUID, cut: int, cut_by: str) -> Export:
    """A worker has taken it up; the cut is settled with the first. Opens the stories itself: Note [Starting and erasing]."""
    op.open_stream(STARTS)
    op.open_stream(Export.story_of(export_id))
    export = locks.export(export_id)
    if export.status == Export.Status.REQUESTED:
        advance(op, export.start, stream=export.story, at=op.now, cut=cut, cut_by=cut_by)
    return export


def promise(op: Operation, *, export_id: UUID, token: UUID, file: str) -> None:
    """A file of this name is about to be stored; it goes again unless the export takes it. Raises HasEnded."""
    _require_mine(locks.export(export_id), token)
    ExportScrap.objects.create(name=file, due_at=op.now + STORING)


def finish(
    op: Operation, *, export_id: UUID, token: UUID, file: str, rows: int, size: int, sha256: str, holds_personal: bool
) -> Export:
    """The file is stored: it can be fetched for seven days. Raises HasEnded when another worker has the export."""
    export = locks.export(export_id)
    _require_mine(export, token)
    advance(
        op, export.finish, at=op.now, rows=rows, total=export.cut, size=size, sha256=sha256, file=file, holds_personal=holds_personal,
        expires_at=op.now + LINK_LIFE,
    )
    ExportScrap.objects.filter(name=file).delete()
    return export


def call_off(op: Operation, *, export_id: UUID) -> Export:
    """Stop it; one that no worker has is cancelled at once. Raises HasEnded."""
    export = locks.export(export_id)
    if not export.is_open:
        raise HasEnded

    if export.cancel_asked_at is None:
        export.cancel_asked_at = op.now
        Export.objects.filter(pk=export.pk).update(cancel_asked_at=op.now)
        op.record(export, "export.called_off")
    if export.lease_until is None or export.lease_until < op.now:
        advance(op, export.cancel, at=op.now)
    return export


def end(op: Operation, *, export_id: UUID, token: UUID) -> Export:
    """The worker that has it has stopped, as it was told. Raises HasEnded when another one has it."""
    export = locks.export(export_id)
    _require_mine(export, token)
    advance(op, export.cancel, at=op.now)
    return export


def give_up(op: Operation, *, export_id: UUID, token: UUID, error: str) -> Export:
    """It cannot be written. Raises HasEnded when another worker has it."""
    export = locks.export(export_id)
    _require_mine(export, token)
    advance(op, export.fail, at=op.now, error=error)
    return export


def retry(op: Operation, *, export_id: UUID) -> Export:
    """A person's word: try again. Raises TransitionRefused unless it failed."""
    export = locks.export(export_id)
    advance(op, export.retry)
    return export


def revoke(op: Operation, *, export_id: UUID) -> Export:
    """Take it back: the link is dead, the file goes; one that is not ready is called off. Raises TransitionRefused."""
    export = locks.export(export_id)
    if export.is_open:
        return call_off(op, export_id=export_id)
    _scrap(op, export)
    advance(op, export.revoke)
    return export


def expire(op: Operation, *, export_id: UUID) -> Export:
    """Its seven days are over."""
    export = locks.export(export_id)
    if export.status == Export.Status.READY and export.expires_at is not None and export.expires_at <= op.now:
        _scrap(op, export)
        advance(op, export.expire)
    return export


def fetched(op: Operation, *, export_id: UUID, by: str) -> Export:
    """Somebody fetches the file: that is written down."""
    export = locks.export(export_id)
    op.record(export, "export.downloaded", facts={"by": by, "rows": export.rows, "sha256": export.digest, "personal": export.holds_personal})
    return export


def recall_people(op: Operation) -> list[Export]:
    """Write anew, of the same cut, every export that holds people's data; who was erased is not in it any more.

    Called in the operation that erases a person: Note [Starting and erasing]. The old files go with the next
    `storage.sweep()`; call it when the operation is done, so that it is at once.
    """
    op.open_stream(STARTS)
    recalled = []
    there = Q(status=Export.Status.READY) & (Q(holds_personal=True) | Q(is_personal=True))
    found = Export.objects.filter(there | Q(status=Export.Status.RUNNING)).order_by("asked_at", "id")
    for export_id in list(found.values_list("pk", flat=True)):
        op.open_stream(Export.story_of(export_id))
        export = locks.export(export_id)
        if export.status in (Export.Status.READY, Export.Status.RUNNING):
            _scrap(op, export)
            advance(op, export.recall, stream=export.story)
            recalled.append(export)
    return recalled


def _require_mine(export: Export, token: UUID) -> None:
    if export.status != Export.Status.RUNNING or export.lease_token != token:
        raise HasEnded


def _scrap(op: Operation, export: Export) -> None:
    """Its file goes at once; one that a worker is storing just now goes when that is over."""
    ExportScrap.objects.filter(name__startswith=export.pk.hex).update(due_at=op.now + STORED_BY)
    if export.file:
        ExportScrap.objects.update_or_create(name=export.file, defaults={"due_at": op.now})
