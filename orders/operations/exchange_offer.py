"""What an exchange comes to, without writing: the credit, the new goods, and who owes whom the difference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from inventory.models import Variant
from orders.models import Line, Return
from orders.operations import edit_rules, refund_parts, return_money
from orders.operations.refund_parts import Wish
from orders.pricing import giving_back
from orders.pricing.exchanging import divide_credit, fitting_price
from orders.pricing.quote import Line as Asked
from orders.pricing.quote import Quote, Request, quote
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from orders.pricing.giving_back import Part

SMALLEST_MINOR = 100  # the least a gateway moves either way
DUE_AFTER = timedelta(days=3)
_AT_DOOR = "cod"


class UnknownGoods(Invalid):
    """There is no such product on sale."""


class MoreThanCameBack(Invalid):
    """The same product is exchanged unit for unit; what is more is another order."""


class DifferenceTooSmall(Invalid):
    """The difference is too small to be paid; refund the return and let the customer order anew."""


@dataclass(frozen=True, slots=True)
class Choice:
    """So many of a product for what comes back."""

    sku: str
    units: int


@dataclass(frozen=True, slots=True)
class Offer:
    """An exchange in figures, in minor units. `due` is what the customer still pays, `back` what goes back besides.

    `kept` are the paise (fewer than a hundred) that no unit price could express. `used` and `given` are the parts of the
    returned units that pay the new goods, and those that go back.
    """

    request: Request
    quote: Quote
    variants: dict[str, Variant]
    credit_minor: int
    due_minor: int
    back_minor: int
    kept_minor: int
    units: dict[UUID, int]
    used: tuple[Part, ...]
    given: tuple[Part, ...]
    kept: tuple[Part, ...]

    @property
    def total_minor(self) -> int:
        """What the new goods cost."""
        return self.quote.total_minor

    @property
    def used_minor(self) -> int:
        """What of the credit pays them."""
        return self.total_minor - self.due_minor


def offer(*, ret: Return, lines: Sequence[Line], choices: Sequence[Choice], now: datetime) -> Offer:
    """What the return's units give for these goods, or without a choice for the same ones.

    The same product costs what the customer paid for it, another one its price of today. An exchange has no fee. Raises
    UnknownGoods, MoreThanCameBack, DifferenceTooSmall, NotEditable for an order that a channel priced, and what
    `return_money.wish_of` raises.
    """
    edit_rules.require_ours(ret.order)
    wish = return_money.wish_of(ret=ret, lines=lines, fee_minor=0)
    left = refund_parts.left_of(ret.order, lines)
    by_id = {line.pk: line for line in lines}
    parts = giving_back.by_items(
        left.lines, left.shipping, {str(pk): units for pk, units in wish.items.items()}, with_shipping=False
    )
    wanted = list(choices) or [Choice(by_id[pk].sku, units) for pk, units in wish.items.items()]
    request, variants = _request(ret=ret, by_id=by_id, wish=wish, left=left, wanted=wanted, now=now)
    found = quote(request)
    credit = sum(part.total_minor for part in parts)
    due = max(0, found.total_minor - credit)
    if 0 < due < SMALLEST_MINOR and ret.order.payment_method != _AT_DOOR:
        raise DifferenceTooSmall
    over = max(0, credit - found.total_minor)
    kept = over if over < SMALLEST_MINOR else 0
    used, given, held = divide_credit(parts, credit - over, kept)
    return Offer(
        request=request, quote=found, variants=variants, credit_minor=credit, due_minor=due, back_minor=over - kept,
        kept_minor=kept, units=dict(wish.items), used=tuple(used), given=tuple(given), kept=tuple(held),
    )


def preview(*, return_id: UUID, choices: Sequence[Choice], now: datetime) -> Offer:
    """The same for one return, without writing. Raises what `offer` raises."""
    ret = Return.objects.select_related("order").get(pk=return_id)
    return offer(ret=ret, lines=list(Line.objects.filter(order=ret.order).order_by("place")), choices=choices, now=now)


def _request(
    *, ret: Return, by_id: dict[UUID, Line], wish: Wish, left: refund_parts.Left, wanted: Sequence[Choice], now: datetime
) -> tuple[Request, dict[str, Variant]]:
    variants = {row.sku: row for row in Variant.objects.select_related("product").filter(sku__in=[c.sku for c in wanted])}
    empty = Request(
        lines=(), shipping_minor=0, supplier_state=settings.SHOP_STATE, destination_state=ret.order.destination_state,
        now=now, currency=ret.currency,
    )
    errors: list[tuple[str, str]] = []
    asked: list[Asked] = []
    for place, choice in enumerate(wanted):
        old = next((by_id[pk] for pk in wish.items if by_id[pk].sku == choice.sku), None)
        variant = variants.get(choice.sku)
        if variant is None or (old is None and not variant.is_sellable) or choice.sku in {line.sku for line in asked}:
            errors.append((f"#/items/{place}/sku", "Not known, not on sale, or named twice."))
        elif old is None:
            asked.append(_today(place, choice, variant))
        elif choice.units > wish.items[old.pk]:
            raise MoreThanCameBack(errors=[(f"#/items/{place}/quantity", f"{wish.items[old.pk]} units come back.")])
        else:
            asked.append(_as_paid(place, choice, old, left, empty))
    if errors:
        raise UnknownGoods(errors=errors)
    return (
        Request(
            lines=tuple(asked), shipping_minor=0, supplier_state=empty.supplier_state,
            destination_state=empty.destination_state, now=now, currency=ret.currency,
        ),
        variants,
    )


def _today(place: int, choice: Choice, variant: Variant) -> Asked:
    return Asked(
        key=str(place), sku=variant.sku, quantity=choice.units, price_minor=variant.price_minor,
        gst_rate_bp=variant.gst_rate_bp, hsn=variant.hsn, name=variant.title, includes_gst=variant.price_includes_gst,
    )


def _as_paid(place: int, choice: Choice, old: Line, left: refund_parts.Left, empty: Request) -> Asked:
    """The units at what was paid for them: their share of what remains of the line."""
    (part,) = giving_back.by_items(left.lines, left.shipping, {str(old.pk): choice.units}, with_shipping=False)
    line = Asked(
        key=str(place), sku=old.sku, quantity=choice.units, price_minor=old.price_minor, gst_rate_bp=old.gst_rate_bp,
        hsn=old.hsn, name=old.name, includes_gst=old.price_includes_gst,
    )
    price_minor = fitting_price(empty, line, part.total_minor)
    return Asked(
        key=line.key, sku=line.sku, quantity=line.quantity, price_minor=price_minor, gst_rate_bp=line.gst_rate_bp,
        hsn=line.hsn, name=line.name, includes_gst=line.includes_gst,
    )
