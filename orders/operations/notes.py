"""Notes: an activity is a note and a note is an event (E4, E7); its text is sealed under the customer's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.models import Event
    from timeline.operations import Operation


def add(op: Operation, *, order_id: UUID, note: str, is_public: bool = False) -> Event:
    """Write a note on the order, for staff alone or for the customer too."""
    order = locks.order(order_id)

    return op.record(
        order, "note.added", facts={"visible": is_public}, private={"note": note}, person=order.person.key,
        public=is_public, targets=[("customer", order.person_id)],
    )
