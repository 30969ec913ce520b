"""Cart, quote, hold, place, open payment: the way from a wish to an order."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, Q

from inventory import operations as stock
from inventory.models import Variant
from inventory.operations import Want
from orders import locks
from orders.models import Checkout, CheckoutLine, Discount, DiscountUse
from orders.models.person import of as people_of
from orders.operations import addresses, people
from orders.operations.place import Placed, Plan, place
from orders.quoting import Priced, price, rule_of
from timeline.errors import Invalid, Missing, Refused
from timeline.operations import operation
from timeline.transitions import advance, begin
from timeline.vault import PersonErased

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from orders.operations.numbers import Number
    from timeline.actors import Actor
    from timeline.operations import Operation

LINES_MAX = 100
UNITS_MAX = 10_000
IDLE_HOURS = 24
EXPIRE_BATCH_MAX = 200
COD_TOTAL_MINOR_MAX = 5_000_000
ONLINE_TOTAL_MINOR_MIN = 100
CONTACT_PARTS = ("email", "phone", "name", "gstin", "shippingAddress", "billingAddress")


class CheckoutClosed(Refused):
    """This checkout has ended; start another."""


class PriceChanged(Refused):
    """A price changed since you last saw this checkout; read it again, then complete it."""


class CheckoutIncomplete(Invalid):
    """Parts of the checkout are missing; the errors name them."""


class UnknownSku(Invalid):
    """There is no such product on sale."""


class CartFull(Invalid):
    """The cart has as many lines or units as a cart may have."""


class DiscountRefused(Invalid):
    """The discount code does not apply."""


@dataclass(frozen=True, slots=True)
class Wish:
    """So many of a SKU, with what the customer chose about it."""

    sku: str
    quantity: int
    metadata: Mapping[str, Any]


def start(
    op: Operation, *, checkout_id: UUID, person_id: UUID, kind: str, channel: str, wants: Sequence[Wish] = ()
) -> Checkout:
    """Open a checkout for a customer or guest. Raises UnknownSku, CartFull, GuestSignedIn."""
    op.open_stream(str(person_id))
    person = people.ensure(op, person_id=person_id, kind=kind)
    people.require_own(person)
    variants = _on_sale([want.sku for want in wants])
    if len(wants) > LINES_MAX:
        raise CartFull

    checkout = Checkout(id=checkout_id, person=person, channel=channel, created_at=op.now, updated_at=op.now)
    begin(
        op, checkout, "checkout.started", stream=str(checkout_id), targets=[("customer", person_id)],
        facts={"item_count": sum(want.quantity for want in wants), "skus": [want.sku for want in wants]},
    )
    CheckoutLine.objects.bulk_create(
        [
            CheckoutLine(
                id=op.new_id(), checkout=checkout, variant=variants[want.sku], quantity=want.quantity,
                metadata=dict(want.metadata), created_at=op.now,
            )
            for want in wants
        ]
    )
    return _touch(op, checkout, what=None)


def add_line(
    op: Operation, *, checkout_id: UUID, sku: str, quantity: int, metadata: Mapping[str, Any] | None = None
) -> CheckoutLine:
    """Put a product into the cart; the same product with the same choices adds to its line.

    Raises UnknownSku, CartFull, CheckoutClosed.
    """
    checkout = _open(op, checkout_id)
    variant = _on_sale([sku])[sku]
    chosen = dict(metadata or {})
    lines = _lines(checkout)

    same = next((line for line in lines if line.variant_id == variant.pk and line.metadata == chosen), None)
    if same is not None:
        if same.quantity + quantity > UNITS_MAX:
            raise CartFull
        same.quantity += quantity
        CheckoutLine.objects.filter(pk=same.pk).update(quantity=same.quantity)
        line = same
    else:
        if len(lines) >= LINES_MAX:
            raise CartFull
        line = CheckoutLine.objects.create(
            id=op.new_id(), checkout=checkout, variant=variant, quantity=quantity, metadata=chosen, created_at=op.now
        )
    _touch(op, checkout, what="line_added", sku=sku, quantity=quantity)
    return line


def change_line(op: Operation, *, checkout_id: UUID, line_id: UUID, quantity: int) -> CheckoutLine:
    """Set the quantity of a line. Raises Missing, CheckoutClosed."""
    checkout = _open(op, checkout_id)
    line = _line(checkout, line_id)

    line.quantity = quantity
    CheckoutLine.objects.filter(pk=line.pk).update(quantity=quantity)
    _touch(op, checkout, what="line_updated", sku=line.variant.sku, quantity=quantity)
    return line


def remove_line(op: Operation, *, checkout_id: UUID, line_id: UUID) -> Checkout:
    """Take a line out of the cart. Raises Missing, CheckoutClosed."""
    checkout = _open(op, checkout_id)
    line = _line(checkout, line_id)

    CheckoutLine.objects.filter(pk=line.pk).delete()
    return _touch(op, checkout, what="line_removed", sku=line.variant.sku)


def amend(op: Operation, *, checkout_id: UUID, changes: Mapping[str, Any]) -> Checkout:
    """Set contact, addresses, discount code, shipping or payment method; None takes a part away.

    Raises Invalid naming wrong address parts, DiscountRefused for a code that does not exist, CheckoutClosed.
    """
    checkout = _open(op, checkout_id)
    contact = checkout.contact()
    for part in CONTACT_PARTS:
        if part in changes:
            contact[part] = _checked(part, changes[part])
    contact = {part: value for part, value in contact.items() if value}

    if "discountCode" in changes:
        _change_code(op, checkout, _known_code(changes["discountCode"]))
    checkout.shipping_method = changes.get("shippingMethod") or checkout.shipping_method
    checkout.payment_method = changes.get("paymentMethod") or checkout.payment_method
    checkout.sealed = checkout.seal_contact(contact)
    Checkout.objects.filter(pk=checkout.pk).update(
        sealed=checkout.sealed, discount_code=checkout.discount_code, shipping_method=checkout.shipping_method,
        payment_method=checkout.payment_method,
    )
    people.remember(op, person=checkout.person, profile=_profile(contact))
    return _touch(op, checkout, what="details", parts=sorted(changes))


def hold(op: Operation, *, checkout_id: UUID) -> Checkout:
    """Keep the cart's goods for a while, as the customer is about to pay. Raises OutOfStock, CheckoutClosed."""
    checkout = _open(op, checkout_id)
    lines = _lines(checkout)
    until = op.now + timedelta(minutes=settings.HOLD_MINUTES)

    stock.hold(op, stream=str(checkout.pk), wants=_wants(lines), until=until)
    op.record(checkout, "checkout.held", stream=str(checkout.pk), facts={"until": until})
    checkout.hold_expires_at = until
    Checkout.objects.filter(pk=checkout.pk).update(hold_expires_at=until)
    return _touch(op, checkout, what=None)


