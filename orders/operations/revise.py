"""Make an order another one: fewer units, further lines, another place of supply. The book first, then every row of it.

`draw` works out what the order would be, reading only; `write` makes it so. What an edit shows is therefore what it does.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from inventory import operations as stock
from inventory import queries as shelves
from inventory.operations import Want
from orders import locks
from orders.models import Line, Order, OrderRevision, RefundPart
from orders.operations import axes, balance, edit_rules, people, planning, refund_parts
from orders.operations.confirm import confirm_when_paid
from orders.pricing import gst, revision
from orders.pricing.giving_back import BeyondRemaining, Remaining
from orders.pricing.moments import instant_text
from orders.pricing.money import split
from orders.pricing.quote import SUBTOTAL_MINOR_MAX, LineInvalid, QuotedLine
from orders.pricing.revision import Revised, Term
from timeline.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.models import Variant
    from orders.models import Address, OrderEdit
    from timeline.operations import Operation

LINES_MAX = 150
REVISIONS_MAX = 200
_SUMS = ("subtotal_minor", "discount_minor", "gst_minor", "shipping_minor", "total_minor")


class NothingLeft(Refused):
    """Nothing would be left to send, or nothing to pay: cancel the order instead."""


class UnitsNotThere(Invalid):
    """More units are named than the order has free."""


class TooMuchChanged(Invalid):
    """The order would have more lines, or be worth more, than one order may; place another one."""


class DiscountTooHigh(Invalid):
    """A discount by hand takes at most what the goods cost."""


class MoneyWentBack(Refused):
    """Money has gone back for what is to be taken away: give the rest back as a refund instead."""


@dataclass(frozen=True, slots=True)
class Added:
    """Units to be added at today's price, as a line of their own. `key` names it until it has an id."""

    key: str
    variant: Variant
    quantity: int
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """What the order would be. `terms` are of all lines in their order, those that lose everything included."""

    terms: tuple[Term, ...]
    revised: Revised
    added: tuple[Added, ...]
    destination_state: str
    discount_minor: int = 0


def draw(
    *, order: Order, lines: Sequence[Line], quantities: Mapping[UUID, int], added: Sequence[Added] = (),
    destination_state: str | None = None, discount_minor: int = 0,
) -> Draft:
    """What the order comes to when each line named keeps so many units, these are added, and so much is let off. Reads only.

    Note [What an edit does to a line] is the rule. Raises UnitsNotThere, UnitsPacked, NothingLeft, TooMuchChanged,
    DiscountTooHigh, MoneyWentBack.
    """
    edit_rules.require_ours(order)
    _require_free(order, lines, quantities)
    terms = [_term(line).keeping(quantities.get(line.pk, line.quantity)) for line in lines]
    terms += [_new_term(one) for one in added]
    terms = _less(terms, discount_minor)
    state = destination_state or order.destination_state
    intra = gst.is_intra(settings.SHOP_STATE, state)
    try:
        revised = revision.priced(
            terms, shipping_minor=order.shipping_minor, intra=intra, shipping_tax=_shipping_tax(order, intra=intra)
        )
    except LineInvalid as error:
        raise TooMuchChanged(str(error)) from error

    to_send = sum(term.quantity for term in terms) - sum(line.quantity_cancelled for line in lines)
    if to_send < 1 or (order.total_minor and not revised.total_minor):
        raise NothingLeft
    if len(terms) > LINES_MAX or revised.subtotal_minor > SUBTOTAL_MINOR_MAX or order.revision >= REVISIONS_MAX:
        raise TooMuchChanged
    _require_parts_fit(order, lines, revised)
    return Draft(
        terms=tuple(terms), revised=revised, added=tuple(added), destination_state=state, discount_minor=discount_minor
    )


