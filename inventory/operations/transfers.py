"""Goods change their place in two steps: they are sent, and they are received there, all of them or fewer.

Between the two they are on hand nowhere, and nobody can be promised them. Each transfer is its own story.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory import locks
from inventory.operations.moving import Step, move
from inventory.operations.shelves import (
    QuantityOutOfRange,
    UnknownVariant,
    locked,
    named,
    promised,
    reason_code,
    require_positive,
    require_room,
    variants_of,
    warehouse_of,
)
from inventory.papers import Transfer, TransferLine
from inventory.stock import Movement
from timeline.errors import Busy, Invalid
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from inventory.catalogue import Variant
    from inventory.stock import Level, Warehouse
    from timeline.operations import Operation


class MoreThanSent(Invalid):
    """More units came than were sent; what is found besides is a delivery or a count of its own."""


def send(op: Operation, *, from_code: str, to_code: str, units: Mapping[str, int], reason: str = "transfer") -> Transfer:
    """Free units, by SKU, leave for another warehouse.

    Raises `StockPromised` when too few of one are free, `UnknownVariant`, `UnknownWarehouse`, `QuantityOutOfRange`.
    """
    source, target = warehouse_of(from_code, at="from"), warehouse_of(to_code, at="to")
    variants = variants_of(units)
    if source.id == target.id:
        raise QuantityOutOfRange("Both places are the same warehouse.", errors=[("#/to", "The same as from.")])
    for quantity in units.values():
        require_positive(quantity)
    code, private = reason_code(reason)
    transfer = Transfer(id=op.new_id(), source=source, target=target, sent_at=op.now)
    story = str(transfer.id)
    op.open_stream(story)
    levels = locked(op, variant_ids=[variant.id for variant in variants.values()], warehouse=source)

    steps = [
        Step(levels[variants[sku].id], Movement.Kind.SENT, story, on_hand=-quantity) for sku, quantity in units.items()
    ]
    if refused := move(op, steps=steps, reason=code):
        raise promised(refused[0])
    begin(
        op,
        transfer,
        "transfer.sent",
        stream=story,
        facts={
            "sku": named(units),
            "warehouse": from_code,
            "to_warehouse": to_code,
            "quantity": sum(units.values()),
            "items": [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()],
            "reason": code,
        },
        private=private,
        targets=_targets(transfer, variants.values()),
    )
    TransferLine.objects.bulk_create(
        TransferLine(id=op.new_id(), transfer=transfer, variant=variants[sku], sent=quantity)
        for sku, quantity in units.items()
    )
    return transfer


def take_in(
    op: Operation,
    *,
    transfer_id: UUID,
    received: Mapping[str, int] | None = None,
    damaged: Mapping[str, int] | None = None,
) -> Transfer:
    """The goods are at their new place: on hand what is `received`, damaged what is not whole; the rest is short.

    Without `received` all that is not damaged came. Raises `Missing`, `TransitionRefused`, `UnknownVariant`,
    `MoreThanSent`.
    """
    op.open_stream(str(transfer_id))
    transfer, lines = locks.transfer(transfer_id)
    broken = dict(damaged or {})
    came = {sku: line.sent - broken.get(sku, 0) for sku, line in lines.items()} if received is None else dict(received)
    unknown = sorted((came.keys() | broken.keys()) - lines.keys())
    if unknown:
        raise UnknownVariant(f"This transfer has no {', '.join(unknown)}.", errors=[("#/items", "Not in this transfer.")])
    for sku, line in lines.items():
        whole, torn = came.get(sku, 0), broken.get(sku, 0)
        if whole < 0 or torn < 0 or whole + torn > line.sent:
            raise MoreThanSent(f"{line.sent} of {sku} were sent.", sku=sku, sent=line.sent)
        line.received, line.damaged = whole, torn

    advance(
        op,
        transfer.receive,
        at=op.now,
        stream=str(transfer.id),
        sku=named(lines),
        to_warehouse=transfer.target.code,
        warehouse=transfer.source.code,
        quantity=sum(line.received for line in lines.values()),
        damaged=sum(line.damaged for line in lines.values()),
        short=sum(line.short for line in lines.values()),
        items=[
            {"sku": sku, "received": line.received, "damaged": line.damaged, "short": line.short}
            for sku, line in lines.items()
        ],
        targets=_targets(transfer, [line.variant for line in lines.values()]),
    )
    TransferLine.objects.bulk_update(lines.values(), ["received", "damaged"])
    _put_down(op, transfer, transfer.target, [(line.variant, line.received, line.damaged) for line in lines.values()])
    return transfer


def turn_back(op: Operation, *, transfer_id: UUID) -> Transfer:
    """The goods are back where they came from, all of them. Raises `Missing`, `TransitionRefused`."""
    op.open_stream(str(transfer_id))
    transfer, lines = locks.transfer(transfer_id)

    advance(
        op,
        transfer.call_back,
        at=op.now,
        stream=str(transfer.id),
        sku=named(lines),
        warehouse=transfer.source.code,
        quantity=sum(line.sent for line in lines.values()),
        targets=_targets(transfer, [line.variant for line in lines.values()]),
    )
    _put_down(op, transfer, transfer.source, [(line.variant, line.sent, 0) for line in lines.values()])
    return transfer


def _put_down(
    op: Operation, transfer: Transfer, place: Warehouse, units: Sequence[tuple[Variant, int, int]]
) -> None:
    levels: dict[UUID, Level] = locked(op, variant_ids=[variant.id for variant, _, _ in units], warehouse=place)
    steps = []
    for variant, whole, damaged in units:
        require_room(levels[variant.id], whole + damaged)
        if whole or damaged:
            kind = Movement.Kind.TRANSFERRED
            steps.append(Step(levels[variant.id], kind, str(transfer.id), on_hand=whole, damaged=damaged))
    if steps and move(op, steps=steps, reason="transfer"):
        raise Busy


def _targets(transfer: Transfer, variants: Iterable[Variant]) -> list[tuple[str, UUID]]:
    return [
        ("warehouse", transfer.source_id),
        ("warehouse", transfer.target_id),
        *(("variant", variant.id) for variant in variants),
    ]
