"""A story as its readers see it: events in sentences, newest first, grouped by day."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from timeline.actors import CUSTOMER, GUEST
from timeline.vocabulary import require_known, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from timeline.models import Event

NOTES, MONEY, PARCELS, SYSTEM = "notes", "money", "parcels", "system"
FILTERS: Final = (("", "Everything"), (NOTES, "Notes"), (MONEY, "Money"), (PARCELS, "Parcels"), (SYSTEM, "System"))
_GROUPS: Final = {"note": NOTES, "payment": MONEY, "refund": MONEY, "shipment": PARCELS}
_QUIET: Final = frozenset({"order.axes_changed", "message.sent", "message.failed", "notice.taken"})
_ICONS: Final = {
    "order.placed": "orders", "order.confirmed": "check", "order.processing_started": "box", "order.shipped": "truck",
    "order.delivered": "checks", "order.cancelled": "cross", "order.refunded": "return", "order.held": "pause",
    "order.released": "check", "order.edited": "note", "payment.captured": "checks", "payment.failed": "cross", "payment.mismatched": "alert",
    "refund.failed": "alert",
}
_PREFIX_ICONS: Final = {
    "note": "note", "payment": "cash", "refund": "return", "shipment": "truck", "message": "mail", "stock": "box",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in words. `text` is what a person wrote; `details` are short facts beside the sentence."""

    id: str
    icon: str
    sentence: str
    details: str
    text: str
    who: str
    at: datetime
    is_note: bool
    is_public: bool
    kind: str
    seq: int


def staff_days(events: Sequence[Event], *, show: str = "") -> list[tuple[date, list[Entry]]]:
    """The whole story by day, newest first, of one group if `show` names one; the small steps of services only there."""
    chosen = [event for event in events if _shown(event, show)]
    return _by_day(entry_of(event, as_staff=True) for event in reversed(chosen))


def public_entries(events: Iterable[Event]) -> list[Entry]:
    """What the customer may read, newest first."""
    return [entry_of(event, as_staff=False) for event in reversed(list(events)) if event.public]


def entry_of(event: Event, *, as_staff: bool) -> Entry:
    """One event in words."""
    private = event.private() or {}
    is_note = event.kind.startswith("note.")
    text = str(private.get("note") or private.get("text") or private.get("reason") or "")
    said = sentence(event.kind, event.facts)
    if is_note:
        said = "Message to the customer" if event.public else "Internal note"
        said = said if as_staff else "A message from the shop"
    prefix = event.kind.partition(".")[0]
    return Entry(
        id=event.public_id,
        icon=_ICONS.get(event.kind) or _PREFIX_ICONS.get(prefix, "dot"),
        sentence=said or require_known(event.kind).kind,
        details=_details(event) if as_staff else "",
        text=text,
        who=_who(event) if as_staff else "",
        at=event.occurred_at,
        is_note=is_note,
        is_public=event.public,
        kind=event.kind,
        seq=event.stream_seq,
    )


def _shown(event: Event, show: str) -> bool:
    quiet = event.kind in _QUIET
    if not show:
        return not quiet
    return quiet if show == SYSTEM else _GROUPS.get(event.kind.partition(".")[0]) == show


def _details(event: Event) -> str:
    facts = event.facts
    names = ("payment_method", "processor_ref", "gateway_order_id", "gateway_refund_id", "tracking_number", "warehouse")
    found = [str(facts[name]) for name in names if isinstance(facts.get(name), str) and facts[name]]
    return " · ".join(word for word in found if word not in sentence(event.kind, facts))


def _who(event: Event) -> str:
    if event.actor_type in (CUSTOMER, GUEST):
        return "Customer"
    if event.actor_type == SYSTEM:
        return event.actor_name.replace("_", " ").capitalize()
    return event.actor_name or event.actor_id


def _by_day(entries: Iterable[Entry]) -> list[tuple[date, list[Entry]]]:
    days = groupby(entries, key=lambda entry: timezone.localtime(entry.at).date())
    return [(day, list(found)) for day, found in days]
