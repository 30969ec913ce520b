"""The events of the log as rows, in its order (A4, A21, A22).

What an app told is in it as on `GET /api/v1/events`: the people of it in full in a file that may hold them, masked in another. What
is sealed of our own events is in none.
Columns are fetched, not objects: a million events go through here.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast
from rest_framework.exceptions import ValidationError

from timeline import ingest, search, vault
from timeline.endpoints.operations import KIND
from timeline.errors import BadRequest
from timeline.exports import ours
from timeline.exports.filters import OneOrMany, PeriodFilters, Word, period_of
from timeline.exports.sources import Batch, Column, Source, register
from timeline.ids import dashed, uuid7
from timeline.models import Event, Target
from timeline.vocabulary import APP

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from django.db.models import QuerySet

    from timeline.exports.sources import Asked

WINDOW_PLACES = 5_000

COLUMNS = (
    Column("position", "whole"), Column("id"), Column("recorded_at", "time"), Column("occurred_at", "time"), Column("action"),
    Column("kind"), Column("app"), Column("resource"), Column("resource_id"), Column("stream"), Column("stream_seq", "whole"),
    Column("from_state"), Column("to_state"), Column("amount_minor", "whole"), Column("currency"), Column("actor_id"),
    Column("actor_type"), Column("actor_name"), Column("recorded_by_id"), Column("recorded_by_type"), Column("recorded_by_name"),
    Column("session_id"), Column("request_id"), Column("channel"), Column("targets", "json"), Column("metadata", "json"),
    Column("leaf_hash"),
)
_FETCHED = (
    "id", "position", "leaf_hash", "recorded_at", "occurred_at", "kind", "subject_type", "subject_id", "stream", "stream_seq",
    "from_state", "to_state", "actor_id", "actor_type", "actor_name", "session_id", "request_id", "channel",
)


class Action(Word):
    """`order.placed`, `order.*`, or `*`."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse what could fit nothing."""
        text = super().to_internal_value(data)
        if not KIND.fullmatch(text):
            raise ValidationError("Dotted words such as order.placed, or order.*, or *.", code="invalid")
        return text


class ActorId(Word):
    """The id of who acted. Addresses are sealed, so they find nothing and are not kept here."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse an address."""
        text = super().to_internal_value(data)
        if "@" in text:
            raise ValidationError("An id is required, not an address.", code="invalid")
        return text


class EventFilters(PeriodFilters):
    """Which events; times are those of their recording."""

    action = OneOrMany(child=Action(), required=False, help_text="`order.*` is all of a resource; one, or a list.")
    actor = ActorId(required=False)
    actor_type = Word(required=False)
    resource = Word(required=False)
    resource_id = Word(required=False)
    target = OneOrMany(child=Word(max_length=130), required=False, help_text="`type:id`; several must all be named.")
    session = Word(required=False)

    @classmethod
    def plain(cls, data: Any) -> dict[str, Any]:
        """As of every source; a target is `type:id`."""
        kept = super().plain(data)
        if any(not all(text.partition(":")[::2]) for text in kept.get("target", ())):
            raise BadRequest(errors=[("#/target", "type:id is required.")])
        return kept


def read(asked: Asked) -> Generator[Batch, None, None]:
    """The events, some thousand places of the log at a time: three statements for each, of which PostgreSQL needs two only for apps' events."""
    wanted = search.events(wish_of(asked.filters)).select_related(None).prefetch_related(None)
    is_straight = connection.vendor == "postgresql" and asked.cut_by == "position"
    for first in range(0, asked.cut, WINDOW_PLACES):
        here = wanted.filter(**asked.window(first, WINDOW_PLACES)).order_by(asked.cut_by)
        rows, unsealed = _rows(here.filter(kind__startswith=APP) if is_straight else here, shows_people=asked.is_personal)
        if is_straight:
            with contextlib.closing(ours.read(here.exclude(kind__startswith=APP))) as mine:
                for some in mine:
                    count = bisect_left(rows, some[-1][0], key=itemgetter(0))
                    yield Batch(first, sorted([*rows[:count], *some], key=itemgetter(0)) if count else some, unsealed=unsealed)
                    rows = rows[count:]
        yield Batch(min(first + WINDOW_PLACES, asked.cut), rows, unsealed=unsealed)


