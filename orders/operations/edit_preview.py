"""What a change of an order would come to: line by line, tax by tax, in stock, and in one balance. Reads only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from inventory import queries as shelves
from inventory.models import Variant
from orders.models import Order
from orders.operations import balance, edit_rules, refund_parts, revise
from orders.operations.addresses import checked
from orders.pricing import gst
from payments import operations as money_ops
from payments.models import COD
from timeline.errors import Invalid
from timeline.vocabulary import money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orders.models import Line, OrderEdit, Person
    from orders.operations.revise import Added, Draft
    from orders.pricing.quote import QuotedLine

ADD_LINES_MAX = 50
QUANTITY_MAX = 10_000


class NothingChanged(Invalid):
    """Say what is to change: units to add, units to keep, an address, or a discount."""


class UnknownSku(Invalid):
    """There is no such product on sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to change. `quantities` are the units a line is to have: 0 takes it away, more than it has adds the rest.

    `discount_minor` is given by hand beyond the discounts there are, on the price before tax, spread over the lines by their
    worth. Addresses are in the form of the API.
    """

    add: tuple[tuple[str, int], ...] = ()
    quantities: Mapping[UUID, int] = field(default_factory=dict)
    shipping: Mapping[str, Any] | None = None
    billing: Mapping[str, Any] | None = None
    discount_minor: int = 0

    def stored(self) -> dict[str, Any]:
        """The wish as it is kept: ids and quantities; of addresses only which."""
        return {
            "add": [{"sku": sku, "quantity": units} for sku, units in self.add],
            "quantities": [{"orderItemId": str(pk), "quantity": units} for pk, units in self.quantities.items()],
            "addresses": sorted(self.addresses()),
            "discount": self.discount_minor,
        }

    def addresses(self) -> dict[str, Any]:
        """The addresses that are to be others."""
        found = {"shipping": self.shipping, "billing": self.billing}
        return {name: dict(value) for name, value in found.items() if value}

    def otherwise(self, changes: Mapping[str, Any]) -> Wish:
        """The wish with what is named replaced."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Planned:
    """A wish worked out: what the order would be. `change` is units by variant, above zero those to be held."""

    wish: Wish
    draft: Draft
    change: Mapping[UUID, int]


def wish_of(edit: OrderEdit, person: Person) -> Wish:
    """What was wished."""
    kept, addresses = edit.changes, edit.addresses(person)
    return Wish(
        add=tuple((row["sku"], row["quantity"]) for row in kept["add"]),
        quantities={UUID(row["orderItemId"]): row["quantity"] for row in kept["quantities"]},
        shipping=addresses.get("shipping"),
        billing=addresses.get("billing"),
        discount_minor=kept.get("discount", 0),
    )


def plan(order: Order, lines: Sequence[Line], wish: Wish) -> Planned:
    """Work the wish out. Raises NothingChanged, UnknownSku, what `revise.draw` and `edit_rules` raise, Invalid addresses."""
    wish = replace(
        wish,
        shipping=checked(wish.shipping, "#/shippingAddress") if wish.shipping else None,
        billing=checked(wish.billing, "#/billingAddress") if wish.billing else None,
    )
    lowered, added = _goods(lines, wish)
    state = str(wish.shipping["state"]) if wish.shipping else order.destination_state

    if not (lowered or added or wish.addresses() or wish.discount_minor):
        raise NothingChanged(errors=[("#", "Name something that changes.")])
    if lowered or added or wish.discount_minor or state != order.destination_state or wish.billing:
        edit_rules.require_goods(order)
    if wish.shipping:
        edit_rules.require_address(order, lines)

    draft = revise.draw(
        order=order, lines=lines, quantities=lowered, added=added, destination_state=state, discount_minor=wish.discount_minor
    )
    return Planned(wish=wish, draft=draft, change=_change(lines, lowered, added))


