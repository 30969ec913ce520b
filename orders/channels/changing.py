"""An order made what its channel tells now: other lines and sums of an order nothing of which has left, at a person's word (D2).

Note [What may follow]
    A changed body is a conflict: the order stands, and a person decides. Where they say that the channel is right the order is
    told anew, as a version of its own: each line by the channel's id for it, what it lost is free again, what came is held.
    That is possible while nothing has a label, no money went back, and no more was paid than it comes to now; else the money
    of the change is a matter of refunds, and the goods of returns. The price of a line and the charge for delivery are frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders.channels import moving, placing
from orders.models import Line, Order, OrderRevision
from orders.operations import axes, balance, edit_rules, planning, revise
from timeline.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.models import Variant
    from orders.channels.canonical import Canonical
    from timeline.operations import Operation

CODE = "changed_after_placing"
_SUMS = ("subtotal_minor", "discount_minor", "gst_minor", "shipping_minor", "total_minor")
_OF_LINE = (
    "quantity", "value_minor", "discount_minor", "gst_minor", "cgst_minor", "sgst_minor", "igst_minor", "other_tax_minor", "total_minor",
)


class CannotFollow(Refused):
    """The order cannot be made what its channel tells now."""


def follow_goods(op: Operation, *, ours: Order, order: Canonical, variants: Mapping[str, Variant]) -> Order:
    """Make the order's lines and sums those of the channel's body. Note [What may follow].

    Raises CannotFollow, OutOfStock naming each SKU that is short.
    """
    lines = list(Line.objects.filter(order=ours).order_by("place"))
    _require(ours, order, lines)
    before = {name: getattr(ours, name) for name in _SUMS}
    units = {line.pk: (line.quantity, line.total_minor) for line in lines}
    fresh = {_key(line): line for line in placing.lines_of(op, order, ours.pk, variants)}
    _require_lines(ours, lines, fresh)

    told, added = _matched(op, lines, fresh)
    now = [line for line in [*lines, *added] if line.quantity]
    after = {name: value for name, value in placing.columns_of(order, now).items() if name != "shipping_minor"} | {"revision": ours.revision + 1}
    op.record(ours, "order.edited", stream=str(ours.pk), facts=_facts(ours, [*lines, *added], units, before, after), targets=[("customer", ours.person_id)])
    Order.objects.filter(pk=ours.pk).update(**after)
    for name, value in after.items():
        setattr(ours, name, value)
    Line.objects.bulk_update(told, [*_OF_LINE, "updated_at"])
    Line.objects.bulk_create(added)
    OrderRevision(
        order=ours, number=ours.revision, created_at=op.now, **{name: getattr(ours, name) for name in _SUMS},
        pricing=placing.snapshot_of(op, ours, now),
    ).save(force_insert=True)
    revise.change_stock(op, order=ours, before=units, lines=[*lines, *added])
    planning.plan(op, order_id=ours.pk)
    moving.ask_cash_anew(op, order=ours, told=order.told)
    return axes.refresh(op, order=ours)


def _require(ours: Order, order: Canonical, lines: Sequence[Line]) -> None:
    if ours.status not in balance.OPEN or edit_rules.invoiced(ours.pk):
        raise CannotFollow("Something of it has left, or is ready to: cancel what has not, or take it back as a return.")
    if ours.refunded_minor or order.told.refunded_minor or any(line.quantity_cancelled for line in lines):
        raise CannotFollow("Money went back or units were cancelled already: give the rest back as a refund instead.")
    if ours.paid_minor > order.total_minor:
        raise CannotFollow("More was paid than it comes to now: give the rest back as a refund, and cancel the units.")
    if placing.sums_of(order).shipping_minor != ours.shipping_minor:
        raise CannotFollow("The charge for delivery is another one: cancel the order here, and send it as another one.")
    if order.currency != ours.currency or order.is_held:
        raise CannotFollow("The body itself is not clear: settle what it says first.")


def _require_lines(ours: Order, lines: Sequence[Line], fresh: Mapping[str, Line]) -> None:
    known = [_key(line) for line in lines]
    if "" in known or "" in fresh or len(set(known)) != len(known):
        raise CannotFollow("Its lines have no ids of their own: which is which cannot be told.")
    pairs = [(fresh[key], line) for key, line in zip(known, lines, strict=True) if key in fresh]
    if any((new.variant_id, new.price_minor, new.gst_rate_bp) != (line.variant_id, line.price_minor, line.gst_rate_bp) for new, line in pairs):
        raise CannotFollow("A line is of another product now, or has another price or rate.")
    free = edit_rules.free_units(ours.pk, lines)
    if any(line.quantity - (fresh[_key(line)].quantity if _key(line) in fresh else 0) > free[line.pk] for line in lines):
        raise CannotFollow("Units that are to go are packed already: unpack them first.")


def _matched(op: Operation, lines: Sequence[Line], fresh: Mapping[str, Line]) -> tuple[list[Line], list[Line]]:
    """The lines as they are now, and those that came."""
    for line in lines:
        new = fresh.get(_key(line))
        for name in _OF_LINE:
            setattr(line, name, getattr(new, name) if new is not None else 0)
        line.updated_at = op.now
    known = {_key(line) for line in lines}
    added = [line for key, line in fresh.items() if key not in known]
    for place, line in enumerate(added, len(lines) + 1):
        line.place = place
    return list(lines), added


def _key(line: Line) -> str:
    return str(line.metadata.get("channel", {}).get("lineId") or "")


def _facts(
    ours: Order, lines: Sequence[Line], units: Mapping[Any, tuple[int, int]], before: Mapping[str, int], after: Mapping[str, Any]
) -> dict[str, Any]:
    changed = []
    for line in lines:
        was = units.get(line.pk, (0, 0))
        if was != (line.quantity, line.total_minor):
            changed.append({
                "id": line.pk, "sku": line.sku, "quantity_before": was[0], "quantity": line.quantity, "price_minor": line.price_minor,
                "total_before_minor": was[1], "total_minor": line.total_minor, "value_minor": line.value_minor,
                "discount_minor": line.discount_minor, "tax_minor": line.gst_minor,
            })
    return {
        "revision": after["revision"], "edit_id": None, "before": dict(before), "after": {name: after.get(name, before[name]) for name in _SUMS},
        "total_minor": after["total_minor"], "tax": {name: after[name] for name in ("cgst_minor", "sgst_minor", "igst_minor")},
        "balance_minor": after["total_minor"] - ours.paid_minor, "item_count": after["item_count"], "currency": ours.currency,
        "destination_state": ours.destination_state, "lines": changed,
    }