def write(
    op: Operation, *, order: Order, lines: Sequence[Line], draft: Draft, edit: OrderEdit | None = None,
    shipping: Address | None = None, billing: Address | None = None,
) -> OrderRevision:
    """Make the order what the draft says: event, sums, lines, version, stock, money, and what follows from it.

    Raises OutOfStock naming each SKU that is short.
    """
    before = {name: getattr(order, name) for name in _SUMS}
    units = {line.pk: (line.quantity, line.total_minor) for line in lines}
    after = _order_columns(order, draft)
    addresses = {"shipping_address": shipping, "billing_address": billing}
    moved = {name: address for name, address in addresses.items() if address is not None}
    ids = {one.key: op.new_id() for one in draft.added}

    if draft.discount_minor:
        op.record(
            order, "order.discounted", stream=str(order.pk), targets=[("customer", order.person_id)],
            facts={
                "amount_minor": draft.discount_minor, "currency": order.currency, "edit_id": edit.pk if edit is not None else None,
                "discount_before_minor": before["discount_minor"], "discount_minor": after["discount_minor"],
            },
        )
    op.record(
        order, "order.edited", stream=str(order.pk),
        facts=_facts(order, lines, draft, before=before, after=after, ids=ids, edit=edit, moved=moved),
        targets=[("customer", order.person_id), *([("orderedit", edit.pk)] if edit is not None else [])],
    )
    found_by = people.place_tokens(people.read_address(shipping, order.person)) if shipping is not None else {}
    Order.objects.filter(pk=order.pk).update(**after, **moved, **found_by)
    for name, value in {**after, **moved, **found_by}.items():
        setattr(order, name, value)
    _change_lines(op, lines, draft)
    fresh = [
        _line_of(op, order=order, one=one, price=draft.revised.by_key[one.key], line_id=ids[one.key], place=len(lines) + place)
        for place, one in enumerate(draft.added, 1)
    ]
    Line.objects.bulk_create(fresh)
    kept = _keep(op, order, draft, ids, edit)
    change_stock(op, order=order, before=units, lines=[*lines, *fresh])
    planning.plan(op, order_id=order.pk)
    axes.refresh(op, order=order)
    balance.close(op, order=order, has_risen=order.total_minor > before["total_minor"])
    confirm_when_paid(op, order=order)
    return kept


def revise_units(op: Operation, *, order_id: UUID, items: Mapping[UUID, int]) -> Order:
    """Take so many units of these lines off the order, each at exactly what it cost.

    Raises NotEditable, PaymentUnderWay, and what `draw` raises.
    """
    order = locks.order(order_id)
    lines = locks.lines(order_id)

    edit_rules.require_goods(order)
    known = {line.pk: line.quantity for line in lines}
    _require_units(known, items)
    draft = draw(order=order, lines=lines, quantities={pk: known[pk] - units for pk, units in items.items()})

    write(op, order=order, lines=lines, draft=draft)
    return order


def _require_units(known: Mapping[UUID, int], items: Mapping[UUID, int]) -> None:
    errors = [
        (f"#/items/{place}", f"{known[pk]} units are there." if pk in known else "There is no such line.")
        for place, (pk, units) in enumerate(items.items())
        if not 1 <= units <= known.get(pk, 0)
    ]
    if errors or not items:
        raise UnitsNotThere(errors=errors)


def _require_free(order: Order, lines: Sequence[Line], quantities: Mapping[UUID, int]) -> None:
    free = edit_rules.free_units(order.pk, lines)
    by_id = {line.pk: line for line in lines}
    unknown, packed = [], []
    for place, (pk, quantity) in enumerate(quantities.items()):
        line = by_id.get(pk)
        if line is None or not 0 <= quantity <= line.quantity:
            unknown.append((f"#/quantities/{place}", "There is no such line." if line is None else f"0 to {line.quantity}."))
        elif line.quantity - quantity > free[pk]:
            packed.append((f"#/quantities/{place}", f"{max(0, free[pk])} units of {line.sku} are free."))
    if unknown:
        raise UnitsNotThere(errors=unknown)
    if packed:
        raise edit_rules.UnitsPacked(errors=packed)


def _require_parts_fit(order: Order, lines: Sequence[Line], revised: Revised) -> None:
    """What has gone back of a line is still part of what it comes to."""
    rows = RefundPart.objects.filter(order=order, refund__status__in=refund_parts.COUNTED)
    parts = [refund_parts.part_of(row) for row in rows]
    if not parts:
        return
    by_key = revised.by_key
    shipping = Remaining(
        key=None, units=0, taxable_minor=revised.shipping_minor - revised.shipping_tax.total_minor,
        cgst_minor=revised.shipping_tax.cgst_minor, sgst_minor=revised.shipping_tax.sgst_minor,
        igst_minor=revised.shipping_tax.igst_minor, total_minor=revised.shipping_minor,
    )
    try:
        for whole in [*(_whole(str(line.pk), by_key.get(str(line.pk))) for line in lines), shipping]:
            whole.less(parts)
    except BeyondRemaining as error:
        raise MoneyWentBack from error


