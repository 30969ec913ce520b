"""A channel's order becomes an order here: its lines and sums as told, its stock, its money, and how far it has come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inventory import operations as stock
from inventory.operations import Want
from orders.channels import moving
from orders.channels.canonical import CANCELLED, PENDING, REFUNDED, Canonical
from orders.channels.matching import variant_of
from orders.channels.reading import number
from orders.models import Line, Order
from orders.operations import cancel_units, people, whereabouts
from orders.pricing import told
from orders.pricing.snapshot import rule_hash
from shipping.states import state_of
from timeline.transitions import begin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from inventory.models import Variant
    from orders.models import Address, ChannelImport, Person
    from orders.operations.numbers import Number
    from timeline.operations import Operation

INDIA = {"IN", "IND", "INDIA"}
COUNTRY_CHARS_MAX = 8
RATE_BP_MAX = 10_000
SUM_MINOR_MAX = 10**15  # what RFC 8785 carries exactly, with room
_GST = (("cgst", re.compile(r"\bCGST\b")), ("sgst", re.compile(r"\b(?:SGST|UTGST)\b")), ("igst", re.compile(r"\bIGST\b")))
_SUMS = ("cgst", "sgst", "igst", "other")


@dataclass(frozen=True, slots=True)
class Sums:
    """The order's columns: `total = subtotal − discount + tax + shipping`, all of it told."""

    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    shipping_minor: int

    @property
    def are_possible(self) -> bool:
        """Whether an order may have them."""
        parts = (self.subtotal_minor, self.discount_minor, self.tax_minor, self.shipping_minor)
        return min(parts) >= 0 and max(parts) <= SUM_MINOR_MAX and self.discount_minor <= self.subtotal_minor


def sums_of(order: Canonical) -> Sums:
    """A discount beyond the goods is one on their shipping; so is a tax within the prices that is more than the goods cost."""
    subtotal, off = order.subtotal_minor, order.discount_minor
    goods, beyond = max(0, subtotal), min(0, subtotal - off)
    return Sums(goods, min(off, goods), order.tax_minor, order.shipping_minor + beyond)


def place(
    op: Operation, *, told_by: ChannelImport, order: Canonical, variants: Mapping[str, Variant], number_: Number, person: Person
) -> Order:
    """Write the order with its stock, then take it as far as its channel says.

    Raises OutOfStock, AwaitingStock and whatever refuses a step; nothing is written then.
    """
    order_id = op.new_id()
    story = str(order_id)
    op.open_stream(story)
    wants = [
        Want(variant_id=variant_of(variants, item.sku, item.title).pk, quantity=item.quantity - item.cancelled)
        for item in order.items if item.quantity > item.cancelled
    ]
    lives = order.told.status not in {CANCELLED, REFUNDED}
    taken = 0
    if lives and not order.is_sent_by_channel:
        holds = stock.commit(op, stream=story, wants=wants, is_new=True, distance=_distance(order))
        taken = sum(held.quantity for held in holds)

    shipping = people.keep_address(op, person=person, address=address_of(order.shipping))
    billing = shipping if order.billing in ({}, order.shipping) else people.keep_address(op, person=person, address=address_of(order.billing))
    lines = lines_of(op, order, order_id, variants)
    row = _order(op, order, lines, order_id=order_id, number_=number_, person=person, shipping=shipping, billing=billing)
    begin(
        op, row, "order.placed", stream=story, facts=_facts(row, order, lines),
        targets=[
            *{("variant", line.variant_id, f"{line.sku} {line.name}"[:200]): None for line in lines},
            ("customer", person.pk), ("channelimport", told_by.pk),
        ],
    )
    if lives and order.is_sent_by_channel:
        stock.commit_elsewhere(op, stream=story, wants=wants, code=f"AT-{order.channel.upper()}", name=f"At {order.channel.title()}")
    elif lives and taken < sum(want.quantity for want in wants):
        stock.say_promised(op, stream=story)
    Line.objects.bulk_create(lines)
    op.record(
        row, "order.imported", stream=story, occurred_at=order.placed_at,
        facts={
            "channel": order.channel, "channel_order_id": order.order_id, "channel_order_number": order.number,
            "channel_status": order.told.words, "placed_at": order.placed_at, "import": told_by.pk,
        },
    )
    if called_off := {line.pk: line.quantity_cancelled for line in lines if line.quantity_cancelled}:
        cancel_units.record(op, order=row, items=called_off, code=moving.CANCEL_CODE, outcome="cancelled")
    with op.about(story):
        moving.take_as_far(op, order=row, told=order.told)
    return row


