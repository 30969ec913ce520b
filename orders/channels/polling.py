"""Asking accounts for what changed: page by page, each page taken in and noted before the next is asked for.

Note [A poll's cursor]
    `since` is when the pass before began, less an overlap for clocks that differ; `mark` is the next page of this pass.
    Orders seen twice change nothing, so a crash repeats a page at most. A channel that limits us is asked again when it says.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from orders.channels import accounts, adapters, ingest, talking
from orders.channels.reading import moment, text
from orders.models import ChannelAccount
from timeline.actors import Actor
from timeline.operations import operation

if TYPE_CHECKING:
    from orders.channels.talking import Talk

FIRST_LOOK = timedelta(days=7)
OVERLAP = timedelta(minutes=2)
PAGES_MAX = 20
AFTER_TROUBLE_SECONDS = 300


def poll_due(now: datetime) -> int:
    """Poll each account that is due; returns how many."""
    due = list(ChannelAccount.objects.filter(is_active=True, poll_due_at__lte=now).order_by("poll_due_at")[:PAGES_MAX])
    for account in due:
        poll(account)
    return len(due)


def poll(account: ChannelAccount) -> int:
    """One pass over what changed since the last, as far as the channel lets us; returns how many orders came."""
    actor = Actor(type="channel", id=account.code, name=account.name, channel="poll")
    _lease(account, actor)
    try:
        return _pass(account, talking.talk(account), actor)
    except talking.ChannelBusy as error:
        _note(account, actor, cursor=None, error=str(error), wait_seconds=error.wait_seconds)
    except talking.ChannelRefused as error:
        _note(account, actor, cursor=None, error=str(error), wait_seconds=AFTER_TROUBLE_SECONDS)
    return 0


def _pass(account: ChannelAccount, talk: Talk, actor: Actor) -> int:
    """Note [A poll's cursor]."""
    since, mark, began = _opened(account.poll_cursor)
    taken = 0
    for _ in range(PAGES_MAX):
        page = talk.page(since, mark)
        for body in page.bodies:
            for said in adapters.unwrap(account.channel, body):
                ingest.take(channel=account.channel, said=said, actor=actor, account=account)
                taken += 1
        mark = page.mark
        if not mark:
            _note(account, actor, cursor=_sealed(began - OVERLAP, "", began))
            return taken
        _note(account, actor, cursor=_sealed(since, mark, began), wait_seconds=1)
    return taken


def _opened(text_: str) -> tuple[datetime, str, datetime]:
    now = timezone.now()
    if not text_:
        return now - FIRST_LOOK, "", now
    said = json.loads(text_)
    mark = text(said.get("mark"), 1000)
    began = (moment(said.get("began")) or now) if mark else now
    return moment(said.get("since")) or now - FIRST_LOOK, mark, began


def _sealed(since: datetime, mark: str, began: datetime) -> str:
    return json.dumps({"since": since.astimezone(UTC).isoformat(), "mark": mark, "began": began.astimezone(UTC).isoformat()})


def _lease(account: ChannelAccount, actor: Actor) -> None:
    """Another worker finds it not due while this one is at it."""
    _note(account, actor, cursor=None, error=account.poll_error, wait_seconds=AFTER_TROUBLE_SECONDS)


def _note(account: ChannelAccount, actor: Actor, *, cursor: str | None, error: str = "", wait_seconds: int | None = None) -> None:
    with operation("channel.poll", actor=actor) as op:
        accounts.polled(op, account_id=account.pk, cursor=cursor, error=error, wait_seconds=wait_seconds)