def _rows(wanted: QuerySet[Event], *, shows_people: bool) -> tuple[list[tuple[Any, ...]], bool]:
    """Rows put together from what the columns say, and whether a person's data was opened for them."""
    found = list(wanted.annotate(said=Cast("facts", TextField())).values_list(*_FETCHED, "said"))
    targets = _targets([row[0] for row in found])
    told = _told([row[0] for row in found if row[5].startswith(APP)])
    rows = [_row(row, targets[row[0]], told.get(row[0]), shows_people=shows_people) for row in found]
    return rows, any(personal for _, personal in told.values())


def wish_of(filters: dict[str, Any]) -> search.Wish:
    """The filters as `search` takes them."""
    after, before = period_of(filters)
    pairs = [text.partition(":")[::2] for text in filters.get("target", ())]
    return search.Wish(
        actions=filters.get("action", ()), actor=filters.get("actor", ""), actor_type=filters.get("actor_type", ""),
        resource=filters.get("resource", ""), resource_id=filters.get("resource_id", ""), targets=pairs,
        session=filters.get("session", ""), after=after, before=before,
    )


def _targets(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if ids:
        first, last = min(ids), max(ids)
        is_dense = last - first < 2 * len(ids)
        near: dict[str, Any] = {"event_id__gte": first, "event_id__lte": last} if is_dense else {"event_id__in": ids}
        for event_id, kind, target_id, name in (
            Target.objects.filter(**near).order_by("id").values_list("event_id", "type", "target_id", "name")
        ):
            found[event_id].append({"type": kind, "id": target_id, "name": name or None})
    return found


def _told(ids: Sequence[int]) -> dict[int, tuple[dict[str, Any], bool]]:
    """What is sealed of what apps told, and whether it is sealed under a person's key."""
    if not ids:
        return {}
    events = Event.objects.filter(pk__in=ids, sealed__isnull=False).select_related("person_key")
    found = ((event.pk, event.private(), event.person_key_id) for event in events.only("stream", "stream_seq", "sealed", "person_key"))
    return {pk: (sealed, key_id != vault.HOUSE) for pk, sealed, key_id in found if sealed is not None}


def _row(
    row: Sequence[Any], targets: list[dict[str, Any]], told: tuple[dict[str, Any], bool] | None, *, shows_people: bool
) -> tuple[Any, ...]:
    (_, position, leaf, recorded_at, occurred_at, kind, subject_type, subject_id, stream, stream_seq, from_state, to_state, actor_id,
     actor_type, actor_name, session_id, request_id, channel, said) = row
    facts, leaf = orjson.loads(said), bytes(leaf)
    if kind.startswith(APP):
        sealed = ingest.opened(facts, told[0] if told is not None else None, shows_people=shows_people)
        names = sealed.get("names", {})
        action, app, resource, resource_id = facts["action"], facts["app"], facts.get("resource"), facts.get("resource_id")
        who = (facts.get("actor_id") or sealed.get("actor_id"), facts["actor_type"], sealed.get("actor_name"))
        targets = [{**target, "name": target["name"] or names.get(target["id"])} for target in targets]
        metadata = sealed.get("metadata", {})
    else:
        action, app, resource, resource_id = kind, None, subject_type.rpartition(".")[2], dashed(subject_id)
        who, metadata = (actor_id, actor_type, actor_name or None), facts
    told_by_app = app is not None
    targets = [{**target, "id": ingest.shown_id(target["type"], target["id"], told=told_by_app)} for target in targets]
    amount, currency = ours.amount_of(metadata, told_by_app=told_by_app)
    return (
        position, str(uuid7(recorded_at, int.from_bytes(leaf[:10], "big"))), recorded_at, occurred_at, action, kind, app, resource,
        resource_id, stream, stream_seq, from_state or None, to_state or None, amount, currency, *who, actor_id, actor_type,
        actor_name or None, session_id or None, request_id or None, channel, targets, metadata, leaf.hex(),
    )


register(Source("events", "Events of the book", "events:read", COLUMNS, EventFilters, read, names_people=True))
