"""One lifecycle in two vocabularies (Z3): the seven statuses of B8 and the eight stages of D3. Pure tables.

A stage is a projection: it is read from the status and the two derived axes, and stored nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass

STATUSES = ("pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "refunded")
STAGES = ("received", "validated", "reserved", "picked", "packed", "shipped", "delivered", "closed")


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


def stage(status: str, *, payment_state: str, fulfilment_state: str) -> str:
    """The word of D3 for an order in this state. Raises LookupError for a status that is none."""
    for row in PROJECTIONS:
        pays = not row.payment_states or payment_state in row.payment_states
        fulfils = not row.fulfilment_states or fulfilment_state in row.fulfilment_states
        if row.status == status and pays and fulfils:
            return row.stage
    raise LookupError(status)