def address_of(said: Mapping[str, str]) -> dict[str, str | None]:
    """The address in the form of ours: an Indian state by its code, everything else as it was told."""
    found: dict[str, str | None] = {name: said.get(name) or None for name in ("name", "phone", "line1", "line2", "city", "state", "postalCode", "country", "gstin")}
    if (found["country"] or "").upper() in INDIA:
        known = state_of(found["state"] or "")
        found["country"], found["state"] = "IN", known.code if known else found["state"]
    return found


def destination_of(said: Mapping[str, str]) -> str:
    """The state's code within India, else the country."""
    found = address_of(said)
    if found["country"] == "IN":
        known = state_of(found["state"] or "")
        return known.code if known else "IN"
    return (found["country"] or "")[:COUNTRY_CHARS_MAX]


def _distance(order: Canonical) -> Any:
    found = address_of(order.shipping)
    return whereabouts.distance_to(found["postalCode"] or "") if found["country"] == "IN" else None


def lines_of(op: Operation, order: Canonical, order_id: UUID, variants: Mapping[str, Variant]) -> list[Line]:
    """The lines of the body that have units, as lines of this order."""
    rows = []
    for place_, item in enumerate((item for item in order.items if item.quantity), start=1):
        variant = variant_of(variants, item.sku, item.title)
        tax = _split(order.currency, [(one.title, one.amount_minor) for one in item.taxes], item.tax_minor)
        rows.append(
            Line(
                id=op.new_id(), order_id=order_id, place=place_, variant=variant, sku=variant.sku, name=item.title[:200],
                hsn=(item.hsn or variant.hsn)[:8], quantity=item.quantity, quantity_cancelled=item.cancelled, price_minor=item.unit_minor, price_includes_gst=order.tax_included,
                as_told=True, value_minor=item.gross_minor - (item.tax_minor if order.tax_included else 0),
                gst_rate_bp=_rate(item.taxes), cgst_minor=tax["cgst"], sgst_minor=tax["sgst"], igst_minor=tax["igst"],
                other_tax_minor=tax["other"], gst_minor=item.tax_minor, discount_minor=item.discount_minor,
                total_minor=item.total_minor, weight_g=variant.weight_g, metadata=_beside(order, item), created_at=op.now,
                updated_at=op.now,
            )
        )
    return rows


def _beside(order: Canonical, item: Any) -> dict[str, Any]:
    taxes = [{"title": tax.title, "rate": tax.rate, "amount": tax.amount_minor} for tax in item.taxes]
    return {"channel": {"name": order.channel, "lineId": item.key, "sku": item.sku, "taxes": taxes}}


def _rate(taxes: Any) -> int:
    """All rates of a line together in basis points; none where one of them is not told."""
    rates = [number(tax.rate) for tax in taxes]
    if not rates or any(rate is None for rate in rates):
        return 0
    points = sum(rate for rate in rates if rate is not None) * 100
    return int(points) if 0 <= points <= RATE_BP_MAX else 0


def _split(currency: str, taxes: list[tuple[str, int]], tax_minor: int, *, may_lower: bool = False) -> dict[str, int]:
    """GST by the names the channel gave its parts, in rupees only; a tax that is not named so is another tax.

    Of the order it may be less than nothing: a discount that no line names lowers the taxes of the lines.
    """
    found = dict.fromkeys(_SUMS, 0)
    if currency == "INR" and sum(amount for _, amount in taxes) == tax_minor and (may_lower or all(amount >= 0 for _, amount in taxes)):
        for title, amount in taxes:
            found[next((name for name, pattern in _GST if pattern.search(title.upper())), "other")] += amount
    else:
        found["other"] = tax_minor
    return found


def _order(
    op: Operation, order: Canonical, lines: list[Line], *, order_id: UUID, number_: Number, person: Person, shipping: Address,
    billing: Address,
) -> Order:
    destination = destination_of(order.shipping or order.billing)
    row = Order(
        id=order_id, stream_id=str(order_id), number=number_.text, person=person, channel=order.channel, currency=order.currency,
        channel_order_id=order.order_id, channel_status=order.told.words, **columns_of(order, lines), shipping_method="standard",
        payment_method="cod" if order.told.cash_on_delivery else "channel", destination_state=destination,
        shipping_address=shipping, billing_address=billing, created_at=op.now, state_since=op.now,
        **people.place_tokens(address_of(order.shipping)),
    )
    row.pricing_snapshot = snapshot_of(op, row, lines)
    row.discount_snapshot = told.discount_snapshot(now=op.now, rule_hash=rule_hash([]))
    return row