def complete(op: Operation, *, checkout_id: UUID, number: Number, origin: str = "") -> Placed:
    """Make the order: all of it or nothing (B12, B83). The checkout stays open where another try can succeed.

    `origin` is the network the wish came from; it is counted as a blind token, never kept.

    Raises CheckoutClosed, CheckoutIncomplete, OutOfStock, PriceChanged, DiscountRefused.
    """
    checkout = _open(op, checkout_id)
    lines = _lines(checkout)
    contact = checkout.contact()

    _require_complete(lines, contact)
    discount = _use_code(checkout)
    priced = price(checkout, lines, contact=contact, discount=discount, now=op.now)
    if discount is not None and priced.refusal:
        raise DiscountRefused(f"The code does not apply: {priced.refusal.replace('_', ' ')}.", reason=priced.refusal)
    if checkout.seen_total_minor is not None and checkout.seen_total_minor != priced.quote.total_minor:
        raise PriceChanged(total=priced.quote.total_minor, previous_total=checkout.seen_total_minor)
    _require_payable(checkout, priced)

    shipping, billing = _addresses(contact)
    placed = place(
        op,
        plan=Plan(
            checkout=checkout, lines=lines, request=priced.request, quote=priced.quote, shipping=shipping,
            billing=billing, destination_state=str(shipping["state"]), discount=discount, contact=contact, origin=origin,
        ),
        number=number,
    )
    advance(
        op, checkout.complete, order_id=placed.order.pk, at=op.now, stream=str(checkout.pk),
        targets=[("order", placed.order.pk)],
    )
    return placed


