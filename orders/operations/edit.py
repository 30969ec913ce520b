"""Change an order after it was placed: staged, previewed in money and stock, then committed as it was shown, or dropped.

Several changes may be prepared side by side; none of them holds anything. A change is worked out anew under the order's
lock when it is committed, and refused when that is not what its preview said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders import locks
from orders.models import Order, OrderEdit
from orders.operations import edit_preview, edit_rules, people, revise
from orders.operations.edit_preview import Planned, Wish
from timeline.errors import Missing, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from orders.models import Address, Line
    from timeline.operations import Operation

STAGED_MAX = 20

__all__ = ["Planned", "Wish"]


class EditsFull(Refused):
    """As many changes of this order are prepared as may be; commit or discard one first."""


class EditClosed(Refused):
    """This change has been made or dropped before; prepare another one."""


class PreviewChanged(Refused):
    """The change would come to something else than was shown; look at it again, then commit it."""


class BalanceDiffers(Refused):
    """The balance is not the one that was expected; look at the change again."""


class CannotReaddress(Refused):
    """The address can be changed until the order is packed."""


class AddressMovesMoney(Refused):
    """In that state the taxes come to another total: ask the shop to change the address."""


def stage(op: Operation, *, order_id: UUID, wish: Wish) -> OrderEdit:
    """Prepare a change and show what it would come to; nothing is changed or held yet.

    Raises EditsFull, and what `edit_preview.plan` raises.
    """
    order = locks.order(order_id)
    lines = locks.lines(order_id)

    if OrderEdit.objects.filter(order=order, status=OrderEdit.Status.STAGED).count() >= STAGED_MAX:
        raise EditsFull
    planned = edit_preview.plan(order, lines, wish)

    edit = OrderEdit(
        id=op.new_id(), order=order, changes=planned.wish.stored(), based_on=op.version(str(order.pk)),
        preview=edit_preview.preview(order, lines, planned), created_at=op.now, created_by=op.actor.id, updated_at=op.now,
    )
    edit.seal_addresses(order.person, planned.wish.addresses())
    begin(op, edit, "order.edit_staged", stream=str(order.pk), facts=_facts(edit), targets=[("order", order.pk)])
    return edit


def change(op: Operation, *, order_id: UUID, edit_id: UUID, changes: Mapping[str, Any]) -> OrderEdit:
    """Prepare it otherwise: what is named replaces what was wished before. Without a word it is only shown anew.

    Raises Missing, EditClosed, and what `edit_preview.plan` raises.
    """
    order = locks.order(order_id)
    lines = locks.lines(order_id)
    edit = _staged(order, edit_id)
    wish = edit_preview.wish_of(edit, order.person).otherwise(changes)
    planned = edit_preview.plan(order, lines, wish)

    edit.preview = edit_preview.preview(order, lines, planned)
    edit.changes, edit.based_on, edit.updated_at = planned.wish.stored(), op.version(str(order.pk)), op.now
    edit.seal_addresses(order.person, planned.wish.addresses())

    op.record(edit, "order.edit_changed", stream=str(order.pk), facts=_facts(edit), targets=[("order", order.pk)])
    OrderEdit.objects.filter(pk=edit.pk).update(
        preview=edit.preview, changes=edit.changes, based_on=edit.based_on, sealed=edit.sealed, updated_at=op.now
    )
    return edit


def commit(op: Operation, *, order_id: UUID, edit_id: UUID, expected_balance_minor: int | None = None) -> OrderEdit:
    """Make the order what the change says, exactly as it was shown.

    Raises Missing, EditClosed, PreviewChanged, BalanceDiffers, OutOfStock, and what `edit_preview.plan` raises.
    """
    order = locks.order(order_id)
    lines = locks.lines(order_id)
    edit = _staged(order, edit_id)
    wish = edit_preview.wish_of(edit, order.person)
    planned = edit_preview.plan(order, lines, wish)
    now = edit_preview.preview(order, lines, planned)

    if edit_preview.money_of(now) != edit_preview.money_of(edit.preview):
        raise PreviewChanged(balance=now["balance"], total=now["after"]["total"])
    if expected_balance_minor is not None and expected_balance_minor != now["balance"]:
        raise BalanceDiffers(balance=now["balance"], expected_balance=expected_balance_minor)

    advance(op, edit.commit, stream=str(order.pk), at=op.now, revision=order.revision + 1, targets=[("order", order.pk)])
    _write(op, order, lines, planned, edit=edit)
    return edit


def discard(op: Operation, *, order_id: UUID, edit_id: UUID) -> OrderEdit:
    """Drop a prepared change. Dropping it again changes nothing. Raises Missing, EditClosed once it was committed."""
    order = locks.order(order_id)
    edit = _own(order, edit_id)

    if edit.status == OrderEdit.Status.DISCARDED:
        return edit
    _require_staged(edit)

    advance(op, edit.discard, stream=str(order.pk), at=op.now, targets=[("order", order.pk)])
    return edit


def readdress(op: Operation, *, order_id: UUID, address: Mapping[str, Any]) -> Order:
    """The customer sends it somewhere else, until it is packed, and only where the total stays.

    Raises CannotReaddress, AddressMovesMoney, and what `stage` and `commit` raise.
    """
    order = locks.order(order_id)

    why = address_refusal(order, locks.lines(order_id))
    if why:
        raise CannotReaddress(why)

    edit = stage(op, order_id=order_id, wish=Wish(shipping=address))
    if edit.preview["difference"]:
        raise AddressMovesMoney
    commit(op, order_id=order_id, edit_id=edit.pk)
    return order


def address_refusal(order: Order, lines: Sequence[Line]) -> str:
    """Why the customer cannot change the address now, and what to do instead; empty when it is possible."""
    if order.status == Order.Status.PROCESSING:
        return "The address can be changed until the order is packed. It is being packed: ask the shop."
    try:
        edit_rules.require_address(order, lines)
    except edit_rules.NotEditable as error:
        return error.detail
    return ""


def _write(op: Operation, order: Order, lines: list[Line], planned: Planned, *, edit: OrderEdit) -> None:
    shipping = _address(op, order, planned.wish.shipping)
    same = planned.wish.billing == planned.wish.shipping
    billing = shipping if same else _address(op, order, planned.wish.billing)
    revise.write(op, order=order, lines=lines, draft=planned.draft, edit=edit, shipping=shipping, billing=billing)


def _address(op: Operation, order: Order, wanted: Mapping[str, Any] | None) -> Address | None:
    return people.keep_address(op, person=order.person, address=dict(wanted)) if wanted else None


def _facts(edit: OrderEdit) -> dict[str, Any]:
    shown = edit.preview
    return {
        "edit_id": edit.pk,
        "based_on": edit.based_on,
        "total_before_minor": shown["before"]["total"],
        "total_minor": shown["after"]["total"],
        "balance_minor": shown["balance"],
        "added": [{"sku": row["sku"], "quantity": row["quantity"]} for row in edit.changes["add"]],
        "quantities": [{"id": row["orderItemId"], "quantity": row["quantity"]} for row in edit.changes["quantities"]],
        "addresses": edit.changes["addresses"],
        "discount_minor": edit.changes.get("discount") or None,
    }


def _staged(order: Order, edit_id: UUID) -> OrderEdit:
    edit = _own(order, edit_id)
    _require_staged(edit)
    return edit


def _require_staged(edit: OrderEdit) -> None:
    if edit.status != OrderEdit.Status.STAGED:
        raise EditClosed(f"The change was {edit.status} before.", status=str(edit.status))


def _own(order: Order, edit_id: UUID) -> OrderEdit:
    found = OrderEdit.objects.filter(order=order, pk=edit_id).first()
    if found is None:
        raise Missing
    return found