def columns_of(order: Canonical, lines: list[Line]) -> dict[str, Any]:
    """The order's sums as the body tells them, with these lines."""
    sums = sums_of(order)
    of_charges = [
        _split(order.currency, [(tax.title, tax.amount_minor) for tax in charge.taxes], charge.tax_minor) for charge in order.charges
    ]
    of_order = [(tax.title, tax.amount_minor) for tax in order.order_taxes]
    of_charges.append(_split(order.currency, of_order, order.order_tax_minor, may_lower=True))
    gst = {
        name: sum(getattr(line, f"{name}_minor") for line in lines) + sum(charge[name] for charge in of_charges)
        for name in ("cgst", "sgst", "igst")
    }
    return {
        "subtotal_minor": sums.subtotal_minor, "discount_minor": sums.discount_minor, "gst_minor": sums.tax_minor,
        **{f"{name}_minor": amount for name, amount in gst.items()}, "other_tax_minor": sums.tax_minor - sum(gst.values()),
        "shipping_minor": sums.shipping_minor, "total_minor": order.total_minor, "item_count": sum(line.quantity for line in lines),
    }


def snapshot_of(op: Operation, row: Order, lines: list[Line]) -> dict[str, Any]:
    """What was told, frozen: the order's sums as its columns are now, and these lines."""
    gst = {"cgst": row.cgst_minor, "sgst": row.sgst_minor, "igst": row.igst_minor}
    return told.pricing_snapshot(
        now=op.now, currency=row.currency, lines=[_told_line(line) for line in lines], totals=_totals(row, gst),
        destination=row.destination_state, rule_hash=rule_hash({}),
    )


def _totals(row: Order, gst: dict[str, int]) -> dict[str, Any]:
    return {
        "subtotal": row.subtotal_minor, "discountAmount": row.discount_minor, "gstAmount": row.gst_minor, "gst": gst,
        "otherTax": row.other_tax_minor, "shippingCost": row.shipping_minor, "total": row.total_minor,
    }


def _told_line(line: Line) -> dict[str, Any]:
    gst = {"cgst": line.cgst_minor, "sgst": line.sgst_minor, "igst": line.igst_minor}
    return {
        "key": str(line.pk), "sku": line.sku, "quantity": line.quantity, "price": line.price_minor, "gstRateBp": line.gst_rate_bp,
        "includesTax": line.price_includes_gst, "gross": line.value_minor + (line.gst_minor if line.price_includes_gst else 0),
        "value": line.value_minor, "discount": line.discount_minor, "taxable": line.total_minor - sum(gst.values()), "gst": gst,
        "gstAmount": line.gst_minor, "total": line.total_minor,
    }


def _facts(row: Order, order: Canonical, lines: list[Line]) -> dict[str, Any]:
    return {
        "order_id": row.pk, "number": row.number, "channel": row.channel, "channel_order_id": order.order_id,
        "subtotal_minor": row.subtotal_minor, "discount_minor": row.discount_minor, "tax_minor": row.gst_minor,
        "shipping_minor": row.shipping_minor, "total_minor": row.total_minor, "currency": row.currency,
        "item_count": row.item_count, "payment_method": row.payment_method, "shipping_method": row.shipping_method,
        "destination_state": row.destination_state, "status_told": order.told.status or PENDING, "customer_id": row.person_id,
        "shipping_address_id": row.shipping_address_id, "billing_address_id": row.billing_address_id,
        "gst": {"cgst_minor": row.cgst_minor, "sgst_minor": row.sgst_minor, "igst_minor": row.igst_minor},
        "lines": [
            {"id": line.pk, "sku": line.sku, "quantity": line.quantity, "price_minor": line.price_minor,
             "price_includes_gst": line.price_includes_gst, "value_minor": line.value_minor,
             "discount_minor": line.discount_minor, "tax_minor": line.gst_minor, "total_minor": line.total_minor}
            for line in lines
        ],
    }
