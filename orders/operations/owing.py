"""An order that is not paid owes less: units are taken off it at exactly what they cost, also after its invoice.

Before the invoice it is the revision of an edit. After it the invoice stands, and a credit note says by how much less; no money
moves, for none came. What is asked for, at the gateway or at the door, is the new total.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orders import locks
from orders.operations import balance, documents, edit_rules, revise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from timeline.operations import Operation


def take_off(op: Operation, *, order_id: UUID, items: Mapping[UUID, int]) -> None:
    """Take so many units of each line off an unpaid order.

    Raises PaymentUnderWay, and what `revise.revise_units` and `revise.draw` raise.
    """
    if not edit_rules.invoiced(order_id):
        revise.revise_units(op, order_id=order_id, items=items)
        return
    order, lines = locks.order(order_id), locks.lines(order_id)
    if balance.is_under_way(order):
        raise edit_rules.PaymentUnderWay
    keeping = {line.pk: line.quantity - items[line.pk] for line in lines if line.pk in items}
    draft = revise.draw(order=order, lines=lines, quantities=keeping)

    revise.write(op, order=order, lines=lines, draft=draft)
    documents.issue_reduction(op, order_id=order_id)
