"""Write exports that are due: lease one, settle its cut, write the file, store it, say so.

Note [The cut]
    What counts are the events before the cut, in the order of the log. A worker first lets everything be sealed that was
    there when it began, then takes the log's size: positions below it are handed out once and never change, so the same cut
    gives the same bytes. A process without SEAL_KEYS on a sealed log (a copy kept for looking, say) seals nothing and takes the
    size as it is. Where nothing was ever sealed the cut is an event's id; what was begun before it and commits after it is then
    missed by this export, and found by a later one of the same cut.

Note [A dead worker]
    The file is written in a folder of the worker's machine and stored whole at the end. A worker that is killed leaves the
    export running with a lease that runs out; the next one begins anew, of the same cut. Only who holds the lease can finish.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import F, Max, Q
from django.utils import timezone

from timeline.actors import system
from timeline.errors import Busy
from timeline.exports import operations as exports
from timeline.exports import storage
from timeline.exports.export import Export
from timeline.exports.formats import Sink, writer_of
from timeline.exports.sources import Asked, source_of
from timeline.log import seal
from timeline.models import Event
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

LEASE_S = 30
STORING_LEASE_S = 900  # a large file on its way to a far storage says nothing meanwhile
FLUSH_S = 1.0
STALLS_MAX = 6
SEAL_TRIES_MAX, SEAL_WAIT_S = 40, 0.25
SYSTEM = system("exports")
_LATER = (OperationalError, InterfaceError, Busy)
log = structlog.get_logger("bahi.exports")


class LeaseLost(RuntimeError):
    """Somebody else has this export now, or it is not wanted any more."""


class _CalledOff(Exception):
    """A person stopped it."""


@dataclass(slots=True)
class _Hand:
    """An export in hand."""

    export: Export
    token: UUID
    rows: int = 0
    done: int = 0
    unsealed: bool = False
    flushed_at: float = field(default_factory=time.monotonic)

    def flush(self, lease_s: float = LEASE_S) -> None:
        """Say how far it is and keep the lease. Raises LeaseLost, _CalledOff."""
        until = timezone.now() + timedelta(seconds=lease_s)
        mine = Export.objects.filter(pk=self.export.pk, lease_token=self.token, status=Export.Status.RUNNING)
        if not mine.update(lease_until=until, done=self.done, rows=self.rows):
            raise LeaseLost
        self.flushed_at = time.monotonic()
        if mine.filter(cancel_asked_at__isnull=False).exists():
            raise _CalledOff


def run_due() -> int:
    """Write one export after the other until none is due; returns how many were in hand."""
    count = 0
    while (hand := lease()) is not None:
        count += 1
        try:
            _serve(hand)
        except (LeaseLost, exports.HasEnded):
            log.warning("export.lease_lost", export=str(hand.export.pk))
        except _LATER as error:
            log.warning("export.interrupted", export=str(hand.export.pk), error=type(error).__name__)
            break
    return count


def lease() -> _Hand | None:
    """Take an open export nobody has. That it was taken is counted before the work, so one that kills its worker is counted too."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    for export in Export.objects.filter(free, status__in=Export.OPEN).order_by("asked_at")[:10]:
        token = uuid.uuid4()
        mine = Export.objects.filter(free, pk=export.pk, status=export.status, lease_token=export.lease_token)
        if mine.update(lease_token=token, lease_until=now + timedelta(seconds=LEASE_S), stalls=F("stalls") + 1):
            export.stalls += 1
            return _Hand(export, token)
    return None


