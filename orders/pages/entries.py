"""A story as its readers see it: events in sentences, newest first, grouped by day."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone

from orders.operations import notes
from timeline import ingest
from timeline.actors import CUSTOMER, GUEST
from timeline.vocabulary import APP, money, require_known, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from orders.operations.notes import Fate
    from timeline.actors import Actor
    from timeline.models import Event

NOTES, MONEY, PARCELS, RETURNS, SYSTEM = "notes", "money", "parcels", "returns", "system"
FILTERS: Final = (
    ("", "Everything"), (NOTES, "Notes"), (MONEY, "Money"), (PARCELS, "Parcels"), (RETURNS, "Returns"), (SYSTEM, "System"),
)
_GROUPS: Final = {
    "note": NOTES, "payment": MONEY, "refund": MONEY, "dispute": MONEY, "invoice": MONEY, "credit_note": MONEY,
    "shipment": PARCELS, "fulfilment": PARCELS, "return": RETURNS,
}
SUMS: Final = (
    ("subtotal_minor", "Subtotal"), ("discount_minor", "Discount"), ("gst_minor", "GST"), ("shipping_minor", "Shipping"),
    ("total_minor", "Total"),
)
TOLD_WORDS_MAX, TOLD_CHARS_MAX = 8, 240
_QUIET: Final = frozenset({"order.axes_changed", "message.sent", "message.failed", "notice.taken"})
_NOTE_WORDS: Final = {"note.edited": "Note corrected", "note.retracted": "Note taken back"}
_ICONS: Final = {
    "order.placed": "orders", "order.confirmed": "check", "order.processing_started": "box", "order.shipped": "truck",
    "order.delivered": "checks", "order.cancelled": "cross", "order.refunded": "return", "order.held": "pause",
    "order.released": "check", "order.tagged": "tag", "order.untagged": "tag", "order.assigned": "person", "order.unassigned": "person", "order.edited": "note", "payment.captured": "checks", "payment.failed": "cross", "payment.mismatched": "alert",
    "refund.failed": "alert",
}
_PREFIX_ICONS: Final = {
    "note": "note", "payment": "cash", "refund": "return", "shipment": "truck", "message": "mail", "stock": "box",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in words. `text` is what a person wrote; `details` are short facts beside the sentence.

    `changes` are what it changed: a word, before and after. `fate` is what became of a note, `is_own` whether the reader
    wrote it and may correct it still.
    """

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
    channel: str = ""
    changes: Sequence[tuple[str, str, str]] = ()
    fate: Fate | None = None
    is_own: bool = False


def staff_days(
    events: Sequence[Event], *, show: str = "", reader: Actor | None = None, shows_people: bool = False
) -> list[tuple[date, list[Entry]]]:
    """The whole story by day, newest first, of one group if `show` names one; the small steps of services only there."""
    chosen = [event for event in events if _shown(event, show)]
    fates = notes.fates(events)
    return _by_day(
        entry_of(event, as_staff=True, fate=fates.get(event.public_id), reader=reader, shows_people=shows_people)
        for event in reversed(chosen)
    )


def public_entries(events: Iterable[Event]) -> list[Entry]:
    """What the customer may read, newest first; not what was corrected or taken back meanwhile."""
    every = list(events)
    gone = {id_ for id_, fate in notes.fates(every).items() if fate.replaced_by is not None}
    return [
        entry_of(event, as_staff=False) for event in reversed(every)
        if event.public and event.public_id not in gone and event.kind != notes.RETRACTED
    ]


def entry_of(
    event: Event, *, as_staff: bool, fate: Fate | None = None, reader: Actor | None = None, shows_people: bool = False
) -> Entry:
    """One event in words; what an app told of people in full only where `shows_people`."""
    private = event.private() or {}
    is_note = event.kind.startswith("note.")
    text = str(private.get("note") or private.get("text") or private.get("reason") or "")
    said = sentence(event.kind, event.facts)
    if is_note:
        said = "Message to the customer" if event.public else "Internal note"
        said = _NOTE_WORDS.get(event.kind, said) if as_staff else "A message from the shop"
    prefix = event.kind.partition(".")[0]
    return Entry(
        id=event.public_id,
        icon=_ICONS.get(event.kind) or _PREFIX_ICONS.get(prefix, "dot"),
        sentence=said or require_known(event.kind).kind,
        details=(_told(event, private, shows_people=shows_people) or _details(event)) if as_staff else "",
        text=text,
        who=_who(event) if as_staff else "",
        at=event.occurred_at,
        is_note=is_note,
        is_public=event.public,
        kind=event.kind,
        seq=event.stream_seq,
        channel=event.channel.replace("_", " ") if as_staff else "",
        changes=_changes(event) if as_staff else (),
        fate=fate,
        is_own=_is_own(event, fate, reader),
    )


def _is_own(event: Event, fate: Fate | None, reader: Actor | None) -> bool:
    stands = fate is not None and fate.replaced_by is None and event.kind != notes.RETRACTED
    return stands and reader is not None and (event.actor_type, event.actor_id) == (reader.type, reader.id)


def _changes(event: Event) -> list[tuple[str, str, str]]:
    """What an edit made of the order, where it is another than before."""
    facts = event.facts
    if event.kind != "order.edited":
        return []
    found = [
        (str(line["sku"]), str(line["quantity_before"]), str(line["quantity"]))
        for line in facts.get("lines", ()) if line["quantity_before"] != line["quantity"]
    ]
    before, after, currency = facts.get("before", {}), facts.get("after", {}), str(facts.get("currency") or "INR")
    found += [
        (word, money(before[name], currency), money(after[name], currency))
        for name, word in SUMS if name in before and name in after and before[name] != after[name]
    ]
    moved = (("shipping_address_id", "Delivery address"), ("billing_address_id", "Billing address"))
    return found + [(word, "the old one", "another one") for name, word in moved if facts.get(name)]


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


def _told(event: Event, private: Mapping[str, Any], *, shows_people: bool) -> str:
    """What an app told besides, in its own words: `carrier FedEx · tracking_number 794644790132`."""
    if not event.kind.startswith(APP):
        return ""
    words = ingest.opened(event.facts, private, shows_people=shows_people).get("metadata", {})
    plain = [f"{key} {value}" for key, value in words.items() if isinstance(value, str | int | float) and value != ""]
    said = " · ".join(plain[:TOLD_WORDS_MAX])
    return said if len(said) <= TOLD_CHARS_MAX else f"{said[:TOLD_CHARS_MAX]}…"


def _who(event: Event) -> str:
    if event.actor_type in (CUSTOMER, GUEST):
        return "Customer"
    if event.actor_type == SYSTEM:
        return event.actor_name.replace("_", " ").capitalize()
    return event.actor_name or event.actor_id


def _by_day(entries: Iterable[Entry]) -> list[tuple[date, list[Entry]]]:
    days = groupby(entries, key=lambda entry: timezone.localtime(entry.at).date())
    return [(day, list(found)) for day, found in days]
