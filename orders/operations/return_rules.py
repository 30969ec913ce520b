"""Days of a product's own in which it may be sent back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.models import Variant
from orders.models import ReturnRule
from timeline.errors import Invalid

if TYPE_CHECKING:
    from timeline.operations import Operation


class UnknownProduct(Invalid):
    """There is no such product."""


def set_days(op: Operation, *, sku: str, days: int | None) -> ReturnRule | None:
    """So many days for this product from now on; 0 is a final sale, None the shop's own days again. Raises UnknownProduct."""
    variant = Variant.objects.filter(sku=sku).first()
    if variant is None:
        raise UnknownProduct(f"There is no {sku}.", errors=[("#/sku", "Not known.")])
    op.open_stream(str(variant.pk))

    op.record(
        variant, "return_rule.changed", stream=str(variant.pk),
        facts={"sku": sku, "days": days if days is not None else "the shop's own"},
    )
    if days is None:
        ReturnRule.objects.filter(variant=variant).delete()
        return None
    rule, _ = ReturnRule.objects.update_or_create(
        variant=variant, defaults={"days": days, "updated_at": op.now}
    )
    return rule
