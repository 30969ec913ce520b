"""See one order's customer in full, for a reason that is kept (B67, B70)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders.models import Order

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation


def reveal(op: Operation, *, order_id: UUID, reason: str) -> Order:
    """Book who sees the customer of this order, and why, in the customer's own story."""
    order = Order.objects.select_related("person__key").get(pk=order_id)
    story = str(order.person_id)
    op.open_stream(story)
    op.record(
        order.person, "personal_data.revealed", stream=story, facts={"order_id": order.pk}, private={"reason": reason},
        person=order.person.key, targets=[("customer", order.person_id), ("order", order.pk)],
    )
    return order
