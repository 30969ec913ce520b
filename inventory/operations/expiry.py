"""Holds that nobody made firm in time go back on sale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.operations.holding import expire
from inventory.stock import Hold
from timeline.actors import system
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from datetime import datetime

STREAMS_PER_RUN_MAX = 200


def expire_due(now: datetime) -> int:
    """Expire what is due, each story in an operation of its own, the longest overdue first; returns how many holds ended.

    At most 200 stories a run; the rest waits for the next one, in a few seconds.
    """
    due = Hold.objects.filter(status=Hold.Status.HELD, expires_at__lte=now).order_by("expires_at", "id")
    streams = dict.fromkeys(due.values_list("stream", flat=True)[:STREAMS_PER_RUN_MAX])
    return sum(_expire_stream(stream) for stream in streams)


@retried
def _expire_stream(stream: str) -> int:
    with operation("stock.expire", actor=system("inventory"), stream=stream) as op:
        return len(expire(op, stream=stream))
