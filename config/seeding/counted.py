"""What copies add to the counts of the shop: the folds of their stories, as any subscriber would have counted them."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone

from orders.analytics import tallies
from orders.analytics.fold import KINDS, Key, Told, added, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, timedelta

    from config.seeding.words import Copy
    from timeline.operations import Operation


class Tales:
    """The stories of one pattern, as far as they are counted."""

    def __init__(self, events: Sequence[dict[str, Any]], when: Callable[[datetime], tuple[int, timedelta]]) -> None:
        told = sorted((row for row in events if row["kind"] in KINDS), key=itemgetter("stream", "stream_seq"))
        self._stories = [
            [(row["kind"], row["facts"], *when(row["occurred_at"]), row["channel"], row["to_state"]) for row in rows]
            for _, rows in groupby(told, key=itemgetter("stream"))
        ]

    def add(self, op: Operation, copies: Iterable[Copy], *, shard: int) -> None:
        """Add what these copies are to the counts."""
        zone = timezone.get_default_timezone()
        counts: Counter[Key] = Counter()
        customers: Counter[UUID] = Counter()
        for copy in copies:
            for story in self._stories:
                state = folded(
                    (Told(kind, facts, copy.times[deed] + later, channel, to) for kind, facts, deed, later, channel, to in story), zone,
                )
                for key, value in added(state).items():
                    counts[key] += value
                customers[copy.face.person_id] += int(state.stands)
        tallies.count_customers(op, orders=customers)
        tallies.add(op, counts=counts, shard=shard % tallies.SHARDS)
