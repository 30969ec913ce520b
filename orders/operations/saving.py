"""Keep a view of the list of orders under a name, change it, drop it, and say when too many orders are in it.

The events of a view that is not shared say neither its name nor its search, for all of the staff read the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders import locks
from orders.models import SavedView
from timeline.errors import Forbidden, Refused

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.actors import Actor
    from timeline.operations import Operation

VIEWS_MAX = 50


class ViewNameTaken(Refused):
    """You have a view of this name already."""


class TooManyViews(Refused):
    """You have as many views as one may have; drop one first."""


class NotYourView(Forbidden):
    """Only the one who saved this view changes it; save one of your own."""


def save(op: Operation, **words: Any) -> SavedView:
    """Keep a view for who acts: its name, search, sort, and what else the row has. Raises ViewNameTaken, TooManyViews."""
    view = SavedView(
        id=op.new_id(), owner_type=op.actor.type, owner_id=op.actor.id, owner_name=op.actor.name, created_at=op.now,
        updated_at=op.now, **words,
    )
    op.open_stream(view.story)
    if SavedView.objects.filter(owner_type=op.actor.type, owner_id=op.actor.id).count() >= VIEWS_MAX:
        raise TooManyViews
    _require_name(view)

    op.record(view, "saved_view.added", stream=view.story, facts=_facts(view))
    view.save(force_insert=True)
    return view


def change(op: Operation, *, view_id: UUID, **words: Any) -> SavedView:
    """Change what is named; a new search or threshold is watched from the start. Raises Missing, NotYourView, ViewNameTaken."""
    view = _own(op, view_id)
    for column, value in words.items():
        setattr(view, column, value)
    _require_name(view)
    if {"q", "threshold", "for_minutes"} & words.keys():
        view.over_since = view.alerted_at = view.checked_at = None
    view.updated_at = op.now

    op.record(view, "saved_view.changed", stream=view.story, facts={**_facts(view), "changed": sorted(words)})
    view.save()
    return view


def drop(op: Operation, *, view_id: UUID) -> None:
    """Drop it. Raises Missing, NotYourView."""
    view = _own(op, view_id)
    op.record(view, "saved_view.removed", stream=view.story, facts=_facts(view))
    SavedView.objects.filter(pk=view.pk).delete()


def watch(op: Operation, *, view_id: UUID, count: int) -> SavedView:
    """What a count means: above for long enough is told once, and once more when it is over. A repeat tells nothing. Raises Missing."""
    view = locks.saved_view(view_id)
    op.open_stream(view.story)
    view.checked_at = op.now
    if view.threshold is None or count <= view.threshold:
        if view.alerted_at is not None:
            op.record(view, "saved_view.recovered", stream=view.story, facts={**_facts(view), "count": count})
        view.over_since = view.alerted_at = None
    else:
        view.over_since = view.over_since or op.now
        if view.alerted_at is None and (op.now - view.over_since).total_seconds() >= view.for_minutes * 60:
            view.alerted_at = op.now
            op.record(view, "saved_view.alerted", stream=view.story, facts={**_facts(view), "count": count})
    view.save(update_fields=["checked_at", "over_since", "alerted_at"])
    return view


def _own(op: Operation, view_id: UUID) -> SavedView:
    """The view, when it is of who acts. Raises Missing for a private one of somebody else, NotYourView for a shared one."""
    view = locks.saved_view(view_id, seen_by=op.actor)
    if not is_of(view, op.actor):
        raise NotYourView
    op.open_stream(view.story)
    return view


def is_of(view: SavedView, actor: Actor) -> bool:
    """Whether it is the actor's own."""
    return (view.owner_type, view.owner_id) == (actor.type, actor.id)


def _require_name(view: SavedView) -> None:
    others = SavedView.objects.filter(owner_type=view.owner_type, owner_id=view.owner_id, name=view.name)
    if others.exclude(pk=view.pk).exists():
        raise ViewNameTaken


def _facts(view: SavedView) -> dict[str, Any]:
    words = {"view": view.name, "q": view.q, "sort": view.sort} if view.is_shared else {}
    return {**words, "is_shared": view.is_shared, "threshold": view.threshold, "for_minutes": view.for_minutes}
