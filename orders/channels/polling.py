"""Asking accounts for what changed: page by page, each page taken in and noted before the next is asked for.

Note [A poll's cursor]
    `since` is when the pass before began, less an overlap for clocks that differ; `mark` is the next page of this pass.
    Orders seen twice change nothing, so a crash repeats a page at most. A channel that limits us is asked again when it says; after
    a refusal the pass begins anew, as the mark itself may have grown too old.

Note [Pages that shift]
    Some channels number the pages of what changed, oldest change first. An order that changes while we read leaves its place
    and goes to the end: every later order moves up one, and the first of the next page was never seen. So the next page is
    not asked for by its number but as the first page since the newest change seen, that second included. Where a whole page
    changed within one second, its number is all there is to go on by.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.utils import timezone

from orders.channels import accounts, adapters, ingest, talking
from orders.channels.reading import moment, text
from orders.models import ChannelAccount
from timeline.actors import Actor
from timeline.errors import Busy
from timeline.operations import operation

if TYPE_CHECKING:
    from orders.channels.talking import Talk

FIRST_LOOK = timedelta(days=7)
OVERLAP = timedelta(minutes=2)
PAGES_MAX = 20
AFTER_TROUBLE_SECONDS = 300
# Asked by number of the page, oldest change first: Note [Pages that shift].
OLDEST_CHANGE_FIRST = frozenset({"woocommerce", "magento", "bigcommerce", "etsy"})
log = structlog.get_logger("bahi.channels")


def poll_due(now: datetime) -> int:
    """Poll each account that is due and that no other worker took meanwhile; returns how many."""
    due = list(ChannelAccount.objects.filter(is_active=True, poll_due_at__lte=now).order_by("poll_due_at")[:PAGES_MAX])
    taken = [account for account in due if _lease(account)]
    for account in taken:
        _poll(account)
    return len(taken)


def poll(account: ChannelAccount) -> int:
    """Poll the account now. One pass over what changed since the last, as far as the channel lets us; returns how many orders came."""
    _note(account, cursor=None, error=account.poll_error, wait_seconds=AFTER_TROUBLE_SECONDS)
    return _poll(account)


def _poll(account: ChannelAccount) -> int:
    try:
        return _pass(account, talking.talk(account))
    except talking.ChannelBusy as error:
        _note(account, cursor=None, error=str(error), wait_seconds=error.wait_seconds)
    except talking.ChannelRefused as error:
        _note(account, cursor=_afresh(account), error=str(error), wait_seconds=AFTER_TROUBLE_SECONDS)
    except Busy:
        log.warning("channel_poll.busy", account=account.code)  # the lease runs out, and the same page is asked for again
    return 0


def _pass(account: ChannelAccount, talk: Talk) -> int:
    """Note [A poll's cursor]."""
    since, mark, began = _opened(account.poll_cursor)
    taken, refused = 0, ""
    for _ in range(PAGES_MAX):
        page = talk.page(since, mark)
        bodies = [said for body in page.bodies for said in adapters.unwrap(account.channel, body)]
        for said in bodies:
            outcome = ingest.take(channel=account.channel, said=said, actor=_actor(account), account=account)
            if outcome.outcome == ingest.REFUSED:
                refused = f"order {outcome.channel_order_id or 'without an id'}: {outcome.reasons[0]['detail']}"
        taken += len(bodies)
        if not page.mark:
            _note(account, cursor=_sealed(began - OVERLAP, "", began, is_over=True), error=refused)
            return taken
        since, mark = _next(account.channel, bodies, since, page.mark)
        _note(account, cursor=_sealed(since, mark, began), error=refused, wait_seconds=1)
    return taken


def _next(channel: str, bodies: list[Any], since: datetime, mark: str) -> tuple[datetime, str]:
    """Since when and with which mark to go on. Note [Pages that shift]."""
    if channel not in OLDEST_CHANGE_FIRST:
        return since, mark
    changes = [_changed_at(channel, said) for said in bodies]
    told = [at for at in changes if at is not None]
    if len(told) < len(changes) or not told or told != sorted(told):
        return since, mark
    newest = told[-1].replace(microsecond=0) - timedelta(seconds=1)
    return (newest, "") if newest > since else (since, mark)


def _changed_at(channel: str, said: Any) -> datetime | None:
    try:
        return adapters.translate(channel, said).changed_at
    except adapters.NotAnOrder:
        return None


def _opened(text_: str) -> tuple[datetime, str, datetime]:
    now = timezone.now()
    if not text_:
        return now - FIRST_LOOK, "", now
    said = json.loads(text_)
    mark = text(said.get("mark"), 1000)
    is_under_way = bool(mark) or said.get("over") is False
    began = (moment(said.get("began")) or now) if is_under_way else now
    return moment(said.get("since")) or now - FIRST_LOOK, mark, began


def _afresh(account: ChannelAccount) -> str | None:
    """The pass from its start: the next page's mark may be what was refused, for channels forget theirs within a day."""
    since, mark, began = _opened(ChannelAccount.objects.get(pk=account.pk).poll_cursor)
    return _sealed(since, "", began) if mark else None


def _sealed(since: datetime, mark: str, began: datetime, *, is_over: bool = False) -> str:
    words = {"since": since.astimezone(UTC).isoformat(), "mark": mark, "began": began.astimezone(UTC).isoformat(), "over": is_over}
    return json.dumps(words)


def _actor(account: ChannelAccount) -> Actor:
    return Actor(type="channel", id=account.code, name=account.name, channel="poll")


def _lease(account: ChannelAccount) -> bool:
    """Another worker finds it not due while this one is at it."""
    with operation("channel.poll", actor=_actor(account)) as op:
        return accounts.lease(op, account_id=account.pk, seconds=AFTER_TROUBLE_SECONDS)


def _note(account: ChannelAccount, *, cursor: str | None, error: str = "", wait_seconds: int | None = None) -> None:
    with operation("channel.poll", actor=_actor(account)) as op:
        accounts.polled(op, account_id=account.pk, cursor=cursor, error=error, wait_seconds=wait_seconds)
