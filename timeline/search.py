"""Which events: by actor, action with a wildcard, resource, target, session, time and text (A21, A28)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from timeline.ingest import known_as, stories_of, story_of
from timeline.models import Event, Target
from timeline.vocabulary import APP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is looked for; what is empty is not asked. Actions end in `.*` for all of a resource; `*` is everything."""

    actions: Sequence[str] = ()
    actor: str = ""
    actor_type: str = ""
    resource: str = ""
    resource_id: str = ""
    targets: Sequence[tuple[str, str]] = ()
    session: str = ""
    after: datetime | None = None
    before: datetime | None = None
    text: str = ""


def events(wish: Wish) -> QuerySet[Event]:
    """The events, to be ordered and paged by the caller: one statement, with their keys."""
    found = Event.objects.select_related("person_key").prefetch_related("targets")
    if wish.actions and "*" not in wish.actions:
        found = found.filter(_any(_action(action) for action in wish.actions))
    if wish.actor:
        found = found.filter(Q(actor_id=wish.actor) | _about("actor", *_ids("customer" if "@" in wish.actor else "", wish.actor)))
    if wish.actor_type:
        found = found.filter(Q(actor_type=wish.actor_type) | Q(kind__startswith=APP, facts__actor_type=wish.actor_type))
    if wish.resource_id:
        found = found.filter(_resource(wish.resource, wish.resource_id))
    elif wish.resource:
        found = found.filter(Exists(Target.objects.filter(event=OuterRef("pk"), type=wish.resource)))
    for kind, id_ in wish.targets:
        found = found.filter(_about(kind, *_ids(kind, id_)))
    if wish.session:
        found = found.filter(session_id=wish.session)
    if wish.after is not None:
        found = found.filter(recorded_at__gte=wish.after)
    if wish.before is not None:
        found = found.filter(recorded_at__lt=wish.before)
    if wish.text:
        named = Target.objects.filter(event=OuterRef("pk")).filter(Q(name__icontains=wish.text) | Q(target_id=wish.text))
        found = found.filter(Q(kind__icontains=wish.text) | Q(actor_name__icontains=wish.text) | Exists(named))
    return found


def _action(action: str) -> Q:
    """`order.*` is every event of that resource, ours and what apps told of it; `app.*` is all that apps told."""
    if action.endswith(".*"):
        stem = action[:-1]
        return Q(kind__startswith=stem) | Q(kind__startswith=f"{APP}{stem}")
    return Q(kind=action) | Q(kind=f"{APP}{action}")


def _resource(resource: str, resource_id: str) -> Q:
    """A resource of ours is its whole story and whatever else names it; another is what names it. Without a type: whichever is named so."""
    if not resource:
        whole = (Q(stream=story.stream) | _about(story.type, story.id) for story in stories_of(resource_id))
        return _any([_about("", known_as(resource_id)), *whole])
    story = story_of(resource, resource_id)
    if story is None:
        return _about(resource, known_as(resource_id))
    return Q(stream=story.stream) | _about(story.type, story.id)


def _ids(kind: str, id_: str) -> list[str]:
    """The ids under which the timeline may have kept this one: as it is told, and that of a resource of ours which is named so."""
    story = story_of(kind, id_)
    return [known_as(id_), *([story.id] if story is not None else [])]


def _about(kind: str, *names: str) -> Q:
    """Target ids of ours are kept as 32 hex digits."""
    ids = {form for name in names for form in (name, name.replace("-", ""))}
    found = Target.objects.filter(event=OuterRef("pk"), target_id__in=ids)
    return Q(Exists(found.filter(type=kind) if kind else found))


def _any(conditions: Iterable[Q]) -> Q:
    found = Q()
    for condition in conditions:
        found |= condition
    return found
