"""Erase who asked for it, as soon as nothing needs their data; keep them erased when a backup is restored.

Note [Backups]
    A backup of before has the key of somebody who was erased since. So every erasure is one line in `ERASURES_FILE`, which is
    kept apart from the database: the key's id, nothing else. `reapply` holds the database against the file and erases anew
    whoever is there again; the background task does so by itself every hour, `manage.py privacy reapply` at once.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import timezone

from orders.models import DataRequest, Person
from orders.operations import keeping, privacy
from orders.privacy import archives
from timeline import erasing, residue, vault
from timeline.actors import Actor, system
from timeline.erasing import Erased
from timeline.exports import storage
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


OFFICER = system("privacy")
DUE_AT_ONCE = 20
LATE_MARGIN = timedelta(days=7)
log = structlog.get_logger("bahi.privacy")


def serve_due(now: datetime) -> int:
    """Do what requests are due; returns how many were looked at."""
    due = DataRequest.objects.filter(due_at__lte=now).order_by("due_at", "id").select_related("person__key")
    served = 0
    for request in due[:DUE_AT_ONCE]:
        _serve(request)
        served += 1
    note_all()
    return served


def erase_now(*, request_id: UUID, actor: Actor) -> DataRequest:
    """Erase at a person's word. Raises StillNeeded naming the reasons, NotOpen, Missing."""
    request = privacy.named(request_id)
    if request.kind != DataRequest.Kind.ERASURE or not request.is_open:
        raise privacy.NotOpen(status=str(request.status))
    done = _erase(request, actor)
    note_all()
    return done


def note_all() -> int:
    """Write erasures to the file that are not in it yet; returns how many. Note [Backups]."""
    waiting = DataRequest.objects.filter(
        kind=DataRequest.Kind.ERASURE, status=DataRequest.Status.DONE, noted_at=None
    ).select_related("person")
    count = 0
    for request in waiting:
        for key_id in (request.person.key_id, *request.person.guests.values_list("key_id", flat=True)):
            _note(key_id, request.ended_at)
        with operation("person.note_erasure", actor=OFFICER) as op:
            privacy.note_erasure(op, request_id=request.pk)
        count += 1
    return count


def reapply() -> int:
    """Erase anew whoever the file names and the database knows; returns how many. Note [Backups]."""
    again = 0
    names = list(_noted())
    for some in erasing.chunks(names):
        for person in Person.objects.filter(key_id__in=list(some), erased_at=None).select_related("key"):
            erased = _erased(person)
            found = erasing.find(erased)
            with operation("person.erase_again", actor=OFFICER, stream=str(person.pk)) as op:
                privacy.forget_again(op, person_id=person.pk, erased=erased, found=found)
            log.warning("person.erased_again", person=str(person.pk))
            again += 1
    if again:
        _forget_pages()
    return again


def alive_but_noted() -> int:
    """How many whom the file says to be erased are not: what a restored backup brought back."""
    return sum(Person.objects.filter(key_id__in=list(some), erased_at=None).count() for some in erasing.chunks(list(_noted())))


def _serve(request: DataRequest) -> None:
    """One request. What breaks at one is tried again in a while and keeps no other from its turn."""
    try:
        _do(request)
    except (privacy.NotOpen, privacy.NotReady):
        log.info("privacy.ended_meanwhile", request=str(request.pk))
    except Exception:  # whatever it was, requests after it must still be served
        log.exception("privacy.broke", request=str(request.pk))
        with operation("privacy.look_again", actor=OFFICER) as op:
            privacy.look_again(op, request_id=request.pk)


def _do(request: DataRequest) -> None:
    try:
        if request.status == DataRequest.Status.READY:
            with operation("privacy.expire", actor=OFFICER, stream=str(request.person_id)) as op:
                privacy.take_back(op, request_id=request.pk)
        elif request.status == DataRequest.Status.DONE:
            _sweep(request)
        elif request.kind == DataRequest.Kind.ACCESS:
            archives.build(request, actor=OFFICER)
        else:
            _erase(request, OFFICER)
    except privacy.StillNeeded:
        why = keeping.reasons(request.person, now=timezone.now())
        with operation("privacy.put_off", actor=OFFICER, stream=str(request.person_id)) as op:
            privacy.put_off(op, request_id=request.pk, reasons=why)
    except vault.PersonErased:
        with operation("privacy.withdraw", actor=OFFICER, stream=str(request.person_id)) as op:
            privacy.withdraw(op, request_id=request.pk)


@retried
def _erase(request: DataRequest, actor: Actor) -> DataRequest:
    erased = _erased(request.person)
    found = erasing.find(erased)
    with operation("person.erase", actor=actor, stream=str(request.person_id)) as op:
        done = privacy.erase(op, request_id=request.pk, erased=erased, found=found)
    _forget_pages()
    return done


@retried
def _sweep(request: DataRequest) -> None:
    erased = _erased(request.person)
    found = erasing.find(erased, again=True)
    until = (request.ended_at or timezone.now()) + timedelta(days=settings.RETAIN_NOTICES_DAYS) + LATE_MARGIN
    with operation("person.sweep", actor=OFFICER, stream=str(request.person_id)) as op:
        swept = privacy.sweep(op, request_id=request.pk, erased=erased, found=found, until=until)
    if swept:
        _forget_pages()


def _erased(person: Person) -> Erased:
    return Erased(
        person_id=person.pk, key_id=person.key_id, streams=tuple(keeping.streams_of(person)), since=person.created_at
    )


def _forget_pages() -> None:
    storage.sweep()
    residue.forget()


def _file() -> Path | None:
    return Path(settings.ERASURES_FILE) if settings.ERASURES_FILE else None


def _note(key_id: UUID, at: datetime | None) -> None:
    path = _file()
    if path is None:
        return
    line = json.dumps({"key": key_id.hex, "at": at.isoformat() if at else None})
    with path.open("a", encoding="ascii") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def _noted() -> Iterator[UUID]:
    path = _file()
    if path is None or not path.is_file():
        return
    with path.open(encoding="ascii") as file:
        for line in file:
            try:
                yield UUID(hex=json.loads(line)["key"])
            except (ValueError, KeyError, TypeError):
                log.exception("erasures_file.unreadable", path=str(path))