def _less(terms: Sequence[Term], discount_minor: int) -> list[Term]:
    """The terms with a discount given by hand, spread by what is left of each line's price. Raises DiscountTooHigh."""
    if not discount_minor:
        return list(terms)
    worth = [term.quantity * term.price_minor - term.discount_minor for term in terms]
    if discount_minor > sum(worth):
        raise DiscountTooHigh(errors=[("#/discountAmount", f"at most {sum(worth)}")])
    shares = split(discount_minor, worth)
    return [replace(term, discount_minor=term.discount_minor + share) for term, share in zip(terms, shares, strict=True)]


def _whole(key: str, line: QuotedLine | None) -> Remaining:
    if line is None:
        return Remaining(key=key, units=0, taxable_minor=0, cgst_minor=0, sgst_minor=0, igst_minor=0, total_minor=0)
    return Remaining(
        key=key, units=line.quantity, taxable_minor=line.taxable_minor, cgst_minor=line.gst.cgst_minor,
        sgst_minor=line.gst.sgst_minor, igst_minor=line.gst.igst_minor, total_minor=line.total_minor,
    )


def _shipping_tax(order: Order, *, intra: bool) -> gst.Tax | None:
    """The tax within shipping stays where some of the charge has gone back; else it follows the goods again (None)."""
    pricing = order.prices()
    gone = RefundPart.objects.filter(order=order, line=None, refund__status__in=refund_parts.COUNTED).exists()
    return revision.tax_of(pricing["shippingTaxIncluded"]) if gone and pricing["isIntraState"] == intra else None


def _order_columns(order: Order, draft: Draft) -> dict[str, Any]:
    revised = draft.revised
    return {
        "subtotal_minor": revised.subtotal_minor,
        "discount_minor": revised.discount_minor,
        "gst_minor": revised.gst_minor,
        "cgst_minor": revised.gst.cgst_minor,
        "sgst_minor": revised.gst.sgst_minor,
        "igst_minor": revised.gst.igst_minor,
        "total_minor": revised.total_minor,
        "item_count": sum(line.quantity for line in revised.lines),
        "destination_state": draft.destination_state,
        "revision": order.revision + 1,
    }


