"""Events told by outside apps: they stand on the timeline beside ours, and never pass for ours.

Note [Told, not known]
    What an app tells is recorded as `app.<action>`, by the API client as the actor. Kinds of our own never begin with
    `app.`, so `order.shipped` told by a warehouse's program moves nothing and is shown as its word. Whom the app names as
    the actor is a fact of the event and one of its targets.

Note [The same event twice]
    An event's own key (`idempotencyKey`) makes it one for ever, per client. Without a key, one that says when it occurred
    is known by all it says; one that does not is known so for five minutes, the time in which somebody repeats a call.

What an app says in `metadata` may be personal, so it is sealed: with the key of the person whose story it is or who is one of
its targets, else with the house's. Names of actors and of whatever is not known to be a thing go with it. An id that is an
e-mail address stands on the timeline as a keyed hash of it, by which it is still found; what an event says is known again by a
keyed hash, too, so that nobody who guesses the words can confirm them after an erasure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
from django.db import IntegrityError

from timeline import sight, vault
from timeline.actors import API_CLIENT, Actor
from timeline.errors import Invalid, KeyReused
from timeline.ids import dashed
from timeline.models import Event
from timeline.operations import operation
from timeline.retries import retried
from timeline.vocabulary import APP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from timeline.models import ApiClient, SubjectKey

BATCH_EVENTS_MAX = 100
REPEAT_MINUTES = 5
CLOCK_DRIFT_MAX = timedelta(minutes=5)
# Whose names stand in the clear, as the catalogue's and the warehouses' do. Whatever else has a name may be somebody.
THINGS = frozenset({
    "item", "sku", "product", "variant", "category", "collection", "bundle", "order", "cart", "checkout", "line", "payment", "refund",
    "return", "invoice", "coupon", "discount", "campaign", "shipment", "parcel", "package", "label", "manifest", "carrier", "service",
    "warehouse", "station", "bin", "shelf", "store", "channel", "device", "file", "export", "system",
})
SERVICES = frozenset({"system", "service", "app", "api_client"})
ACTION = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+", re.ASCII)
ACTION_CHARS_MAX = 56
_RECORDERS = ("apiclient", API_CLIENT)
QUEUED, DUPLICATE = "queued", "duplicate"


class ToldAhead(Invalid):
    """What has occurred has not occurred later than now."""


@dataclass(frozen=True, slots=True)
class Story:
    """Where a resource's events stand, and under whose key what is personal is sealed."""

    stream: str
    type: str
    id: str
    key: SubjectKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event as an app tells it (A6–A11). Ids are the app's own words."""

    action: str
    actor_id: str
    actor_type: str = "system"
    actor_name: str = ""
    resource: str = ""
    resource_id: str = ""
    targets: Sequence[tuple[str, str, str]] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    session_id: str = ""
    idempotency_key: str = ""
    occurred_at: datetime | None = None

    def digest(self) -> str:
        """What it says, as a keyed hash in hex: equal words give equal digests, and nothing else can be learnt from one."""
        said = [
            self.action, self.actor_id, self.actor_type, self.actor_name, self.resource, self.resource_id,
            [list(target) for target in self.targets], self.metadata, self.session_id,
            self.occurred_at.isoformat() if self.occurred_at else "",
        ]
        return vault.blind("said", orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()).hex()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it: the event's public id, and whether it is new."""

    id: str
    status: str


Find = Callable[[Sequence[str]], Mapping[str, Story]]
_FINDERS: dict[str, Find] = {}


def register(resource: str, find: Find) -> None:
    """Tell how resources of this type are found, many at once, by the words apps name them with. Higher apps call it as they start."""
    _FINDERS[resource] = find


def take(told: Told, *, client: ApiClient, now: datetime, request_id: str = "") -> Receipt:
    """Record what an app tells, once. Raises `ToldAhead`, `KeyReused` for a known key with other words."""
    if told.occurred_at is not None and told.occurred_at > now + CLOCK_DRIFT_MAX:
        raise ToldAhead(errors=[("#/occurredAt", "This moment is yet to come.")])
    keys = _source_keys(told, client, now)
    known = _known(told, keys)
    if known is not None:
        return known
    try:
        return Receipt(_record(told, client, keys[0], request_id).public_id, QUEUED)
    except IntegrityError:
        known = _known(told, keys)  # the twin came first
        if known is None:
            raise
        return known