def see_prices(op: Operation, *, checkout_id: UUID) -> Checkout:
    """The customer has been told of the new prices; the next completion is at those."""
    return _touch(op, _open(op, checkout_id), what="prices")


def fail(op: Operation, *, checkout_id: UUID, reason: str) -> Checkout:
    """The checkout cannot become an order: its stock is free again (B75). Raises CheckoutClosed."""
    checkout = _open(op, checkout_id)

    stock.release(op, stream=str(checkout.pk))
    advance(op, checkout.fail, at=op.now, reason=reason)
    return checkout


def expire_due(now: datetime, *, actor: Actor) -> int:
    """End checkouts that nobody touched for a day; returns how many."""
    late = Checkout.objects.filter(
        status__in=Checkout.GOING_ON, updated_at__lt=now - timedelta(hours=IDLE_HOURS), person__erased_at=None,
    )
    ended = 0
    for checkout_id in list(late.values_list("pk", flat=True)[:EXPIRE_BATCH_MAX]):
        with suppress(PersonErased), operation("checkout.expire", actor=actor, stream=str(checkout_id)) as op:
            checkout = locks.checkout(checkout_id)
            if checkout.status in Checkout.GOING_ON and checkout.updated_at < now - timedelta(hours=IDLE_HOURS):
                stock.release(op, stream=str(checkout_id))
                advance(op, checkout.expire, at=op.now)
                ended += 1
    return ended


def _open(op: Operation, checkout_id: UUID) -> Checkout:
    checkout = locks.checkout(checkout_id)
    if checkout.status == Checkout.Status.ABANDONED:
        advance(op, checkout.resume, stream=str(checkout_id))
    if checkout.status != Checkout.Status.OPEN:
        raise CheckoutClosed(
            f"The checkout is {checkout.status}.", status=str(checkout.status),
            order_id=str(checkout.order_id) if checkout.order_id else None,
        )
    return checkout


def _lines(checkout: Checkout) -> list[CheckoutLine]:
    return list(CheckoutLine.objects.select_related("variant__product").filter(checkout=checkout).order_by("created_at", "id"))


def _line(checkout: Checkout, line_id: UUID) -> CheckoutLine:
    found = CheckoutLine.objects.select_related("variant").filter(checkout=checkout, pk=line_id).first()
    if found is None:
        raise Missing
    return found


def _touch(op: Operation, checkout: Checkout, *, what: str | None, **facts: Any) -> Checkout:
    story = str(checkout.pk)
    if what is not None:
        op.record(checkout, "checkout.changed", stream=story, facts={"what": what, **facts})
    priced = price(checkout, _lines(checkout), contact=checkout.contact(), now=op.now)
    checkout.seen_total_minor, checkout.updated_at = priced.quote.total_minor, op.now
    Checkout.objects.filter(pk=checkout.pk).update(seen_total_minor=checkout.seen_total_minor, updated_at=op.now)
    return checkout


def _on_sale(skus: Sequence[str]) -> dict[str, Variant]:
    found = {
        variant.sku: variant
        for variant in Variant.objects.filter(sku__in=set(skus), is_active=True, product__is_active=True)
    }
    errors = [(f"#/lines/{place_}/sku", "There is no such SKU.") for place_, sku in enumerate(skus) if sku not in found]
    if errors:
        raise UnknownSku(errors=errors)
    return found


