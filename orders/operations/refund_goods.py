"""What becomes of the goods a refund is for: back to stock, set aside as damaged, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from orders.models import Line
from orders.operations import planning, shelf
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orders.models import Order
    from timeline.operations import Operation

STOCK, DAMAGED, NONE = "stock", "damaged", "none"
CHOICES = (STOCK, DAMAGED, NONE)


class CannotRestock(Invalid):
    """More units are to be put back than are at hand: in no parcel yet, or delivered and not returned before."""


def within_reach(line: Line, *, boxed: int) -> int:
    """Units somebody could put back now: those in no parcel yet, and those that arrived and were not returned before.

    `boxed` units wait in a parcel for its label: whoever wants them back calls the parcel off first.
    """
    return line.to_ship - boxed + line.quantity_delivered - line.quantity_returned


def wanted(
    *, order: Order, lines: Sequence[Line], items: Mapping[UUID, int], restock: bool, restock_lines: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What is to become of which units, as it is kept with the refund. Raises CannotRestock.

    `restock` without lines named puts the refund's units (without items: all) back to stock, as far as they are at hand.
    """
    if restock and not restock_lines:
        every = items or {line.pk: line.quantity for line in lines}
        return [_wire(line.pk, every[line.pk], STOCK) for line in lines if line.pk in every]
    unplanned = planning.to_plan(planning.read(order.pk)) if restock_lines else {}
    reach = {line.pk: within_reach(line, boxed=line.to_ship - unplanned[line.pk]) for line in lines if line.pk in unplanned}
    errors = []
    for place, row in enumerate(restock_lines):
        pk, units = row["order_item_id"], row["quantity"] if row["to"] != NONE else 0
        if pk not in reach:
            errors.append((f"#/restockLines/{place}", "There is no such line."))
        elif units > reach[pk]:
            errors.append((f"#/restockLines/{place}", f"At hand: {reach[pk]}."))
        else:
            reach[pk] -= units
    if errors:
        raise CannotRestock(errors=errors)
    return [_wire(row["order_item_id"], row["quantity"], row["to"]) for row in restock_lines]


def put_back(
    op: Operation, *, order: Order, lines: Sequence[Line], kept: Sequence[Mapping[str, Any]], refund_id: UUID
) -> None:
    """Do with the goods what a refund keeps: units in no parcel are free again, delivered ones come back.

    Damaged ones are set aside and cannot be sold. What is not at hand any more is left as it is.
    """
    by_id = {str(line.pk): line for line in lines}
    unplanned = planning.to_plan(planning.read(order.pk))
    freed: dict[str, dict[UUID, int]] = {STOCK: {}, DAMAGED: {}}
    returned: dict[str, dict[UUID, int]] = {STOCK: {}, DAMAGED: {}}
    told: list[dict[str, Any]] = []
    for row in kept:
        line = by_id.get(row["orderItemId"])
        if line is None or row["to"] == NONE:
            continue
        free = min(row["quantity"], unplanned[line.pk])
        unplanned[line.pk] -= free
        back = min(row["quantity"] - free, line.quantity_delivered - line.quantity_returned)
        line.quantity_cancelled += free
        line.quantity_returned += back
        line.updated_at = op.now
        told.append({"order_item_id": line.pk, "sku": line.sku, "cancelled": free, "returned": back, "to": row["to"]})
        for units, goods in ((free, freed[row["to"]]), (back, returned[row["to"]])):
            if units:
                goods[line.variant_id] = goods.get(line.variant_id, 0) + units
    stream = str(order.pk)
    op.record(
        order, "refund.goods_back", stream=stream, targets=[("refund", refund_id)],
        facts={"refund_id": refund_id, "units": sum(row["cancelled"] + row["returned"] for row in told), "items": told},
    )
    shelf.free(op, stream=stream, units=freed[STOCK])
    shelf.write_off(op, stream=stream, units=freed[DAMAGED])
    for to, goods in returned.items():
        if goods:
            shelf.come_back(
                op, stream=stream, warehouse_code=None, units=goods, reason="refunded_with_goods", damaged=to == DAMAGED
            )
    Line.objects.bulk_update(lines, ["quantity_cancelled", "quantity_returned", "updated_at"])


def _wire(line_id: UUID, quantity: int, to: str) -> dict[str, Any]:
    return {"orderItemId": str(line_id), "quantity": quantity, "to": to}
