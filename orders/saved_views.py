"""Reads of saved views: whose one sees, how many orders are in each, and the watch over those with a threshold (B89).

Note [Me in a view]
    `assignee:me` is kept as it was typed and said by name whenever the view is read: a shared view shows each of the staff
    their own orders. A watched one is counted for its owner, who is told. For a program there is no `me`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import F, Q

from orders import finding, grammar, searching
from orders.models import SavedView
from orders.operations import saving
from orders.searching import OrderSearch
from timeline import kept
from timeline.actors import STAFF, system
from timeline.errors import BadRequest, Missing
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from timeline.actors import Actor

COUNT_CAP = 1000
COUNT_SECONDS = 15
SHOWN_MAX = 12
THRESHOLD_MAX, MINUTES_MAX = 100_000, 7 * 24 * 60
WATCH_EVERY = timedelta(seconds=30)
WATCHED_AT_ONCE = 50
SYSTEM = system("views")


@dataclass(frozen=True, slots=True)
class Counted:
    """A view and how many orders are in it; `is_capped` when there are more."""

    view: SavedView
    count: int
    is_capped: bool


def seen_by(actor: Actor) -> QuerySet[SavedView]:
    """One's own views and the shared ones, by name."""
    return SavedView.objects.filter(Q(is_shared=True) | Q(owner_type=actor.type, owner_id=actor.id)).order_by("name", "id")


def one(text: str | UUID, *, actor: Actor) -> SavedView:
    """The view of this id. Raises Missing, also for a private one of somebody else."""
    found = seen_by(actor).filter(pk=text).first() if isinstance(text, UUID) or finding.is_id(text) else None
    if found is None:
        raise Missing
    return found


def checked(q: str, *, reader: str | None, pointer: str = "#/q") -> str:
    """The search of a view, understood and naming nobody, for it is kept in the clear. Raises BadRequest.

    `reader` is the user name of who keeps it, None for a program.
    """
    try:
        finding.names_nobody(finding.parse(q), keeps_me=True)
        finding.spoken_by(q, reader)
    except grammar.NotUnderstood as error:
        raise BadRequest("The search is not understood.", errors=[(pointer, str(error))]) from error
    return q.strip()


def counted(views: list[SavedView], *, reader: str | None) -> list[Counted]:
    """How many are in each for who reads them (a user name, None for a program; Note [Me in a view]), counted up to 1,000.

    Once for everybody who sees the same until something is written. One statement, and one more for each that is new.
    """
    version = kept.shop_version() if views else ""
    found = []
    for view in views:
        q = _for(view, reader)
        raw = kept.answer("view_count", audience="staff", version=version, about=q, lifetime_s=COUNT_SECONDS, make=partial(_said, q))
        count = int(raw)
        found.append(Counted(view, min(count, COUNT_CAP), count > COUNT_CAP))
    return found


def watch_due(now: datetime) -> int:
    """Count the watched views whose turn has come, and say what that means; returns how many were counted."""
    due = SavedView.objects.filter(threshold__isnull=False).filter(Q(checked_at=None) | Q(checked_at__lte=now - WATCH_EVERY))
    rows = list(due.order_by(F("checked_at").asc(nulls_first=True), "id")[:WATCHED_AT_ONCE])
    for view in rows:
        _watch(view, _count(for_owner(view), int(view.threshold or 0)))
    return len(rows)


def for_owner(view: SavedView) -> str | None:
    """What it finds for its owner, in words that find the same for anybody; None where it finds nothing. At most one statement."""
    if not any(map(finding.says_me, _terms(view.q))):
        return view.q
    staff = get_user_model().objects.filter(pk=view.owner_id, is_active=True) if view.owner_type == STAFF else None
    return _for(view, staff.values_list("username", flat=True).first() if staff is not None else None)


@retried
def _watch(view: SavedView, count: int) -> None:
    try:
        with operation("saved_view.watch", actor=SYSTEM) as op:
            saving.watch(op, view_id=view.pk, count=count)
    except Missing:
        return  # dropped meanwhile


def _for(view: SavedView, reader: str | None) -> str | None:
    """Note [Me in a view]. None for a search that finds nothing: it needs somebody who is signed in, or is understood no longer."""
    try:
        return finding.spoken_by(view.q, reader)
    except grammar.NotUnderstood:
        return None


def _terms(q: str) -> tuple[grammar.Term, ...]:
    try:
        return finding.parse(q)
    except grammar.NotUnderstood:
        return ()


def _said(q: str | None) -> bytes:
    return str(_count(q, COUNT_CAP)).encode()


def _count(q: str | None, cap: int) -> int:
    """Up to one more than the cap."""
    try:
        wanted = None if q is None else finding.matching(finding.parse(q))
    except grammar.NotUnderstood:
        wanted = None
    return 0 if wanted is None else searching.search(OrderSearch(extra=wanted)).order_by()[: cap + 1].count()