def preview(order: Order, lines: Sequence[Line], planned: Planned) -> dict[str, Any]:
    """What is shown of it, in the words of the API. `balance` is above zero what is to be paid, below zero what goes back."""
    draft = planned.draft
    balance_minor = balance.of(order, total_minor=draft.revised.total_minor)
    free = shelves.available([pk for pk, units in planned.change.items() if units > 0])
    before, after = _sums(order), _revised_sums(draft)
    shown: dict[str, Any] = {
        "lines": _lines(lines, planned, free),
        "before": before,
        "after": after,
        "difference": after["total"] - before["total"],
        "balance": balance_minor,
        "currency": order.currency,
        "then": _then(order, balance_minor, after["total"] - before["total"]),
        "placeOfSupply": {
            "before": order.destination_state,
            "after": draft.destination_state,
            "taxChanges": gst.is_intra(settings.SHOP_STATE, order.destination_state) != draft.revised.intra,
        },
        "addresses": sorted(planned.wish.addresses()),
        "keepsOldAddress": [],
    }
    if planned.wish.shipping:
        shown["keepsOldAddress"] = [str(row.shipment_id) for row in edit_rules.parcels_with_address(order.pk)]
    return shown


def money_of(shown: Mapping[str, Any]) -> dict[str, Any]:
    """The preview without what stock says at the moment: what must be the same when it is committed."""
    lines = [{key: value for key, value in row.items() if key != "stock"} for row in shown["lines"]]
    return {**shown, "lines": lines, "then": shown["then"]["action"]}


def _goods(lines: Sequence[Line], wish: Wish) -> tuple[dict[UUID, int], list[Added]]:
    """Lines that keep fewer units, and what is added: new SKUs, and what a line is to have beyond its units."""
    by_id = {line.pk: line for line in lines}
    unknown = [
        (f"#/quantities/{place}", "There is no such line.") for place, pk in enumerate(wish.quantities) if pk not in by_id
    ]
    if unknown:
        raise revise.UnitsNotThere(errors=unknown)
    on_sale = _on_sale(wish, [by_id[pk].sku for pk, units in wish.quantities.items() if units > by_id[pk].quantity])
    lowered = {pk: units for pk, units in wish.quantities.items() if units < by_id[pk].quantity}
    added = [
        revise.Added(f"new-{pk}", on_sale[by_id[pk].sku], units - by_id[pk].quantity, by_id[pk].metadata)
        for pk, units in wish.quantities.items()
        if units > by_id[pk].quantity
    ]
    added += [revise.Added(f"new-{place}", on_sale[sku], units, {}) for place, (sku, units) in enumerate(wish.add)]
    return lowered, added


def _on_sale(wish: Wish, more: Sequence[str]) -> dict[str, Variant]:
    skus = [sku for sku, _ in wish.add]
    if len(skus) > ADD_LINES_MAX:
        raise revise.TooMuchChanged
    rows = Variant.objects.select_related("product").filter(
        sku__in={*skus, *more}, is_active=True, product__is_active=True
    )
    found = {variant.sku: variant for variant in rows}
    errors = [(f"#/add/{place}/sku", "There is no such SKU.") for place, sku in enumerate(skus) if sku not in found]
    errors += [("#/quantities", f"{sku} is not on sale any more.") for sku in more if sku not in found]
    if errors:
        raise UnknownSku(errors=errors)
    return found


def _change(lines: Sequence[Line], lowered: Mapping[UUID, int], added: Sequence[Added]) -> dict[UUID, int]:
    change: dict[UUID, int] = defaultdict(int)
    for line in lines:
        if line.pk in lowered:
            change[line.variant_id] -= line.quantity - lowered[line.pk]
    for one in added:
        change[one.variant.pk] += one.quantity
    return dict(change)