@retried
def _record(told: Told, client: ApiClient, source_key: str, request_id: str) -> Event:
    story = story_of(told.resource, told.resource_id) or Story(_own_stream(told, client), told.resource, known_as(told.resource_id))
    who = Actor(
        type=API_CLIENT, id=str(client.pk), name=client.name, channel="ingest", session_id=told.session_id, request_id=request_id
    )
    stories = _stories([(kind, id_) for kind, id_, _ in told.targets])
    is_address = "@" in told.actor_id
    named = [
        *((kind, kept_as(id_, stories.get((kind, id_))), name) for kind, id_, name in told.targets),
        *([(story.type, story.id, "")] if story.id else []),
        ("actor", kept_as(told.actor_id, story_of("customer", told.actor_id) if is_address else None), ""),
    ]
    private = {
        "metadata": told.metadata,
        "actor_name": told.actor_name,
        "actor_id": told.actor_id if is_address else "",
        "names": {id_: name for kind, id_, name in named if kind not in THINGS and name},
        "ids": [id_ for id_ in (told.resource_id, *(id_ for _, id_, _ in told.targets)) if "@" in id_],
    }
    with operation("event.ingest", actor=who, stream=story.stream) as op:
        return op.record(
            client, f"{APP}{told.action}", occurred_at=told.occurred_at, source_key=source_key,
            person=story.key or _key_of(stories.values()), targets=_once(named),
            facts={
                "app": client.name, "action": told.action, "resource": told.resource or None,
                "resource_id": (dashed(story.id) if "@" in told.resource_id else told.resource_id) or None,
                "actor_id": None if is_address else told.actor_id, "actor_type": told.actor_type, "digest": told.digest(),
            },
            private={name: value for name, value in private.items() if value} or None,
        )


def _once(named: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Each resource as one target, in the order in which they are named; only things keep their names in the clear."""
    found: dict[tuple[str, str], str] = {}
    for kind, id_, name in named:
        found[kind, id_] = found.get((kind, id_)) or (name if kind in THINGS else "")
    return [(*about, name) for about, name in found.items()]


def _stories(named: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Story]:
    """The stories of ours among these resources, in their order: so many statements a type, however many there are."""
    words: dict[str, list[str]] = {}
    for kind, id_ in named:
        if kind in _FINDERS:
            words.setdefault(kind, []).append(id_)
    found = {(kind, id_): story for kind, ids in words.items() for id_, story in _FINDERS[kind](ids).items()}
    return {about: found[about] for about in named if about in found}


def _key_of(stories: Iterable[Story]) -> SubjectKey | None:
    """The key of the first person among the targets whom we know; one that is destroyed only where there is no other, and is refused then."""
    keys = [story.key for story in stories if story.key is not None]
    return next(filter(vault.is_alive, keys), keys[0] if keys else None)


def opened(facts: Mapping[str, Any], sealed: Mapping[str, Any] | None, *, shows_people: bool) -> dict[str, Any]:
    """What of a told event is sealed, as its reader sees it: names, an address that acted, and the app's own words."""
    words = dict(sealed or {})
    if shows_people:
        return words
    is_service = facts["actor_type"] in SERVICES
    masked = sight.masked({"name": words.get("actor_name"), "email": words.get("actor_id"), "names": words.get("names", {})})
    return {
        **words, "metadata": sight.masked(words.get("metadata", {})), "actor_id": masked["email"], "names": masked["names"],
        "actor_name": words.get("actor_name") if is_service else masked["name"], "ids": [],
    }


def story_of(resource: str, resource_id: str) -> Story | None:
    """The story of a resource of ours; None for one we do not know."""
    return _stories([(resource, resource_id)]).get((resource, resource_id)) if resource_id else None


def stories_of(resource_id: str) -> list[Story]:
    """The stories of ours that are named so, of whatever type."""
    found = (story_of(resource, resource_id) for resource in sorted(_FINDERS))
    return [story for story in found if story is not None]


def kept_as(id_: str, story: Story | None) -> str:
    """The id under which the timeline keeps a target: a resource of ours by its own id, whichever of its names was told (A2)."""
    return known_as(story.id if story is not None else id_)


def shown_id(kind: str, id_: str, *, told: bool) -> str:
    """A target's id as it is written outside: ours with hyphens; one of an app's own stays as the app told it."""
    return dashed(id_) if not told or kind in _FINDERS or kind in _RECORDERS else id_


def known_as(id_: str) -> str:
    """The id as the timeline keeps it: an e-mail address as a keyed hash."""
    return f"~{vault.blind('told', id_.casefold()).hex()}" if "@" in id_ else id_


def _source_keys(told: Told, client: ApiClient, now: datetime) -> list[str]:
    """The keys under which the event would be known; the first is the one it gets. Note [The same event twice]."""
    if told.idempotency_key:
        return [f"{client.pk.hex}:k:{told.idempotency_key}"]
    said = told.digest()
    if told.occurred_at is not None:
        return [f"{client.pk.hex}:d:{said}"]
    window = int(now.timestamp()) // (REPEAT_MINUTES * 60)
    return [f"{client.pk.hex}:w:{window}:{said}", f"{client.pk.hex}:w:{window - 1}:{said}"]


def _known(told: Told, keys: Sequence[str]) -> Receipt | None:
    event = Event.objects.filter(source_key__in=keys).order_by("id").first()
    if event is None:
        return None
    if event.facts.get("digest") != told.digest():
        raise KeyReused(errors=[("#/idempotencyKey", "This key was used for another event.")])
    return Receipt(event.public_id, DUPLICATE)


def _own_stream(told: Told, client: ApiClient) -> str:
    """A story of the app's own for what we do not know: one a resource."""
    words = f"{client.pk.hex}\0{told.resource}\0{known_as(told.resource_id)}"
    return f"app:{hashlib.sha256(words.encode()).hexdigest()[:40]}"
