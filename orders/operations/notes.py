"""Notes: an activity is a note and a note is an event (E4, E7); its text is sealed under the customer's key.

Nothing that was written is changed: a note is corrected, or taken back, by a further entry of the one who wrote it, and a
system entry by nobody (E10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orders import locks
from orders.operations import mentions
from timeline import queries as stories
from timeline.errors import Forbidden, Missing, Refused
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from orders.models import Order
    from timeline.operations import Operation

ADDED, EDITED, RETRACTED = "note.added", "note.edited", "note.retracted"
KINDS = (ADDED, EDITED, RETRACTED)


class SystemEntry(Refused):
    """System entries are never changed or deleted; add a note that says what is to be said about it."""


class NotYourNote(Forbidden):
    """Only the one who wrote a note corrects it or takes it back; add a note of your own."""


class NoteRetracted(Refused):
    """This note was taken back; add another one."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a note: the entry that took its place, and whether it was taken back in the end."""

    replaced_by: str | None
    is_retracted: bool


def add(op: Operation, *, order_id: UUID, note: str, is_public: bool = False) -> Event:
    """Write a note on the order, for staff alone or for the customer too. Colleagues it names as `@name` find it."""
    order = locks.order(order_id)

    return _write(op, order, ADDED, note=note, is_public=is_public)


def correct(op: Operation, *, order_id: UUID, entry_id: UUID, note: str) -> Event:
    """Say it otherwise, for the same readers. Raises Missing, SystemEntry, NotYourNote, NoteRetracted."""
    order = locks.order(order_id)
    first = _own(op, order, entry_id)

    return _write(op, order, EDITED, note=note, is_public=first.public, first=first)


def retract(op: Operation, *, order_id: UUID, entry_id: UUID) -> Event:
    """Take it back. Raises Missing, SystemEntry, NotYourNote, NoteRetracted."""
    order = locks.order(order_id)
    first = _own(op, order, entry_id)

    return op.record(
        order, RETRACTED, facts={"note_id": first.public_id, "visible": first.public}, public=first.public,
        targets=[("customer", order.person_id)],
    )


def fates(events: Iterable[Event]) -> dict[str, Fate]:
    """What became of each note among these events of one story, by the entry's id; needs all its notes, oldest first."""
    chains: dict[str, list[Event]] = {}
    for event in events:
        if event.kind in KINDS:
            chains.setdefault(str(event.facts.get("note_id") or event.public_id), []).append(event)
    found = {}
    for chain in chains.values():
        is_retracted = chain[-1].kind == RETRACTED
        followers = [event.public_id for event in chain[1:]]
        for event, follower in zip(chain, [*followers, None], strict=True):
            found[event.public_id] = Fate(follower, is_retracted and event.kind != RETRACTED)
    return found


def _write(op: Operation, order: Order, kind: str, *, note: str, is_public: bool, first: Event | None = None) -> Event:
    people = mentions.named(note)
    return op.record(
        order, kind, private={"note": note}, person=order.person.key, public=is_public,
        facts={
            "note_id": first.public_id if first is not None else None, "visible": is_public,
            "mentions": [str(user.pk) for user in people] or None,
        },
        targets=[("customer", order.person_id), *((mentions.TARGET, str(user.pk)) for user in people)],
    )


def _own(op: Operation, order: Order, entry_id: UUID) -> Event:
    """The note's first entry, which this actor wrote and which still stands."""
    named = stories.entry(str(order.pk), entry_id)
    if named is None:
        raise Missing
    if named.kind not in KINDS:
        raise SystemEntry
    first_id = str(named.facts.get("note_id") or named.public_id)
    said = list(Event.objects.filter(stream=str(order.pk), kind__in=KINDS).order_by("stream_seq"))
    chain = [event for event in said if first_id in (event.public_id, event.facts.get("note_id"))]
    first = chain[0]
    if (first.actor_type, first.actor_id) != (op.actor.type, op.actor.id):
        raise NotYourNote
    if chain[-1].kind == RETRACTED:
        raise NoteRetracted
    return first
