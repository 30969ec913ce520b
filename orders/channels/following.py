"""A body that tells a known order anew: what may follow follows, what contradicts is a conflict a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders import locks
from orders.channels import adapters, changing, deciding, history, matching, moving, placing
from orders.channels.canonical import CANCELLED, REFUNDED, Canonical, Trouble, as_data
from orders.channels.reading import loads
from orders.models import ChannelImport, Order
from orders.operations import people

if TYPE_CHECKING:
    from timeline.operations import Operation

UNCHANGED, UPDATED, CONFLICT = "unchanged", "updated", "conflict"
S = ChannelImport.State
# What went back is a fact, whatever a person decides about the goods or the status.
_MONEY_IS_CLEAR = frozenset({"partly_cancelled", "refund_incomplete"})
_BEFORE_SHIPPING = (Order.Status.PENDING, Order.Status.CONFIRMED, Order.Status.PROCESSING)
# Figures that move with money and parcels, and are followed on their own.
_MOVING = ("paidAmount", "refundedAmount")


def is_seen_before(row: ChannelImport, order: Canonical) -> bool:
    """Whether the body says, in other bytes, exactly what the newest one said."""
    known = row.told()
    fresh = as_data(order)
    told_at = ("changed_at",)
    same = {key: value for key, value in known.items() if key not in told_at} == _jsonish({key: value for key, value in fresh.items() if key not in told_at})
    return bool(known) and same and row.state != S.HELD


def follow(op: Operation, *, row: ChannelImport, said: dict[str, Any], order: Canonical, refusal: Trouble | None) -> str:
    """Bring the order here to what its channel says now; returns updated or conflict. The import's story is locked.

    Raises whatever refuses a step: the caller asks again with that as `refusal`, and then it is a conflict.
    """
    if row.order_id is None:
        raise AssertionError
    order = deciding.apply(order, row.decisions)
    op.open_stream(str(row.order_id))
    ours = locks.order(row.order_id)
    troubles = [*order.troubles, *([refusal] if refusal else []), *_contradictions(row, order, ours)]
    if moving.is_cash_out(ours, order.told):
        troubles.append(Trouble("cash_still_out", "It is paid at the channel, and the parcel that left may still collect cash: stop it.", holds=False))
    row.reasons = [trouble.row() for trouble in troubles]
    held = {trouble.code for trouble in troubles if trouble.holds}
    if held and held <= _MONEY_IS_CLEAR:
        with op.about(str(ours.pk)):
            moving.follow_money(op, order=ours, told=order.told)
    if held:
        return _dispute(op, row, said, order)
    _addresses(op, ours, order)
    if ours.channel_status != order.told.words:
        op.record(
            ours, "order.channel_told", stream=str(ours.pk),
            facts={"channel": row.channel, "channel_status": order.told.words, "before": ours.channel_status or None},
        )
        Order.objects.filter(pk=ours.pk).update(channel_status=order.told.words)
        ours.channel_status = order.told.words
    move = moving.stay if moving.is_ahead(ours, order.told) else moving.take_as_far
    with op.about(str(ours.pk)):
        ours = moving.call_off(op, order=ours, units=_called_off(order))
        move(op, order=ours, told=order.told)
    row.state = S.IMPORTED
    op.record(
        row, "channel_import.changed", stream=row.story, facts=history.words(row, order), targets=[("order", ours.pk)],
        **history.sealed(row, said),
    )
    _save(row)
    return UPDATED


def follow_money(op: Operation, *, row: ChannelImport, order: Canonical) -> bool:
    """Book what the channel took or gave back, and nothing else; whether there was any."""
    if row.order_id is None:
        raise AssertionError
    op.open_stream(str(row.order_id))
    ours = locks.order(row.order_id)
    if order.currency != ours.currency:
        return False
    before = (ours.paid_minor, ours.refunded_minor)
    with op.about(str(ours.pk)):
        now = moving.follow_money(op, order=ours, told=order.told)
    return before != (now.paid_minor, now.refunded_minor)


def settle(op: Operation, *, row: ChannelImport, status: str, takes_over: bool = False) -> None:
    """What the newest body says beside the settled conflict: its money, and where a person said what its status means, the step.

    With `takes_over` the order's lines and sums become the body's: Note [What may follow]. Raises whatever refuses a step.
    """
    said = loads(row.body() or b"{}")
    if row.order_id is None or not said:
        return
    order = deciding.apply(adapters.translate(row.channel, said), row.decisions)
    op.open_stream(str(row.order_id))
    ours = locks.order(row.order_id)
    if order.currency != ours.currency:
        return
    move = moving.follow_money if not (status or takes_over) else moving.stay if moving.is_ahead(ours, order.told) else moving.take_as_far
    with op.about(str(ours.pk)):
        if takes_over:
            variants, unmatched = matching.match(order, row.shop)
            if unmatched:
                raise changing.CannotFollow(unmatched[0].detail)
            ours = changing.follow_goods(op, ours=ours, order=order, variants=variants)
        move(op, order=ours, told=order.told)


def _dispute(op: Operation, row: ChannelImport, said: dict[str, Any], order: Canonical) -> str:
    row.state = S.CONFLICT
    op.record(
        row, "channel_import.disputed", stream=row.story,
        facts={**history.words(row, order), "reasons": ", ".join(reason["code"] for reason in row.reasons if reason["holds"])},
        targets=[("order", row.order_id)], **history.sealed(row, said),
    )
    _save(row)
    return CONFLICT


def _contradictions(row: ChannelImport, order: Canonical, ours: Order) -> list[Trouble]:
    found = []
    placed, now = _fixed(row.placed), _fixed(order.sums())
    if placed != now and order.told.status != CANCELLED:  # of what is not to be sent at all, no figure matters any more
        names = sorted(name for name in now if placed.get(name) != now[name])
        found.append(
            Trouble(
                "changed_after_placing", f"The channel changed {', '.join(names)} of an order that stands here.",
                difference_minor=order.total_minor - int(row.placed.get("total", 0)),
            )
        )
    if order.currency != ours.currency and placed == now:
        found.append(Trouble("several_currencies", f"The order is in {ours.currency} here, and its channel now tells it in another currency."))
    ended = ours.status in (Order.Status.CANCELLED, Order.Status.REFUNDED)
    if ended and order.told.status not in {CANCELLED, REFUNDED}:
        found.append(Trouble("status_went_back", f"The order is {ours.status} here, the channel says {order.told.words}."))
    if ours.status == Order.Status.DELIVERED and order.told.status == CANCELLED:
        found.append(Trouble("status_went_back", "The order is delivered here, the channel says it is cancelled."))
    return found


def _called_off(order: Canonical) -> dict[str, int]:
    """Units by the channel's line that are not to be sent."""
    return {item.key: item.cancelled for item in order.items if item.cancelled and item.key}


