"""The one door: every write of the system happens inside `operation(...)`.

Note [The book first]
    `record` inserts the event before the row it speaks of changes, so that the triggers of both engines can ask at
    once whether the newest event of the subject says exactly this step. What comes of the events is written at close
    (`timeline.closing`).
"""

from __future__ import annotations

import contextlib
import hashlib
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rfc8785
from django.db import connection, models, transaction
from django.utils import timezone

from timeline import closing, idempotency, ids, subscriptions, vault, watching
from timeline.errors import Invalid
from timeline.models import Event, Stream
from timeline.vocabulary import require_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from timeline.actors import Actor
    from timeline.models import SubjectKey

EVENT_BYTES_MAX = 256 * 1024  # twice the largest lawful one: a hundred lines with names of 200 letters in any script
TARGETS_MAX = 500
_PERSONAL = frozenset({"email", "phone", "name", "address", "line1", "line2", "gstin", "delivered_to", "note", "text"})
_LEAF = b"\x00"

_current: ContextVar[Operation | None] = ContextVar("operation", default=None)


class OperationRequired(RuntimeError):
    """A write was tried outside `operation(...)`. A programming error: never catch it."""


class OperationNested(RuntimeError):
    """Operations do not nest: pass `op` down instead."""


class PersonalFact(ValueError):
    """Facts are ids, amounts and codes; what is personal belongs into `private`."""


class EventTooLarge(Invalid):
    """What would be written into the book is larger than one event may be; say less at a time."""