def _serve(hand: _Hand) -> None:
    export = hand.export
    cut, cut_by = (export.cut, export.cut_by) if export.started_at is not None else _cut(export)
    if cut is None:
        _let_go(hand)
        return
    with operation("export.start", actor=SYSTEM) as op:
        hand.export = exports.start(op, export_id=export.pk, cut=cut, cut_by=cut_by)
    part = storage.part_of(export.pk, hand.token)
    try:
        if export.stalls > STALLS_MAX:
            _give_up(hand, f"Taken up {STALLS_MAX} times, and never finished.")
            return
        hand.flush()
        sink = _write(hand, part)
        _store(hand, part, sink)
    except _CalledOff:
        with operation("export.end", actor=SYSTEM, stream=export.story) as op:
            exports.end(op, export_id=export.pk, token=hand.token)
    except (*_LATER, LeaseLost, exports.HasEnded):
        raise
    except Exception as error:  # the person who asked is told, and may try again
        log.exception("export.broke", export=str(export.pk))
        _give_up(hand, f"Our mistake: it could not be written ({type(error).__name__}). Nothing is lost; try again.")
    finally:
        part.unlink(missing_ok=True)


def _write(hand: _Hand, part: Path) -> Sink:
    export = hand.export
    source = source_of(export.source)
    asked = Asked(export.filters, int(export.cut or 0), export.cut_by, export.is_personal)
    with Sink(part) as sink, contextlib.closing(source.read(asked)) as batches:
        writer = writer_of(export.format, sink, source.columns_for(is_personal=export.is_personal))
        for batch in batches:
            writer.write(batch.rows)
            is_free = batch.done > hand.done
            hand.done = batch.done
            hand.rows += len(batch.rows)
            hand.unsealed = hand.unsealed or batch.unsealed
            if is_free and time.monotonic() > hand.flushed_at + FLUSH_S:
                hand.flush()
        writer.end()
        return sink


def _store(hand: _Hand, part: Path, sink: Sink) -> None:
    """Store the file under a new name; nothing refers to it before it is whole."""
    export = hand.export
    name = f"{export.pk.hex}-{hand.token.hex[:8]}.{export.format}"
    with operation("export.store", actor=SYSTEM, stream=export.story) as op:
        exports.promise(op, export_id=export.pk, token=hand.token, file=name)
    hand.flush(STORING_LEASE_S)
    storage.keep(part, name)
    try:
        _finish(hand, name, sink)
    except exports.HasEnded:
        storage.store().delete(name)
        raise


@retried
def _finish(hand: _Hand, name: str, sink: Sink) -> None:
    with operation("export.finish", actor=SYSTEM, stream=hand.export.story) as op:
        exports.finish(
            op, export_id=hand.export.pk, token=hand.token, file=name, rows=hand.rows, size=sink.size, sha256=sink.sha256,
            holds_personal=hand.unsealed or hand.export.is_personal,
        )


@retried
def _give_up(hand: _Hand, error: str) -> None:
    with operation("export.give_up", actor=SYSTEM, stream=hand.export.story) as op:
        exports.give_up(op, export_id=hand.export.pk, token=hand.token, error=error)


def _let_go(hand: _Hand) -> None:
    Export.objects.filter(pk=hand.export.pk, lease_token=hand.token).update(lease_until=None, stalls=F("stalls") - 1)


def reach() -> tuple[int, str]:
    """How far a cut can go now, and what it counts: Note [The cut]. Who holds no key that signs still counts places of a sealed log."""
    size = seal.log_size()
    if size or settings.SEAL_KEYS:
        return size, Export.CutBy.POSITION
    newest = Event.objects.aggregate(newest=Max("id"))["newest"] or 0
    return newest + 1, Export.CutBy.ID


def _cut(export: Export) -> tuple[int | None, str]:
    """Note [The cut]: None when what was there could not be sealed yet."""
    if settings.SEAL_KEYS and not _all_sealed():
        return None, Export.CutBy.POSITION
    there, cut_by = reach()
    return there if export.cut is None else min(export.cut, there), cut_by


def _all_sealed() -> bool:
    """Let everything be sealed that is there now; whether it is."""
    last = Event.objects.filter(position=None).aggregate(last=Max("id"))["last"] or 0
    for _ in range(SEAL_TRIES_MAX):
        if not Event.objects.filter(position=None, pk__lte=last).exists():
            return True
        if not seal.seal().count:
            time.sleep(SEAL_WAIT_S)
    return False
