"""Fold an order's events into the order as they say it stood. Pure: no database, no clock.

Note [What folds]
    Each fact is taken from the event that states it: sums and lines from the placement and its edits, holds from what held and
    released, each machine's state from its newest step. What is counted (units by line, the two axes) is worked
    out anew at the end of every operation by the rules of `orders.lifecycle`, as the operations themselves do. Events from before
    a fact was written fold all the same: what they do not tell is None, or named in `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from orders import lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from uuid import UUID

ORDER, PAYMENT, REFUND, PARCEL = "orders.order", "payments.payment", "payments.refund", "shipping.shipment"
RETURN, DISPUTE, FULFILMENT = "orders.return", "payments.dispute", "orders.fulfilment"
DISPUTES_RUNNING = frozenset({"open", "under_review"})
GONE = frozenset({"labelled", "shipped", "in_transit", "out_for_delivery", "attempted", "delivered", "lost", "returning", "returned"})
COUNTED_ELSEWHERE = frozenset({"reshipped", "dropped"})
UNITS = "units"
_SUMS = ("subtotal_minor", "discount_minor", "shipping_minor", "total_minor", "item_count")
_SPLIT = ("cgst_minor", "sgst_minor", "igst_minor")


class Said(Protocol):
    """What of an event is read."""

    kind: str
    subject_type: str
    subject_id: str
    to_state: str
    facts: Any
    stream_seq: int
    operation_id: UUID
    occurred_at: datetime
    recorded_at: datetime


@dataclass(slots=True)
class Item:
    """One line: its units and what they come to; amounts an old event did not tell are None."""

    id: str
    sku: str
    quantity: int
    price_minor: int | None
    total_minor: int
    value_minor: int | None = None
    discount_minor: int | None = None
    tax_minor: int | None = None
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    returned: int = 0
    lost: int = 0


@dataclass(slots=True)
class Parcel:
    """One parcel with the units it carries, by line."""

    id: str
    status: str
    carrier: str
    warehouse: str
    tracking_number: str = ""
    units: dict[str, int] = field(default_factory=dict)
    counts: bool = True
    outcome: str = ""


@dataclass(slots=True)
class Thing:
    """A payment, refund, return, dispute or hold: its id, its state, and what was said when it began."""

    id: str
    status: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Stand:
    """The order as it stood after `version` events. Amounts are minor units, ids 32 hex digits or as the facts have them."""

    id: str
    number: str
    version: int = 0
    at: datetime | None = None
    status: str = "pending"
    columns: dict[str, Any] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    holds: dict[str, Thing] = field(default_factory=dict)
    payments: dict[str, Thing] = field(default_factory=dict)
    refunds: dict[str, Thing] = field(default_factory=dict)
    disputes: dict[str, Thing] = field(default_factory=dict)
    returns: dict[str, Thing] = field(default_factory=dict)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    goods_owed: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    assignee: str = ""

    @property
    def on_hold(self) -> bool:
        """Whether any hold stands."""
        return any(hold.status == "open" for hold in self.holds.values())

    @property
    def paid_minor(self) -> int:
        """What was captured."""
        return sum(row.facts["amount_minor"] for row in self.payments.values() if row.status == "captured")

    @property
    def refunded_minor(self) -> int:
        """What went back."""
        return sum(row.facts["amount_minor"] for row in self.refunds.values() if row.status == "processed")

    @property
    def payment_state(self) -> str:
        """Where the money is."""
        return lifecycle.payment_state(
            [row.status for row in self.payments.values()], paid=self.paid_minor, refunded=self.refunded_minor,
            is_disputed=any(row.status in DISPUTES_RUNNING for row in self.disputes.values()),
        )

    @property
    def fulfilment_state(self) -> str:
        """Where the goods are."""
        items = self.items.values()
        return lifecycle.fulfilment_state(
            units=sum(item.quantity - item.cancelled for item in items), shipped=sum(item.shipped for item in items),
            delivered=sum(item.delivered for item in items), returned=sum(item.returned for item in items),
        )


def fold(events: Iterable[Said]) -> Stand | None:
    """The order after these events of its story, in their order; None when it was not placed yet; Note [What folds]."""
    stand: Stand | None = None
    for _, together in groupby(events, key=lambda event: event.operation_id):
        cancelled = False
        for event in together:
            if event.kind == "order.placed":
                stand = _placed(event)
            if stand is None:
                continue
            _take(stand, event)
            stand.version, stand.at = event.stream_seq, event.recorded_at
            cancelled = cancelled or event.kind == "order.cancelled"
        if stand is not None:
            _count(stand)
            if cancelled:
                for item in stand.items.values():
                    item.cancelled = item.quantity - item.shipped
    return stand


def _placed(event: Said) -> Stand:
    facts = event.facts
    stand = Stand(id=str(facts.get("order_id") or event.subject_id), number=str(facts.get("number") or ""))
    stand.columns = {
        **{name: facts.get(name) for name in _SUMS}, "gst_minor": facts.get("tax_minor"),
        **{name: facts["gst"].get(name) if "gst" in facts else None for name in _SPLIT},
        **{
            name: facts.get(name)
            for name in (
                "currency", "payment_method", "shipping_method", "destination_state", "channel", "customer_id",
                "shipping_address_id", "billing_address_id",
            )
        },
        "discount_code": facts.get("discount_code") or "", "revision": 0, "created_at": event.recorded_at,
        "shipping_provider": "", "cancel_code": "",
    }
    for line in facts.get("lines", ()):
        stand.items[_hex(line["id"])] = Item(
            id=str(line["id"]), sku=line["sku"], quantity=line["quantity"], price_minor=line.get("price_minor"),
            total_minor=line["total_minor"], value_minor=line.get("value_minor"), discount_minor=line.get("discount_minor"),
            tax_minor=line.get("tax_minor"),
        )
    return stand


def _take(stand: Stand, event: Said) -> None:
    machine = _MACHINES.get(event.subject_type)
    if event.to_state and machine is not None:
        machine(stand, event)
    told = _TOLD.get(event.kind)
    if told is not None:
        told(stand, event.facts, event)


def _order(stand: Stand, event: Said) -> None:
    stand.status = event.to_state
    said = event.facts.get("at")
    at = datetime.fromisoformat(said) if said else event.recorded_at
    if event.to_state != "pending":
        stand.columns[f"{event.to_state}_at"] = at
    stand.columns["state_since"] = at
    if event.kind == "order.shipped":
        stand.columns["shipping_provider"] = event.facts.get("carrier") or ""
    if event.kind == "order.cancelled":
        stand.columns["cancel_code"] = event.facts.get("code") or ""


def _thing(name: str) -> Callable[[Stand, Said], None]:
    def take(stand: Stand, event: Said) -> None:
        rows: dict[str, Thing] = getattr(stand, name)
        row = rows.get(event.subject_id)
        if row is None:
            row = rows[event.subject_id] = Thing(event.subject_id, event.to_state, dict(event.facts))
        row.status = event.to_state
        row.facts |= {key: event.facts[key] for key in ("processor_ref", "payment_method", "refund_method") if event.facts.get(key)}

    return take


def _refund(stand: Stand, event: Said) -> None:
    """A granted refund that says what becomes of the goods is followed by what became of them; old ones are not."""
    before = stand.refunds.get(event.subject_id)
    is_granted = event.to_state in ("pending", "processed") and (before is None or before.status == "requested")
    _REFUNDS(stand, event)
    if is_granted and stand.refunds[event.subject_id].facts.get("restock_lines"):
        stand.goods_owed.add(event.subject_id)


def _parcel(stand: Stand, event: Said) -> None:
    facts = event.facts
    parcel = stand.parcels.get(event.subject_id)
    if parcel is None:
        parcel = Parcel(
            event.subject_id, event.to_state, str(facts.get("carrier") or ""), str(facts.get("warehouse") or ""),
            counts=facts.get("direction") != "reverse",
        )
        _load(stand, parcel, facts.get("contents", ()))
        stand.parcels[event.subject_id] = parcel
    if event.to_state == "returned" and parcel.status != "returned" and parcel.counts:
        _bring(stand, parcel, 1)
    parcel.status = event.to_state
    parcel.tracking_number = str(facts.get("tracking_number") or parcel.tracking_number)


def _load(stand: Stand, parcel: Parcel, contents: Iterable[Mapping[str, Any]]) -> None:
    """Which units it carries: by line, or in old events by SKU, where that names one line alone."""
    for row in contents:
        known = row.get("order_item_id")
        lines = [_hex(known)] if known else [key for key, item in stand.items.items() if item.sku == row["sku"]]
        if len(lines) != 1 or lines[0] not in stand.items:
            stand.unknown.add(UNITS)
        else:
            parcel.units[lines[0]] = parcel.units.get(lines[0], 0) + row["quantity"]


def _bring(stand: Stand, parcel: Parcel, sign: int) -> None:
    for key, units in parcel.units.items():
        stand.items[key].returned += sign * units


def _edited(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    after = facts.get("after", {})
    stand.columns |= {name: after[name] for name in (*_SUMS, "gst_minor") if name in after}
    stand.columns |= {
        name: facts[name]
        for name in ("item_count", "destination_state", "revision", "shipping_address_id", "billing_address_id")
        if facts.get(name) is not None
    }
    stand.columns |= {name: facts.get("tax", {}).get(name) for name in _SPLIT}
    for line in facts.get("lines", ()):
        key = _hex(line["id"])
        item = stand.items.setdefault(key, Item(str(line["id"]), line["sku"], 0, line.get("price_minor"), 0))
        item.quantity, item.total_minor = line["quantity"], line["total_minor"]
        item.value_minor, item.discount_minor = line.get("value_minor"), line.get("discount_minor")
        item.tax_minor = line.get("tax_minor")


def _held(stand: Stand, facts: Mapping[str, Any], event: Said) -> None:
    key = _hex(facts["hold_id"])
    stand.holds[key] = Thing(key, "open", {"reason": facts.get("reason"), "created_at": event.recorded_at})


def _released(stand: Stand, facts: Mapping[str, Any], event: Said) -> None:
    hold = stand.holds.get(_hex(facts["hold_id"]))
    if hold is not None:
        hold.status = "released"
        hold.facts["released_at"] = event.recorded_at


def _tagged(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    stand.tags.add(facts["tag"])


def _untagged(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    stand.tags.discard(facts["tag"])


def _assigned(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    stand.assignee = facts.get("assignee") or ""


def _units_cancelled(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    """Units nobody had paid for leave the order by an edit; others stay on it, cancelled."""
    outcome = facts.get("outcome") or ("cancelled" if stand.paid_minor else "taken_off")
    if outcome == "cancelled":
        for row in facts["items"]:
            stand.items[_hex(row["order_item_id"])].cancelled += row["quantity"]


def _goods_back(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    stand.goods_owed.discard(_hex(facts["refund_id"]))
    for row in facts["items"]:
        item = stand.items[_hex(row["order_item_id"])]
        item.cancelled += row.get("cancelled", 0)
        item.returned += row.get("returned", 0)


def _settled(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    parcel = stand.parcels.get(_hex(facts.get("shipment_id") or ""))
    if parcel is None:
        stand.unknown.add(UNITS)
        return
    parcel.outcome = str(facts["outcome"])
    if parcel.status == "returned" and parcel.outcome in COUNTED_ELSEWHERE:
        _bring(stand, parcel, -1)


def _received(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    for row in facts.get("items", ()):
        stand.items[_hex(row["order_item_id"])].returned += row["quantity"]


def _inspected(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    for row in facts.get("items", ()):
        if row["disposition"] == "back_to_customer":
            stand.items[_hex(row["order_item_id"])].returned -= row["quantity"]


def _sent_back(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    """A parcel that brings back what was returned carries no units of the order a second time."""
    parcel = stand.parcels.get(_hex(facts.get("shipment_id") or ""))
    if parcel is not None:
        parcel.counts = False


def _count(stand: Stand) -> None:
    if stand.goods_owed:
        stand.unknown.add(UNITS)
    for item in stand.items.values():
        item.shipped = item.delivered = item.lost = 0
    for parcel in stand.parcels.values():
        if not parcel.counts or parcel.outcome in COUNTED_ELSEWHERE or parcel.status not in GONE:
            continue
        for key, units in parcel.units.items():
            item = stand.items[key]
            item.shipped += units
            item.delivered += units if parcel.status == "delivered" else 0
            item.lost += units if parcel.status == "lost" else 0


def _hex(text: Any) -> str:
    return str(text).replace("-", "")


_REFUNDS = _thing("refunds")
_MACHINES: dict[str, Callable[[Stand, Said], None]] = {
    ORDER: _order, PARCEL: _parcel, PAYMENT: _thing("payments"), REFUND: _refund, DISPUTE: _thing("disputes"),
    RETURN: _thing("returns"),
}
def _transferred(stand: Stand, facts: Mapping[str, Any], _: Said) -> None:
    """A guest signed in: the order is the customer's from here on."""
    stand.columns["customer_id"] = facts["to_id"]


_TOLD: dict[str, Callable[[Stand, Mapping[str, Any], Said], None]] = {
    "order.edited": _edited, "order.held": _held, "order.released": _released, "order.units_cancelled": _units_cancelled,
    "refund.goods_back": _goods_back, "fulfilment.settled": _settled, "return.received": _received,
    "return.inspected": _inspected, "return.sent_back": _sent_back, "order.transferred": _transferred,
    "order.tagged": _tagged, "order.untagged": _untagged, "order.assigned": _assigned, "order.unassigned": _assigned,
}
