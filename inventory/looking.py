"""A look before the lock: what is clearly not there is refused without waiting behind those who are being served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from inventory.allocation import OutOfStock, divide
from inventory.catalogue import Variant
from inventory.operations.holding import merged
from inventory.stock import Hold, Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from inventory.operations import Want


def require(*, stream: str, wants: Sequence[Want]) -> None:
    """Raise `OutOfStock` when what the story wants and does not hold yet is neither there nor promised for later now.

    Nothing is locked and nothing taken: `commit` decides, this spares what would be in vain. One statement where all is
    there; what the story holds itself is asked for only when it is not.
    """
    wanted = merged(wants)
    levels = list(Level.objects.select_related("warehouse", "variant").filter(variant_id__in=wanted))
    try:
        _require(wanted, levels)
    except OutOfStock:
        held = Hold.objects.filter(stream=stream, status__in=Hold.LIVE, variant_id__in=wanted)
        mine = list(held.values_list("variant_id", "quantity"))
        for variant_id, quantity in mine:
            wanted[variant_id] -= quantity
        if not mine:
            raise
        _require({variant_id: units for variant_id, units in wanted.items() if units > 0}, levels)


def _require(wanted: Mapping[UUID, int], levels: Sequence[Level]) -> None:
    variants = {level.variant_id: level.variant for level in levels}
    nowhere = wanted.keys() - variants.keys()
    if nowhere:
        variants |= {variant.id: variant for variant in Variant.objects.filter(id__in=nowhere)}
    divide(wanted, levels, variants=variants, today=timezone.localdate())
