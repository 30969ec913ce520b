"""Invented customers, many at once, each with a key of their own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from config.seeding import rows
from config.seeding.patterns import SEEDER
from config.seeding.words import plain
from orders.models import Person, PersonToken
from orders.operations import people
from timeline import ids, vault
from timeline.models import Event, Stream, SubjectKey, Target
from timeline.operations import canonical_bytes

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

FIRST = ["Aarav", "Aditi", "Akash", "Amit", "Ananya", "Anil", "Anjali", "Arjun", "Asha", "Bhavna", "Chetan", "Deepa", "Devika", "Dinesh", "Farhan", "Gauri", "Harish", "Isha", "Jaya", "Kabir", "Kavya", "Kiran", "Lakshmi", "Manoj", "Meera", "Mohan", "Nandini", "Neha", "Nikhil", "Pooja", "Pradeep", "Priya", "Rahul", "Rajesh", "Ravi", "Rekha", "Rohan", "Sanjay", "Sara", "Shreya", "Sunil", "Tara", "Uma", "Varun", "Vikram", "Yash", "Zoya", "मीरा", "राहुल", "प्रिया"]
LAST = ["Agarwal", "Banerjee", "Bose", "Chopra", "Das", "Desai", "Deshmukh", "Gupta", "Iyer", "Jain", "Joshi", "Kapoor", "Kaur", "Khan", "Kulkarni", "Kumar", "Mehta", "Menon", "Mishra", "Mukherjee", "Nair", "Naidu", "Patel", "Patil", "Pillai", "Rao", "Reddy", "Roy", "Shah", "Sharma", "Shetty", "Singh", "Sinha", "Thomas", "Varma", "Yadav", "शर्मा", "अय्यर"]
_EVENT = (
    "id", "stream", "stream_seq", "kind", "subject_type", "subject_id", "from_state", "to_state", "facts", "sealed", "person_key_id", "public",
    "channel", "operation_id", "operation", "actor_type", "actor_id", "actor_name", "session_id", "request_id", "occurred_at", "recorded_at",
    "source_key", "canonical", "leaf_hash",
)


@dataclass(frozen=True, slots=True)
class Face:
    """One invented customer."""

    person_id: UUID
    key: SubjectKey
    name: str
    email: str
    phone: str
    place: int


def gather(count: int, chance: random.Random, since: datetime) -> list[Face]:
    """So many new customers since then, written down with all that belongs to them."""
    faces = [_face(chance, since) for _ in range(count)]
    at = rows.time_text(plain(since))
    events = [_added(face, since, pk) for face, pk in zip(faces, rows.event_ids(count), strict=True)]
    rows.put(Stream, ("stream", "seq", "at"), [(str(face.person_id), 1, at) for face in faces])
    rows.put(
        SubjectKey, ("id", "wrapped", "master_id", "created_at"),
        [(_id(face.key.pk), rows.blob(bytes(face.key.wrapped)), face.key.master_id, at) for face in faces],
    )
    rows.put(Event, _EVENT, [_row(event, at) for event in events])
    rows.put(Target, ("event_id", "type", "target_id", "name"), [(event.pk, "person", event.subject_id, "") for event in events])
    rows.put(
        Person, ("id", "key_id", "kind", "sealed", "created_at"),
        [(_id(face.person_id), _id(face.key.pk), "customer", rows.blob(_sealed(face)), at) for face in faces],
    )
    tokens = [(face, token) for face in faces for token in people.tokens({"name": face.name, "email": face.email, "phone": face.phone})]
    rows.put(PersonToken, ("person_id", "kind", "token"), [(_id(face.person_id), kind, rows.blob(token)) for face, (kind, token) in tokens])
    return faces


def _face(chance: random.Random, since: datetime) -> Face:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    local = f"{first}.{last}".lower() if first.isascii() and last.isascii() else "customer"
    person_id = ids.uuid7(since)
    return Face(
        person_id, SubjectKey(**vault.fresh(ids.uuid7(since)), created_at=since), f"{first} {last}", f"{local}.{person_id.hex[-9:]}@example.in",
        f"+91{chance.randrange(7_000_000_000, 10_000_000_000)}", chance.randrange(6),
    )


def _sealed(face: Face) -> bytes:
    return Person(pk=face.person_id, key=face.key).seal_profile({"name": face.name, "email": face.email, "phone": face.phone})


def _added(face: Face, at: datetime, pk: int) -> Event:
    event = Event(
        pk=pk, stream=str(face.person_id), stream_seq=1, kind="person.added", subject_type="orders.person", subject_id=face.person_id.hex,
        facts={"kind": "customer"}, channel=SEEDER.channel, operation_id=ids.uuid7(at), operation="seed.person", actor_type=SEEDER.type,
        actor_id=SEEDER.id, actor_name=SEEDER.name, occurred_at=at, recorded_at=at,
    )
    event.canonical = canonical_bytes(event, [("person", event.subject_id, "")])
    event.leaf_hash = hashlib.sha256(b"\0" + event.canonical).digest()
    return event


def _row(event: Event, at: str) -> Sequence[Any]:
    own = {
        "facts": '{"kind": "customer"}', "operation_id": _id(event.operation_id), "occurred_at": at, "recorded_at": at, "public": False,
        "sealed": rows.null(), "person_key_id": rows.null(), "source_key": rows.null(), "canonical": rows.blob(bytes(event.canonical)),
        "leaf_hash": rows.blob(bytes(event.leaf_hash)),
    }
    return [own.get(name, getattr(event, name, None)) for name in _EVENT]


def _id(pk: UUID) -> str:
    return rows.id_text(pk)
