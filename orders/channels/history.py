"""Everything a channel told of an order, each word of it kept: when, by which way, what it said, and the body (D4, D9).

Note [Every body is kept]
    The import holds the newest body alone; each event of its story holds the body that caused it, sealed under the buyer's key
    and sworn to by the log. So it can be seen later why an order was refunded or cancelled. A body too large for an event is
    left out of it; the event still says what it came to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orders.channels.reading import dumps, loads
from timeline.models import Event

if TYPE_CHECKING:
    from datetime import datetime

    from orders.channels.canonical import Canonical
    from orders.models import ChannelImport

BODY_BYTES_MAX = 96 * 1024
ROWS_MAX = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of an import: what happened, who said it by which way, and for what a channel told its figures and body."""

    at: datetime
    action: str
    actor_type: str
    actor_id: str
    via: str
    status: str
    channel_status: str
    currency: str
    total_minor: int | None
    paid_minor: int | None
    refunded_minor: int | None
    reasons: str
    body: dict[str, Any]


def words(row: ChannelImport, order: Canonical | None = None) -> dict[str, Any]:
    """The facts of an event of the import: whose order, and what its channel says of it now."""
    found: dict[str, Any] = {"channel": row.channel, "channel_order_id": row.channel_order_id}
    if order is None:
        return found
    return {
        **found, "status": order.told.status or None, "channel_status": order.told.words, "changed_at": order.changed_at,
        "currency": order.currency, "total_minor": order.total_minor, "paid_minor": order.told.paid_minor,
        "refunded_minor": order.told.refunded_minor,
    }


def sealed(row: ChannelImport, said: dict[str, Any]) -> dict[str, Any]:
    """The body for an event, with the key it is sealed under. Note [Every body is kept]."""
    body = dumps(said)
    return {"private": {"body": body.decode()}, "person": row.person.key} if len(body) <= BODY_BYTES_MAX else {}


def of(row: ChannelImport, *, with_bodies: bool) -> list[Entry]:
    """The import's events, newest first, the newest hundred. One statement; bodies are empty once the buyer is erased."""
    events = Event.objects.filter(stream=row.story).select_related("person_key").order_by("-stream_seq")[:ROWS_MAX]
    return [_entry(event, with_body=with_bodies) for event in events]


def _entry(event: Event, *, with_body: bool) -> Entry:
    facts = event.facts
    private = (event.private() or {}) if with_body else {}
    return Entry(
        at=event.recorded_at, action=event.kind, actor_type=event.actor_type, actor_id=event.actor_id, via=event.channel,
        status=facts.get("status") or "", channel_status=facts.get("channel_status") or "", currency=facts.get("currency") or "",
        total_minor=facts.get("total_minor"), paid_minor=facts.get("paid_minor"), refunded_minor=facts.get("refunded_minor"),
        reasons=facts.get("reasons") or "", body=loads(private["body"].encode()) if private.get("body") else {},
    )
