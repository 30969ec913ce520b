"""Price a cart: the rows of the shop put before the pure engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from orders.models import Discount, Order
from orders.models.person import of as people_of
from orders.pricing.discounts import Rule, rule_from_json
from orders.pricing.quote import Line, LineInvalid, Quote, Request, RequestInvalid, quote
from timeline.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from orders.models import Checkout, CheckoutLine


class BeyondLimits(Invalid):
    """The cart is worth more, or has more lines, than one order may have."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A cart's quote, what it was asked of, and why the discount was refused if it was."""

    request: Request
    quote: Quote
    refusal: str | None


def price(
    checkout: Checkout, lines: Sequence[CheckoutLine], *, contact: Mapping[str, Any], now: datetime,
    discount: Discount | None = None,
) -> Priced:
    """The cart's prices as they are now. A code that does not apply is left out and named in `refusal`.

    Raises BeyondLimits (F66).
    """
    if discount is None and checkout.discount_code:
        discount = Discount.objects.filter(code=checkout.discount_code, is_active=True).first()
    rule = rule_of(discount) if discount is not None else None
    shipping = contact.get("shippingAddress") or {}
    try:
        request = _request(checkout, lines, rule, shipping.get("state"), now)
    except (LineInvalid, RequestInvalid) as error:
        raise BeyondLimits(str(error)) from error
    found = quote(request)
    return Priced(request=request, quote=found, refusal=found.refusal)


def _request(
    checkout: Checkout, lines: Sequence[CheckoutLine], rule: Rule | None, state: str | None, now: datetime
) -> Request:
    return Request(
        lines=tuple(
            Line(
                key=str(line.pk), sku=line.variant.sku, quantity=line.quantity, price_minor=line.variant.price_minor,
                gst_rate_bp=line.variant.gst_rate_bp, hsn=line.variant.hsn, name=line.variant.title,
                includes_gst=line.variant.price_includes_gst,
            )
            for line in lines
        ),
        rule=rule,
        shipping_minor=settings.SHIPPING_MINOR[checkout.shipping_method] if lines else 0,
        supplier_state=settings.SHOP_STATE,
        destination_state=state,
        now=now,
        is_first_order=_is_first(checkout) if rule is not None and rule.first_order_only else False,
        currency=checkout.currency,
    )


def rule_of(discount: Discount) -> Rule:
    """The discount's rule as the engine knows it."""
    return rule_from_json({**discount.rule, "code": discount.code})


def _is_first(checkout: Checkout) -> bool:
    return not Order.objects.filter(person__in=people_of(checkout.person_id)).exclude(status=Order.Status.CANCELLED).exists()
