"""Events of a timeline as the API shows them, to staff in full and to customers without what is internal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from orders import queries
from orders.operations import notes
from timeline.actors import CUSTOMER, GUEST
from timeline.api.paging import paged
from timeline.api.wire import camel
from timeline.ingest import shown_id
from timeline.models import Event
from timeline.vocabulary import APP, activity, note_type, require_known, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orders.models import Person
    from orders.operations.notes import Fate

_MINOR = "_minor"
_SHOPPERS = (CUSTOMER, GUEST)
# What a customer sees of an event's facts; everything else is between staff and services.
_PUBLIC_FACTS = frozenset(
    {
        *("order_id", "number", "currency", "item_count", "lines", "items", "code", "reason", "attempts", "quantity"),
        *("subtotal_minor", "discount_minor", "discount_code", "tax_minor", "shipping_minor", "total_minor"),
        *("amount_minor", "payment_method", "shipping_method", "method", "gateway", "carrier", "tracking_number"),
        *("return_id", "refund_amount_minor", "fee_minor", "wish", "send_by", "exchange_number", "outcome"),
        *("estimated_delivery", "scan", "payment_id", "refund_id", "shipment_id", "signature_required"),
    }
)
_PUBLIC_PRIVATE = frozenset({"reason", "delivered_to", "photo_url", "delivery_photo_url", "place"})
_NOTES = ("note", "text")


def timeline_page(order_id: UUID, wish: Mapping[str, Any], *, as_staff: bool) -> dict[str, Any]:
    """One page of an order's events, oldest first: all for staff, the public ones for the customer."""
    page = paged(
        queries.events(order_id, public_only=not as_staff), order=("stream_seq",),
        page=wish["page"], limit=wish["limit"], cursor=wish["cursor"],
    )
    return page.envelope(event_rows(page.rows, order_id=order_id, person=queries.person_of(order_id), as_staff=as_staff))


def event_rows(
    events: Iterable[Event], *, order_id: UUID, person: Person, as_staff: bool
) -> list[dict[str, Any]]:
    """The rows of one order's events; the customer's name is resolved now, for no event keeps it."""
    name = person.profile().get("name")
    shown = list(events)
    fates = _fates(order_id, shown)
    return [
        event_row(
            event, order_id=order_id, person_id=person.pk, person_name=name, as_staff=as_staff, fate=fates.get(event.public_id)
        )
        for event in shown
    ]


def event_row(
    event: Event, *, order_id: UUID, person_id: UUID, person_name: str | None, as_staff: bool, fate: Fate | None = None
) -> dict[str, Any]:
    """One event of one order. What was written and then corrected or taken back is no longer read by the customer."""
    is_replaced = fate is not None and fate.replaced_by is not None
    private = {} if is_replaced and not as_staff else event.private() or {}
    shopper = event.actor_type in _SHOPPERS
    mine = shopper and event.actor_id == str(person_id)
    shows_actor = as_staff or mine or not shopper
    return {
        "id": event.public_id,
        "orderId": order_id,
        "type": require_known(event.kind).type,
        "action": event.kind,
        "eventType": activity(event.kind),
        "noteType": note_type(event.kind),
        "message": _message(event, private),
        "metadata": _metadata(event, private, as_staff=as_staff),
        "isPublic": event.public,
        "channel": event.channel,
        "createdBy": event.actor_id if shows_actor else None,
        "actor": {
            "type": event.actor_type,
            "id": event.actor_id if shows_actor else None,
            "name": (person_name if mine else None) if shopper else event.actor_name or None,
        },
        "sessionId": event.session_id or None if as_staff or mine else None,
        "targets": _targets(event, order_id, person_id, person_name),
        "createdAt": event.recorded_at,
        "occurredAt": event.occurred_at,
        "position": event.position,
        "replacedBy": fate.replaced_by if fate is not None else None,
        "isRetracted": fate.is_retracted if fate is not None else False,
    }


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts in the words of the API: camelCase, `_minor` understood."""
    return {camel(key.removesuffix(_MINOR)): _plain(value) for key, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return plain_facts(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _fates(order_id: UUID, events: Iterable[Event]) -> dict[str, Fate]:
    """What became of the notes; one statement where there is one."""
    if not any(event.kind in notes.KINDS for event in events):
        return {}
    return notes.fates(Event.objects.filter(stream=str(order_id), kind__in=notes.KINDS).order_by("stream_seq"))


def _message(event: Event, private: Mapping[str, Any]) -> str:
    for word in _NOTES:
        if event.kind.startswith("note.") and private.get(word):
            return str(private[word])
    return sentence(event.kind, event.facts)


def _metadata(event: Event, private: Mapping[str, Any], *, as_staff: bool) -> dict[str, Any]:
    facts, sealed = event.facts, dict(private)
    if not as_staff:
        facts = {key: value for key, value in facts.items() if key in _PUBLIC_FACTS}
        sealed = {key: value for key, value in sealed.items() if key in _PUBLIC_PRIVATE}
    if event.kind.startswith(APP):  # an app's own words keep their names
        words = {camel(key): value for key, value in {**facts, **sealed}.items() if key != "digest"}
        return {key: value for key, value in words.items() if value is not None}
    return plain_facts({**facts, **sealed})


def _targets(event: Event, order_id: UUID, person_id: UUID, person_name: str | None) -> list[dict[str, Any]]:
    # The canonical bytes hold the targets: an event that is being written has no rows of them yet.
    told = event.kind.startswith(APP)
    pairs = [(kind, shown_id(kind, id_, told=told), name) for kind, id_, name in orjson.loads(bytes(event.canonical))["targets"]]
    if ("order", str(order_id)) not in {(kind, id_) for kind, id_, _ in pairs}:
        pairs.insert(0, ("order", str(order_id), ""))
    rows = []
    for kind, id_, name in pairs:
        shown = person_name if kind == "customer" and id_ == str(person_id) else name
        rows.append({"type": kind, "id": id_, **({"name": shown} if shown else {})})
    return rows