def _addresses(op: Operation, ours: Order, order: Canonical) -> None:
    """Other addresses before the parcel leaves."""
    if ours.status not in _BEFORE_SHIPPING:
        return
    moved = _moved(op, ours, order)
    if not moved:
        return
    changed = {f"{name}_id": moved[name].pk for name in ("shipping_address", "billing_address") if name in moved}
    op.record(
        ours, "order.edited", stream=str(ours.pk),
        facts={
            **changed, "revision": ours.revision, "destination_state": moved.get("destination_state", ours.destination_state), "item_count": ours.item_count,
            "total_minor": ours.total_minor, "currency": ours.currency, "balance_minor": 0,
            "tax": {name: getattr(ours, name) for name in ("cgst_minor", "sgst_minor", "igst_minor")},
        },
        targets=[("customer", ours.person_id)],
    )
    Order.objects.filter(pk=ours.pk).update(**moved)
    for name, value in moved.items():
        setattr(ours, name, value)


def _moved(op: Operation, ours: Order, order: Canonical) -> dict[str, Any]:
    """The order's columns that other addresses change; a body that tells none changes none."""
    moved: dict[str, Any] = {}
    shipping, billing = placing.address_of(order.shipping), placing.address_of(order.billing)
    if order.shipping and shipping != people.read_address(ours.shipping_address, ours.person):
        moved["shipping_address"] = people.keep_address(op, person=ours.person, address=shipping)
        moved |= {"destination_state": placing.destination_of(order.shipping), **people.place_tokens(shipping)}
    to = moved.get("shipping_address", ours.shipping_address)
    if order.billing and billing != people.read_address(ours.billing_address, ours.person):
        moved["billing_address"] = to if billing == shipping else people.keep_address(op, person=ours.person, address=billing)
    elif not order.billing and moved and ours.billing_address_id == ours.shipping_address_id:
        moved["billing_address"] = to  # billed to where it is sent, as no body said otherwise
    return moved


def _fixed(sums: dict[str, Any]) -> dict[str, Any]:
    """What must stay as it was placed; units that were called off are followed on their own."""
    fixed = {name: value for name, value in sums.items() if name not in _MOVING}
    items = sums.get("items")
    if isinstance(items, list):
        fixed["items"] = [{name: value for name, value in item.items() if name != "cancelled"} for item in items]
    return fixed


def _save(row: ChannelImport) -> None:
    ChannelImport.objects.filter(pk=row.pk).update(state=row.state, reasons=row.reasons)


def _jsonish(value: Any) -> Any:
    """Tuples as lists, as they come back from the sealed copy."""
    if isinstance(value, dict):
        return {key: _jsonish(inner) for key, inner in value.items()}
    return [_jsonish(inner) for inner in value] if isinstance(value, list | tuple) else value
