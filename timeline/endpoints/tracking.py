"""Which events are tracked, under which names (C11 to C14).

Note [Two vocabularies]
    A tracking event may name our kinds (`order.placed`, `order.*`, `*`) or the names e-commerce tracking knows
    (`orders.submitted`, `orders.*`); the words of `EventType` are understood too. What is sent carries the tracking
    name where there is one, and our kind as `kind` in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timeline.actors import API_CLIENT
from timeline.models import Target, TrackingEvent
from timeline.vocabulary import CART_TRACKING, VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from timeline.models import Endpoint, Event

EVENT_TYPES = {
    "UserLoggedIn": "sessions.identified", "LineItemAdded": "orders.lines.added", "LineItemUpdated": "orders.lines.updated",
    "OrderSubmitted": "orders.submitted",
}

COLUMNS = ("id", "kind", "facts", "actor_type", "actor_id")


def name_of(kind: str, facts: Mapping[str, Any]) -> str:
    """The name under which tracking knows this event; our own kind when it has no other."""
    if kind == "checkout.changed":
        return CART_TRACKING.get(str(facts.get("what", "")), kind)
    if kind == "checkout.started" and facts.get("item_count"):
        return CART_TRACKING["line_added"]
    known = VOCABULARY.get(kind)
    return known.tracking if known is not None and known.tracking else kind


def matches(wanted: Iterable[str], *names: str) -> bool:
    """Whether one of the wanted words is one of these names, or begins one: `order.*`, `*`."""
    return any(
        word in ("*", name) or (word.endswith(".*") and name.startswith(word[:-1])) for word in wanted for name in names
    )


def wanted_of(endpoint: Endpoint, events: Sequence[Event]) -> list[Event]:
    """Those of the events that go to this endpoint; what concerns endpoints themselves goes to nobody."""
    told = [event for event in events if not event.kind.startswith("endpoint.")]
    if not endpoint.is_tracking:
        return [event for event in told if matches(endpoint.kinds, event.kind)]
    rows = [row for row in TrackingEvent.objects.filter(configuration=endpoint, is_enabled=True) if row.is_here]
    if not rows:
        return []
    clients = _clients(told) if any(row.api_clients for row in rows) else {}
    return [event for event in told if any(_takes(row, event, clients.get(event.pk, set())) for row in rows)]


def _takes(row: TrackingEvent, event: Event, clients: set[str]) -> bool:
    named = matches(row.kinds, event.kind, name_of(event.kind, event.facts))
    return named and (not row.api_clients or bool(clients & {client.replace("-", "") for client in row.api_clients}))


def _clients(events: Sequence[Event]) -> dict[int, set[str]]:
    """The API clients through which each event came: the caller itself, or the app whose token a shopper carries."""
    found = {event.pk: {event.actor_id.replace("-", "")} if event.actor_type == API_CLIENT else set() for event in events}
    for event_id, client in Target.objects.filter(event__in=list(found), type=API_CLIENT).values_list("event_id", "target_id"):
        found[event_id].add(client.replace("-", ""))
    return found
