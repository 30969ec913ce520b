"""One lifecycle in two vocabularies (Z3): the seven statuses of B8 and the eight stages of D3. Pure tables.

A stage is a projection: it is read from the status and the two derived axes, and stored nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STATUSES = ("pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "refunded")
STAGES = ("received", "validated", "reserved", "picked", "packed", "shipped", "delivered", "closed")


# What is published as the status of a fulfilment (E16–E20): the warehouse's own word until its parcel has a label, then the
# parcel's. A parcel that is only booked has no word of its own yet. The one table of these words.
WAREHOUSE_WORDS = ("awaiting_inventory", "scheduled", "released", "picking", "packed", "handed_over", "cancelled")
PARCEL_WORDS: dict[str, str] = {
    "labelled": "labelled",
    "shipped": "shipped",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "attempted": "attempted",
    "delivered": "delivered",
    "lost": "lost",
    "returning": "coming_back",
    "returned": "returned",
    "cancelled": "cancelled",
}
FULFILMENT_WORDS = (*WAREHOUSE_WORDS, *(word for word in PARCEL_WORDS.values() if word != "cancelled"))


@dataclass(frozen=True, slots=True)
class Projection:
    """Status, and where it matters a payment or fulfilment state, to stage; an empty set means any."""

    status: str
    stage: str
    payment_states: frozenset[str] = frozenset()
    fulfilment_states: frozenset[str] = frozenset()


# The first row that fits wins.
PROJECTIONS: tuple[Projection, ...] = (
    Projection("pending", "validated", payment_states=frozenset({"authorized", "paid"})),
    Projection("pending", "received"),
    Projection("confirmed", "reserved"),
    Projection("processing", "packed", fulfilment_states=frozenset({"partial", "fulfilled", "delivered", "returned"})),
    Projection("processing", "picked"),
    Projection("shipped", "shipped"),
    Projection("delivered", "delivered"),
    Projection("cancelled", "closed"),
    Projection("refunded", "closed"),
)


def payment_state(statuses: Sequence[str], *, paid: int, refunded: int, is_disputed: bool) -> str:
    """Where the money of an order is (Z2): its payments' statuses, what they took and what went back, in minor units."""
    if is_disputed:
        return "disputed"
    if paid:
        if refunded >= paid:
            return "refunded"
        return "partially_refunded" if refunded else "paid"
    for status, state in (("in_doubt", "in_doubt"), ("authorized", "authorized")):
        if status in statuses:
            return state
    return "failed" if statuses and set(statuses) == {"failed"} else "unpaid"


def fulfilment_state(*, units: int, shipped: int, delivered: int, returned: int) -> str:
    """Where the goods of an order are (Z2); `units` are those that are not cancelled."""
    if returned and returned >= shipped:
        return "returned"
    if units and delivered >= units:
        return "delivered"
    if units and shipped >= units:
        return "fulfilled"
    return "partial" if shipped else "unfulfilled"


def fulfilment_word(own: str, parcel: str) -> str:
    """The published status of a fulfilment in this state with a parcel in that one (`""`: it has none)."""
    if own not in WAREHOUSE_WORDS:
        raise LookupError(own)
    return own if own == "cancelled" else PARCEL_WORDS.get(parcel, own)


@cache
def stage(status: str, *, payment_state: str, fulfilment_state: str) -> str:
    """The word of D3 for an order in this state. Raises LookupError for a status that is none."""
    for row in PROJECTIONS:
        pays = not row.payment_states or payment_state in row.payment_states
        fulfils = not row.fulfilment_states or fulfilment_state in row.fulfilment_states
        if row.status == status and pays and fulfils:
            return row.stage
    raise LookupError(status)