def _change_lines(op: Operation, lines: Sequence[Line], draft: Draft) -> None:
    by_key = draft.revised.by_key
    changed = []
    for line in lines:
        columns = _line_columns(by_key.get(str(line.pk)))
        if any(getattr(line, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(line, name, value)
            line.updated_at = op.now
            changed.append(line)
    Line.objects.bulk_update(changed, [*_line_columns(None), "updated_at"])


def _line_columns(line: QuotedLine | None) -> dict[str, int]:
    names = ("quantity", "value_minor", "discount_minor", "gst_minor", "total_minor")
    tax = line.gst if line is not None else gst.Tax()
    return {
        **{name: getattr(line, name) if line is not None else 0 for name in names},
        "cgst_minor": tax.cgst_minor,
        "sgst_minor": tax.sgst_minor,
        "igst_minor": tax.igst_minor,
    }


def _line_of(op: Operation, *, order: Order, one: Added, price: QuotedLine, line_id: UUID, place: int) -> Line:
    variant = one.variant
    return Line(
        id=line_id, order=order, place=place, variant=variant, sku=variant.sku, name=variant.title, hsn=variant.hsn,
        price_minor=price.price_minor, price_includes_gst=price.includes_gst, gst_rate_bp=price.gst_rate_bp,
        **_line_columns(price), weight_g=variant.weight_g, metadata=dict(one.metadata), created_at=op.now, updated_at=op.now,
    )


def _keep(
    op: Operation, order: Order, draft: Draft, ids: Mapping[str, UUID], edit: OrderEdit | None
) -> OrderRevision:
    names = {key: str(pk) for key, pk in ids.items()}
    terms, revised = revision.renamed(draft.terms, draft.revised, names)
    kept = OrderRevision(
        order=order, number=order.revision, edit=edit, created_at=op.now, **{name: getattr(order, name) for name in _SUMS},
        pricing=revision.revision_snapshot(
            terms, revised, supplier_state=settings.SHOP_STATE, destination_state=draft.destination_state,
            currency=order.currency, timestamp=instant_text(op.now),
        ),
    )
    kept.save(force_insert=True)
    return kept


def change_stock(op: Operation, *, order: Order, before: Mapping[UUID, tuple[int, int]], lines: Sequence[Line]) -> None:
    """What was added is held with the rest of the story, what was taken away is free; none of it twice."""
    story = str(order.pk)
    change: dict[UUID, int] = defaultdict(int)
    for line in lines:
        change[line.variant_id] += line.quantity - before.get(line.pk, (0, 0))[0]
    if not any(change.values()):
        return
    wanted: dict[UUID, int] = defaultdict(int)
    wanted.update(shelves.waiting(story))
    for held in shelves.holds(story):
        wanted[held.variant_id] += held.quantity
    for variant_id, units in change.items():
        wanted[variant_id] += units
    wants = [Want(variant_id, units) for variant_id, units in wanted.items() if units > 0]
    if wants:
        stock.commit(op, stream=story, wants=wants)
    else:
        stock.release(op, stream=story)


def _facts(
    order: Order, lines: Sequence[Line], draft: Draft, *, before: Mapping[str, int], after: Mapping[str, Any],
    ids: Mapping[str, UUID], edit: OrderEdit | None, moved: Mapping[str, Address],
) -> dict[str, Any]:
    by_key = draft.revised.by_key
    changed = []
    for line in lines:
        price = by_key.get(str(line.pk))
        now = (price.quantity, price.total_minor) if price is not None else (0, 0)
        if now != (line.quantity, line.total_minor):
            changed.append(
                {"id": line.pk, "sku": line.sku, "quantity_before": line.quantity, "quantity": now[0],
                 "total_before_minor": line.total_minor, "total_minor": now[1], **_parts(price)}
            )
    for one in draft.added:
        price = by_key[one.key]
        changed.append(
            {"id": ids[one.key], "sku": one.variant.sku, "quantity_before": 0, "quantity": price.quantity,
             "price_minor": price.price_minor, "total_before_minor": 0, "total_minor": price.total_minor, **_parts(price)}
        )
    return {
        "revision": after["revision"],
        "edit_id": edit.pk if edit is not None else None,
        "before": dict(before),
        "after": {name: order.shipping_minor if name == "shipping_minor" else after[name] for name in _SUMS},
        "total_minor": after["total_minor"],
        "tax": {"cgst_minor": after["cgst_minor"], "sgst_minor": after["sgst_minor"], "igst_minor": after["igst_minor"]},
        "balance_minor": balance.of(order, total_minor=after["total_minor"]),
        "item_count": after["item_count"],
        "currency": order.currency,
        "destination_state": after["destination_state"],
        "lines": changed,
        **{f"{name}_id": address.pk for name, address in moved.items()},
    }


def _parts(price: QuotedLine | None) -> dict[str, int]:
    """What a line's total is made of now."""
    if price is None:
        return {"value_minor": 0, "discount_minor": 0, "tax_minor": 0}
    return {"value_minor": price.value_minor, "discount_minor": price.discount_minor, "tax_minor": price.gst_minor}


def _term(line: Line) -> Term:
    return Term(
        key=str(line.pk), sku=line.sku, name=line.name, hsn=line.hsn, quantity=line.quantity,
        price_minor=line.price_minor, includes_gst=line.price_includes_gst, gst_rate_bp=line.gst_rate_bp,
        discount_minor=line.discount_minor,
    )


def _new_term(one: Added) -> Term:
    variant = one.variant
    return Term(
        key=one.key, sku=variant.sku, name=variant.title, hsn=variant.hsn, quantity=one.quantity,
        price_minor=variant.price_minor, includes_gst=variant.price_includes_gst, gst_rate_bp=variant.gst_rate_bp,
        discount_minor=0,
    )
