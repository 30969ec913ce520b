"""What a person decided about a held import, applied to what its channel told. Pure.

Decisions are `{"statuses": {"awaiting-courier": "confirmed"}, "accept": {"totals_do_not_add_up": 1}}`: they hold for the very
word and difference they were made about, and for no later one. An accepted difference becomes a charge or a discount of its
own, named as what it is; nothing else is bent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orders.channels.canonical import Canonical, Charge

# What a person may take as it is. The others need something to be said or changed: a SKU, a status, stock, a better body.
ACCEPTABLE = frozenset(
    {
        "totals_do_not_add_up", "tax_does_not_add_up", "finer_than_minor_unit", "partly_cancelled", "unknown_item_status",
        "item_does_not_add_up", "negative_discount", "several_currencies", "quantities_do_not_add_up", "line_to_check", "not_a_plain_order",
        "unknown_price_basis", "changed_after_placing",
    }
)
# What is settled by saying which status the channel's word means.
STATUS_TO_SAY = frozenset({"unknown_status", "refund_incomplete"})
_DIFFERENCE = "totals_do_not_add_up"


def apply(order: Canonical, decisions: Mapping[str, Any]) -> Canonical:
    """The order with what was decided; troubles that a decision settles hold it no longer. Applied twice it is the same."""
    accepted = {(code, told) for code, told in dict(decisions.get("accept", {})).items() if code in ACCEPTABLE}
    status = str(dict(decisions.get("statuses", {})).get(order.told.words, ""))
    troubles = []
    for trouble in order.troubles:
        is_decided = (trouble.code, trouble.difference_minor) in accepted or (trouble.code in STATUS_TO_SAY and bool(status))
        settled = trouble.holds and is_decided
        troubles.append(replace(trouble, holds=False) if settled else trouble)
        if settled and trouble.code == _DIFFERENCE:
            order = _with_difference(order, trouble.difference_minor)
    if status and not order.told.status:
        order = replace(order, told=replace(order.told, status=status))
    return replace(order, troubles=tuple(troubles))


def _with_difference(order: Canonical, difference_minor: int) -> Canonical:
    if difference_minor < 0:
        return replace(order, order_discount_minor=order.order_discount_minor - difference_minor)
    charge = Charge("difference", "Difference, accepted", difference_minor, 0, 0, difference_minor)
    return replace(order, charges=(*order.charges, charge))