def _lines(lines: Sequence[Line], planned: Planned, free: Mapping[UUID, int]) -> list[dict[str, Any]]:
    by_key = planned.draft.revised.by_key
    rows = [
        _line(
            by_key.get(str(line.pk)), order_item_id=str(line.pk), sku=line.sku, title=line.name, price=line.price_minor,
            includes=line.price_includes_gst, before=(line.quantity, line.total_minor), stock=None,
        )
        for line in lines
        if line.quantity
    ]
    for one in planned.draft.added:
        needed = max(0, planned.change[one.variant.pk])
        there, later = free.get(one.variant.pk, 0), one.variant.later_units
        rows.append(
            _line(
                by_key[one.key], order_item_id=None, sku=one.variant.sku, title=one.variant.title,
                price=one.variant.price_minor, includes=one.variant.price_includes_gst, before=(0, 0),
                stock={"needed": needed, "available": there, "isShort": later is not None and needed > there + later},
            )
        )
    return rows


def _line(
    line: QuotedLine | None, *, order_item_id: str | None, sku: str, title: str, price: int, includes: bool,
    before: tuple[int, int], stock: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "orderItemId": order_item_id,
        "sku": sku,
        "name": title,
        "price": price,
        "priceIncludesGst": includes,
        "quantityBefore": before[0],
        "quantity": line.quantity if line else 0,
        "discountAmount": line.discount_minor if line else 0,
        "gstAmount": line.gst_minor if line else 0,
        "totalBefore": before[1],
        "total": line.total_minor if line else 0,
        "stock": stock,
    }


def _sums(order: Order) -> dict[str, Any]:
    return {
        "subtotal": order.subtotal_minor,
        "discountAmount": order.discount_minor,
        "gstAmount": order.gst_minor,
        "gst": {"cgst": order.cgst_minor, "sgst": order.sgst_minor, "igst": order.igst_minor},
        "shippingCost": order.shipping_minor,
        "total": order.total_minor,
    }


def _revised_sums(draft: Draft) -> dict[str, Any]:
    revised = draft.revised
    return {
        "subtotal": revised.subtotal_minor,
        "discountAmount": revised.discount_minor,
        "gstAmount": revised.gst_minor,
        "gst": {"cgst": revised.gst.cgst_minor, "sgst": revised.gst.sgst_minor, "igst": revised.gst.igst_minor},
        "shippingCost": revised.shipping_minor,
        "total": revised.total_minor,
    }


def _then(order: Order, balance_minor: int, difference_minor: int) -> dict[str, Any]:
    """What a commit does about the money: the word, the amount, and a sentence."""
    if not difference_minor:
        rest = f" {money(balance_minor, order.currency)} is still to be paid." if balance_minor > 0 else ""
        return {"action": "nothing", "amount": 0, "text": f"The total stays; no money moves.{rest}"}
    if not balance_minor:
        return {"action": "nothing", "amount": 0, "text": "It comes out even: nothing is to be paid and nothing goes back."}
    if balance_minor < 0:
        return _goes_back(order, -balance_minor)
    amount = {"amount": balance_minor}
    if order.payment_method == COD:
        return {"action": "collect", **amount, "text": f"{money(balance_minor, order.currency)} is collected at the door."}
    if order.status == Order.Status.PENDING:
        return {"action": "ask", **amount, "text": f"The customer is asked for {money(balance_minor, order.currency)} instead."}
    waits = " The goods wait on hold until it is in." if difference_minor > 0 else ""
    return {"action": "ask", **amount, "text": f"The customer is asked for {money(balance_minor, order.currency)} more.{waits}"}


def _goes_back(order: Order, amount_minor: int) -> dict[str, Any]:
    payments = refund_parts.due_payments(order.pk)
    ready = sum(
        payment.refundable_minor for payment in payments if payment.gateway != COD and not money_ops.is_disputed(payment)
    )
    if ready >= amount_minor:
        text = f"{money(amount_minor, order.currency)} goes back to where it came from."
        return {"action": "refund", "amount": amount_minor, "text": text}
    text = f"{money(amount_minor, order.currency)} is paid too much; a person gives it back."
    return {"action": "overpaid", "amount": amount_minor, "text": text}
