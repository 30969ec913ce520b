"""Hand over what is due: lease, fence, back off, park.

Any number of relays may run. A delivery is leased with one statement, its attempt counted before the work, so a handler
that kills its process is counted too (F38). The mark "done" asks for the lease's token (F37). Deliveries of one
subscriber in one story go in their order: a later one waits for the earlier.
"""

from __future__ import annotations

import random
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import connection
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone

from timeline import subscriptions
from timeline.actors import system
from timeline.errors import Refused
from timeline.models import Delivery
from timeline.operations import operation
from timeline.redaction import redacted

if TYPE_CHECKING:
    from datetime import datetime

    from timeline.operations import Operation

BATCH_MAX = 10
ATTEMPTS_MAX = 12
LEASE_S = 45
LEASE_LEFT_S_MIN = 20
BACKOFF_FIRST_S = 1
BACKOFF_MAX_S = 6 * 3600
ERROR_CHARS_MAX = 2000

log = structlog.get_logger("bahi.relay")


class LeaseLost(RuntimeError):
    """Somebody else took this delivery over; the work done here is rolled back."""


class NotParked(Refused):
    """This delivery is not parked, or not any more: somebody decided it already."""


def relay_due(limit: int = BATCH_MAX) -> int:
    """Lease up to `limit` due deliveries and hand them over, oldest first; returns how many were tried."""
    until = time.monotonic() + LEASE_S - LEASE_LEFT_S_MIN
    leased = _lease(limit)
    for number, delivery in enumerate(leased):
        if time.monotonic() > until:  # a slow gateway ate the lease: what was not begun goes back uncounted
            _give_back(leased[number:])
            return number
        _hand_over(delivery)
    return len(leased)


def drain(seconds: float = 5.0) -> int:
    """Hand over until nothing is due or the time is up; returns how many."""
    until = time.monotonic() + seconds
    handed = 0
    while time.monotonic() < until:
        now = relay_due()
        if not now:
            break
        handed += now
    return handed


def retry(op: Operation, *, delivery_id: int) -> None:
    """A person's word: try a parked delivery again, from the first attempt. Raises NotParked."""
    _decide(delivery_id, state=Delivery.State.DUE, attempts=0, due_at=op.now, lease_until=None, lease_token=None)


def give_up(op: Operation, *, delivery_id: int, reason: str = "") -> None:
    """A person's word: leave a parked delivery undone, so that later ones of its story go on. Raises NotParked.

    Who said so and why stand before what went wrong.
    """
    word = f"Dropped by {op.actor.name or op.actor.id}: {reason or 'no reason given'}. "
    _decide(delivery_id, state=Delivery.State.DROPPED, done_at=op.now, error=Concat(Value(word), F("error"), output_field=TextField()))


def _decide(delivery_id: int, **columns: Any) -> None:
    if not Delivery.objects.filter(pk=delivery_id, state=Delivery.State.PARKED).update(**columns):
        raise NotParked


def _lease(limit: int) -> list[Delivery]:
    now = timezone.now()
    token = uuid.uuid4()
    skip = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    table = Delivery._meta.db_table
    adapt = connection.ops.adapt_datetimefield_value
    query = f"""
        UPDATE {table} SET lease_until = %s, lease_token = %s, attempts = attempts + 1
        WHERE id IN (
            SELECT d.id FROM {table} d
            WHERE d.state = 'due' AND d.due_at <= %s AND (d.lease_until IS NULL OR d.lease_until < %s)
              AND NOT EXISTS (
                SELECT 1 FROM {table} e
                WHERE e.subscriber = d.subscriber AND e.stream = d.stream AND e.id < d.id
                  AND e.state IN ('due', 'parked'))
            ORDER BY d.due_at, d.id LIMIT %s {skip})
        RETURNING id
    """  # noqa: S608 constant names
    stamp = token if connection.vendor == "postgresql" else token.hex
    with connection.cursor() as cursor:
        cursor.execute(query, [adapt(now + timedelta(seconds=LEASE_S)), stamp, adapt(now), adapt(now), limit])
        taken = [int(row[0]) for row in cursor.fetchall()]
    if not taken:
        return []
    return list(Delivery.objects.select_related("event", "event__person_key").filter(pk__in=taken).order_by("id"))


def _give_back(leased: list[Delivery]) -> None:
    for delivery in leased:
        Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token).update(
            lease_until=None, attempts=delivery.attempts - 1
        )


def _hand_over(delivery: Delivery) -> None:
    try:
        subscriber = subscriptions.named(delivery.subscriber)
        if subscriber.inside:
            service, _, name = delivery.subscriber.partition(".")
            with operation(f"on.{name}", actor=system(service), stream=delivery.stream) as op:
                _mark_done(delivery, op.now)
                subscriber.handler(op, delivery.event)
        else:
            subscriber.handler(delivery.event, delivery.pk)
            _mark_done(delivery, timezone.now())
    except LeaseLost:
        log.warning("delivery.lease_lost", delivery=delivery.pk)
    except Exception as error:  # noqa: BLE001 whatever a subscriber raises, the row says so and is tried again
        _postpone(delivery, error)


def _mark_done(delivery: Delivery, now: datetime) -> None:
    rows = Delivery.objects.filter(
        pk=delivery.pk, lease_token=delivery.lease_token, state=Delivery.State.DUE
    ).update(state=Delivery.State.DONE, done_at=now, lease_until=None, error="")
    if rows != 1:
        raise LeaseLost


def _postpone(delivery: Delivery, error: Exception) -> None:
    parked = delivery.attempts >= ATTEMPTS_MAX
    backoff = min(BACKOFF_FIRST_S * 2 ** (delivery.attempts - 1), BACKOFF_MAX_S) * random.uniform(0.8, 1.2)  # noqa: S311
    # Who limits us says for how long; asked sooner, every try is spent before the time is over.
    backoff = max(backoff, min(getattr(error, "wait_seconds", 0), BACKOFF_MAX_S))
    Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token).update(
        state=Delivery.State.PARKED if parked else Delivery.State.DUE,
        due_at=timezone.now() + timedelta(seconds=backoff),
        lease_until=None,
        error=redacted(f"{type(error).__name__}: {error}")[:ERROR_CHARS_MAX],
    )
    say = log.error if parked else log.warning
    say(
        "delivery.parked" if parked else "delivery.postponed",
        delivery=delivery.pk, subscriber=delivery.subscriber, stream=delivery.stream, attempts=delivery.attempts,
        error=type(error).__name__, exc_info=error,
    )
