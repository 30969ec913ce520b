"""Run at most once: the receipt row is written first, in the same transaction as the effect."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import OperationalError, connection

from timeline import vault
from timeline.errors import InFlight, KeyReused, Refused, Replayed
from timeline.models import Receipt

if TYPE_CHECKING:
    from datetime import datetime

_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key as one caller sent it to one route: `scope` keeps callers apart (F15)."""

    scope: str
    key: str
    fingerprint: bytes


class AnswerErased(Refused):
    """This request was answered before; what the answer said was erased since, with the person it was about."""


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What the request asked for; the same key with another fingerprint is refused (F14)."""
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).digest()


def claim(key: Key, *, now: datetime) -> int:
    """Insert the receipt and return its id. The twin waits here until the first commits or rolls back.

    Raises `Replayed` with the stored answer, `KeyReused` (422) for another body, `InFlight` (409) when the first takes
    longer than the lock timeout.
    """
    table = Receipt._meta.db_table
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                f"INSERT INTO {table} (scope, key, fingerprint, headers, created_at) VALUES (%s, %s, %s, '{{}}', %s)"  # noqa: S608 a constant name
                " ON CONFLICT (scope, key) DO NOTHING RETURNING id",
                [key.scope, key.key, key.fingerprint, connection.ops.adapt_datetimefield_value(now)],
            )
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") == _LOCK_NOT_AVAILABLE:
                raise InFlight from error
            raise
        row = cursor.fetchone()
    if row is not None:
        return int(row[0])
    replay(Receipt.objects.get(scope=key.scope, key=key.key), key)
    raise InFlight


def replay(stored: Receipt, key: Key) -> None:
    """Give the stored answer again; return when there is none yet. Raises `Replayed`, `KeyReused`, `AnswerErased`."""
    if bytes(stored.fingerprint) != key.fingerprint:
        raise KeyReused
    if stored.status is None or stored.body is None:
        return
    if not stored.body:
        raise AnswerErased
    body = vault.uncloak(_context(stored.pk), bytes(stored.body))
    raise Replayed(status=stored.status, body=body, headers=dict(stored.headers))


def keep(receipt_id: int, *, status: int, body: bytes, headers: dict[str, str], stream: str) -> None:
    """Keep the answer with the receipt, cloaked."""
    cloaked = vault.cloak(_context(receipt_id), body)
    Receipt.objects.filter(pk=receipt_id).update(status=status, body=cloaked, headers=headers, stream=stream)


def erase(streams: list[str]) -> int:
    """Empty the answers about these stories; a repeat still does nothing twice. Returns how many."""
    return Receipt.objects.filter(stream__in=streams).exclude(body=b"").update(body=b"", headers={})


def _context(receipt_id: int) -> str:
    return f"receipt:{receipt_id}"
