"""Everybody wants the same thing: a cart whose goods are gone is told so before anything is spent on it (F01, P12).

No order number is taken and no lock is waited for. It is a look, not a decision: who passes may still be refused by the one
place that decides, under the lock; who is refused was refused by what everybody could see at that moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory import looking
from inventory.operations import Want
from orders.models import Checkout, CheckoutLine

if TYPE_CHECKING:
    from uuid import UUID


def look(checkout_id: UUID) -> None:
    """Raise OutOfStock when an open checkout cannot become an order now. At most four statements."""
    lines = CheckoutLine.objects.filter(checkout_id=checkout_id, checkout__status=Checkout.Status.OPEN)
    wants = [Want(variant_id=variant_id, quantity=units) for variant_id, units in lines.values_list("variant_id", "quantity")]
    if wants:
        looking.require(stream=str(checkout_id), wants=wants)
