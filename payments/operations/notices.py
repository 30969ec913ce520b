"""What a gateway told us, kept before anything is done about it."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from django.db.models import F

from payments import notices
from payments.models import Notice
from timeline import vault

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation


def take_notice(op: Operation, *, provider: str, event_id: str, body: bytes, kind: str) -> Notice:
    """Keep a notice whose signature was checked, in a story of its own; it is acted on afterwards (exchanges).

    The body is sealed under the house key, for it carries people's data. The event id and the body are unique per provider:
    a repeat ends in IntegrityError (F17, F18).
    """
    spoken = notices.read(body)
    notice = Notice(
        id=op.new_id(),
        provider=provider,
        event_id=event_id,
        body_sha256=hashlib.sha256(body).digest(),
        kind=kind,
        entity_id=spoken.entity_id,
        sent_at=spoken.sent_at,
        received_at=op.now,
    )
    notice.sealed = vault.seal(vault.house_key(), context_of(notice), {"raw": base64.b64encode(body).decode()})
    op.open_stream(notice.stream)
    op.record(notice, "notice.taken", stream=notice.stream, facts={"provider": provider, "notice_kind": kind})
    notice.save(force_insert=True)
    return notice


def repeat_notice(op: Operation, *, notice_id: UUID) -> None:
    """Count that the notice came again; it is the same one, so nothing is recorded (F17, F18)."""
    del op  # the capability: only an operation may write
    Notice.objects.filter(pk=notice_id).update(repeats=F("repeats") + 1)


def handle_notice(op: Operation, *, notice_id: UUID) -> None:
    """Note that the notice was acted on."""
    Notice.objects.filter(pk=notice_id, handled_at=None).update(handled_at=op.now)


def body_of(notice: Notice) -> bytes:
    """The raw body as it came; empty once a person it spoke of was erased."""
    if not notice.sealed:
        return b""
    data = vault.unseal(vault.house_key(), context_of(notice), bytes(notice.sealed))
    return base64.b64decode(data["raw"]) if data else b""


def context_of(notice: Notice) -> str:
    """What binds the ciphertext to its row."""
    return f"notice:{notice.id}"