def _wants(lines: Sequence[CheckoutLine]) -> list[Want]:
    return [Want(variant_id=line.variant_id, quantity=line.quantity) for line in lines]


def _checked(part: str, value: Any) -> Any:
    if part == "gstin":
        addresses.require_gstin(str(value or ""), "#/gstin")
    if part not in ("shippingAddress", "billingAddress") or value is None:
        return value
    return addresses.checked(value, f"#/{part}")


def _profile(contact: Mapping[str, Any]) -> dict[str, str]:
    shipping = contact.get("shippingAddress") or {}
    return {
        "email": str(contact.get("email") or ""),
        "phone": str(contact.get("phone") or shipping.get("phone") or ""),
        "name": str(contact.get("name") or shipping.get("name") or ""),
    }


def _change_code(op: Operation, checkout: Checkout, code: str) -> None:
    before, checkout.discount_code = checkout.discount_code, code
    if before and before != code:
        op.record(checkout, "checkout.coupon_removed", stream=str(checkout.pk), facts={"discount_code": before})
    if code and before != code:
        op.record(checkout, "checkout.coupon_added", stream=str(checkout.pk), facts={"discount_code": code})


def _known_code(text: str | None) -> str:
    if not text:
        return ""
    code = unicodedata.normalize("NFC", text).strip().upper()
    if not Discount.objects.filter(code=code, is_active=True).exists():
        raise DiscountRefused("There is no such discount code.", errors=[("#/discountCode", "Not known.")])
    return code


def _use_code(checkout: Checkout) -> Discount | None:
    """Count the use by conditional UPDATE, before the order is inserted and in the same transaction (F05)."""
    if not checkout.discount_code:
        return None
    within = Q(uses_max__isnull=True) | Q(used__lt=F("uses_max"))
    code = Discount.objects.filter(within, code=checkout.discount_code, is_active=True)
    if not code.update(used=F("used") + 1):
        raise DiscountRefused("The code has been used as often as it may be.", reason="used_up")
    discount = Discount.objects.get(code=checkout.discount_code)
    if discount.uses_per_person_max is not None:
        mine = DiscountUse.objects.filter(discount=discount, person__in=people_of(checkout.person_id), returned_at=None).count()
        if mine >= discount.uses_per_person_max:
            raise DiscountRefused("You have used this code as often as you may.", reason="used_up_by_you")
    rule_of(discount)
    return discount


def _require_complete(lines: Sequence[CheckoutLine], contact: Mapping[str, Any]) -> None:
    errors = []
    if not lines:
        errors.append(("#/lines", "The cart is empty."))
    if not contact.get("email"):
        errors.append(("#/email", "Needed for the confirmation."))
    if not contact.get("shippingAddress"):
        errors.append(("#/shippingAddress", "Needed for delivery."))
    errors += [
        (f"#/lines/{place_}", f"{line.variant.sku} is not on sale any more.")
        for place_, line in enumerate(lines)
        if not line.variant.is_sellable
    ]
    if errors:
        raise CheckoutIncomplete(errors=errors)


def _require_payable(checkout: Checkout, priced: Priced) -> None:
    total = priced.quote.total_minor
    if checkout.payment_method == "cod" and total > COD_TOTAL_MINOR_MAX:
        raise CheckoutIncomplete("This total is too high for cash on delivery.", errors=[("#/paymentMethod", "Pay online.")])
    if checkout.payment_method == "razorpay" and 0 < total < ONLINE_TOTAL_MINOR_MIN:
        raise CheckoutIncomplete("This total is too small to pay online.", errors=[("#/paymentMethod", "Pay at the door.")])


def _addresses(contact: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    shipping = dict(contact["shippingAddress"])
    billing = dict(contact.get("billingAddress") or shipping)
    if contact.get("gstin") and not billing.get("gstin"):
        billing["gstin"] = contact["gstin"]
    return shipping, billing