class Operation:
    """The capability to write: who acts, in which story, at what time. Made by `operation` alone."""

    def __init__(self, name: str, *, actor: Actor, now: datetime) -> None:
        self.name = name
        self.actor = actor
        self.now = now
        self.id = ids.uuid7(now)
        self.advancing: models.Model | None = None
        self._id_bits: int | None = None
        self._streams: dict[str, int] = {}
        self._changed: set[str] = set()
        self._about: str | None = None
        self._receipt: int | None = None
        self._targets: list[tuple[Any, ...]] = []
        self._deliveries: list[tuple[Any, ...]] = []

    def new_id(self) -> UUID:
        """A UUIDv7 of this operation's time; one made later sorts later."""
        self._id_bits = ids.rising(self._id_bits)
        return ids.uuid7(self.now, self._id_bits)

    def open_stream(self, stream: str) -> None:
        """Lock a further story, or begin a new one. One statement: the upsert is the lock."""
        if stream in self._streams:
            return
        table = Stream._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (stream, seq, at) VALUES (%s, 0, %s)"  # noqa: S608 a constant name
                f" ON CONFLICT (stream) DO UPDATE SET seq = {table}.seq RETURNING seq",
                [stream, connection.ops.adapt_datetimefield_value(self.now)],
            )
            self._streams[stream] = int(cursor.fetchone()[0])

    @contextlib.contextmanager
    def about(self, stream: str) -> Iterator[None]:
        """While the block runs, what names no story is of this one, which is locked; for operations on several stories."""
        before, self._about = self._about, self._stream(stream)
        try:
            yield
        finally:
            self._about = before

    def version(self, stream: str | None = None) -> int:
        """How many events the story has now: the ETag of what it is about."""
        return self._streams[self._stream(stream)]

    def record(
        self,
        subject: models.Model,
        kind: str,
        *,
        stream: str | None = None,
        facts: Mapping[str, Any] | None = None,
        private: Mapping[str, Any] | None = None,
        person: SubjectKey | None = None,
        targets: Iterable[Sequence[Any]] = (),
        public: bool | None = None,
        occurred_at: datetime | None = None,
        source_key: str | None = None,
        from_state: str = "",
        to_state: str = "",
    ) -> Event:
        """Append one fact about `subject` to the story; Note [The book first].

        `facts` are ids, whole numbers and codes. `private` is sealed under `person`, or under the house key. A target is
        `(type, id)` or `(type, id, name)`; the subject is always one. Raises `PersonalFact`, `UnknownKind`,
        `EventTooLarge`.
        """
        word = require_known(kind)
        story = self._stream(stream)
        seq = self._streams[story] + 1
        plain = _plain(dict(facts or {}), path="facts")
        key = _sealer(person) if private else None
        event = Event(
            stream=story,
            stream_seq=seq,
            kind=kind,
            subject_type=subject._meta.label_lower,
            subject_id=_text_id(subject.pk),
            from_state=from_state,
            to_state=to_state,
            facts=plain,
            sealed=vault.seal(key, f"event:{story}:{seq}", _plain_private(private)) if private and key is not None else None,
            person_key=key,
            public=word.public if public is None else public,
            occurred_at=occurred_at or self.now,
            source_key=source_key,
            **self._who(),
        )
        about = _about(subject, [*targets, *([("api_client", self.actor.client)] if self.actor.client else [])])
        event.canonical = canonical_bytes(event, about)
        if len(event.canonical) > EVENT_BYTES_MAX:
            raise EventTooLarge(max_bytes=EVENT_BYTES_MAX)
        event.leaf_hash = hashlib.sha256(_LEAF + event.canonical).digest()
        event.save(force_insert=True)
        self._streams[story] = seq
        self._changed.add(story)
        self._targets += [(event.pk, *target) for target in about]
        self._deliveries += [(event.pk, story, subscriber.name) for subscriber in subscriptions.of_kind(kind)]
        return event

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Keep the answer for a repeat of the same request; without an idempotency key there is none to keep."""
        if self._receipt is not None:
            story = next(iter(self._streams), "")
            idempotency.keep(self._receipt, status=status, body=body, headers=headers or {}, stream=story)
            self._receipt = None

    def _who(self) -> dict[str, Any]:
        return {
            "channel": self.actor.channel,
            "operation_id": self.id,
            "operation": self.name,
            "actor_type": self.actor.type,
            "actor_id": self.actor.id,
            "actor_name": self.actor.name,
            "session_id": self.actor.session_id,
            "request_id": self.actor.request_id,
            "recorded_at": self.now,
        }

    def _stream(self, stream: str | None) -> str:
        if stream is None:
            if self._about is not None:
                return self._about
            if len(self._streams) != 1:
                message = f"{self.name}: name the stream, {len(self._streams)} are open"
                raise ValueError(message)
            return next(iter(self._streams))
        if stream not in self._streams:
            message = f"{self.name}: stream {stream} is not locked by this operation"
            raise OperationRequired(message)
        return stream

    def _open(self, streams: Sequence[str], key: idempotency.Key | None) -> None:
        if key is not None:
            self._receipt = idempotency.claim(key, now=self.now)
        for stream in sorted(set(streams)):
            self.open_stream(stream)

    def _close(self) -> None:
        if self._receipt is not None:
            message = f"{self.name}: an operation with an idempotency key must answer"
            raise RuntimeError(message)
        if self._changed:
            closing.write(
                streams={stream: self._streams[stream] for stream in sorted(self._changed)}, at=self.now,
                targets=self._targets, deliveries=self._deliveries,
            )


@contextlib.contextmanager
def operation(
    name: str, *, actor: Actor, stream: str | Sequence[str] | None = None, key: idempotency.Key | None = None
) -> Iterator[Operation]:
    """Open the one durable transaction, lock the story, and give the capability to write.

    With `key` the block runs at most once: a repeat raises `Replayed` with the first answer (see `idempotency.claim`
    for its refusals). Several streams are locked sorted. Raises `OperationNested` inside another operation.
    """
    inside = _current.get()
    if inside is not None:
        message = f"{name}: already inside {inside.name}; pass `op` down instead"
        raise OperationNested(message)
    op = Operation(name, actor=actor, now=timezone.now())
    streams = [] if stream is None else [stream] if isinstance(stream, str) else list(stream)
    token = _current.set(op)
    try:
        with watching.watched(name, actor=actor, streams=streams, touched=lambda: op._streams), transaction.atomic(durable=True):
            op._open(streams, key)
            yield op
            op._close()
    finally:
        _current.reset(token)


def is_writing() -> bool:
    """Whether this code runs inside an operation."""
    return _current.get() is not None


def current() -> Operation:
    """The operation this code runs in. Raises `OperationRequired` when there is none."""
    op = _current.get()
    if op is None:
        message = "a write was tried outside operation(...)"
        raise OperationRequired(message)
    return op


def canonical_bytes(event: Event, about: Sequence[tuple[str, str, str]]) -> bytes:
    """The RFC 8785 bytes the event commits to. Personal data enters as its ciphertext alone."""
    return rfc8785.dumps(
        {
            "v": 1,
            "stream": event.stream,
            "seq": event.stream_seq,
            "kind": event.kind,
            "subject": [event.subject_type, event.subject_id],
            "from": event.from_state,
            "to": event.to_state,
            "facts": event.facts,
            "sealed": bytes(event.sealed).hex() if event.sealed is not None else "",
            "key": event.person_key_id.hex if event.person_key_id else "",
            "public": event.public,
            "channel": event.channel,
            "operation": [str(event.operation_id), event.operation],
            "actor": [event.actor_type, event.actor_id, event.actor_name],
            "session": event.session_id,
            "request": event.request_id,
            "occurred": _moment(event.occurred_at),
            "recorded": _moment(event.recorded_at),
            "source": event.source_key or "",
            "targets": [list(item) for item in about],
        }
    )


def _sealer(person: SubjectKey | None) -> SubjectKey:
    """The key of what is private in an event: the house's where there is no person, or none any more."""
    return person if person is not None and vault.is_alive(person) else vault.house_key()


def _about(subject: models.Model, targets: Iterable[Sequence[Any]]) -> list[tuple[str, str, str]]:
    found = {(str(subject._meta.model_name), _text_id(subject.pk)): ""}
    for target in targets:
        kind, id_, *name = target
        found[str(kind), _text_id(id_)] = str(name[0]) if name else ""
    if len(found) > TARGETS_MAX:
        message = f"an event has at most {TARGETS_MAX} targets"
        raise ValueError(message)
    return [(kind, id_, name) for (kind, id_), name in found.items()]


def _text_id(value: Any) -> str:
    return value.hex if isinstance(value, UUID) else str(value)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain(value: Any, *, path: str) -> Any:
    """Facts as JSON whole numbers and texts; refuses floats and personal keys."""
    if isinstance(value, dict):
        personal = _PERSONAL & value.keys()
        if personal:
            message = f"{path}: {', '.join(sorted(personal))} is personal; use private="
            raise PersonalFact(message)
        return {str(k): _plain(v, path=f"{path}.{k}") for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, path=path) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | UUID):
        return str(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    message = f"{path}: a fact is text, a whole number, a time or an id, not {type(value).__name__}"
    raise TypeError(message)


def _plain_private(private: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in private.items() if value is not None}
