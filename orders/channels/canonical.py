"""The one shape every channel's order has here (D2). Pure: amounts are whole minor units of the order's own currency.

Note [What adds up]
    A line or charge is `gross − discount` and, unless the channel's prices include tax, plus its tax. What no line names
    (a discount on the whole order, a tax on its sum) stands at the order. All of it together is the total the channel
    told. Where it is not, the order carries a trouble with the difference: no figure is bent to fit.

Note [Finer than the smallest coin]
    Shops tell taxes with five decimals and whole-line prices that no unit price divides into. Such figures are rounded
    so that their sum is the sum the channel told, largest rest first; only figures that are finer than the coin take part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

PENDING, CONFIRMED, PROCESSING, SHIPPED, DELIVERED = "pending", "confirmed", "processing", "shipped", "delivered"
CANCELLED, REFUNDED = "cancelled", "refunded"
STATUSES = (PENDING, CONFIRMED, PROCESSING, SHIPPED, DELIVERED, CANCELLED, REFUNDED)
BY_CHANNEL = "fulfilled_by_channel"  # the trouble, and the hold, of an order that its channel sends from its own stock
ADDRESS_PARTS = ("name", "phone", "line1", "line2", "city", "state", "postalCode", "country", "gstin")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a person must look at. `code` is stable, `detail` holds no personal data; `holds` keeps the order out."""

    code: str
    detail: str
    holds: bool = True
    difference_minor: int = 0

    def row(self) -> dict[str, Any]:
        """As it is kept and answered."""
        found: dict[str, Any] = {"code": self.code, "detail": self.detail, "holds": self.holds}
        return {**found, "difference": self.difference_minor} if self.difference_minor else found


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax of a line as the channel names it. `rate` is its own words for the rate, `0.18` or `18 %`."""

    title: str
    rate: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Item:
    """A line: so many of a SKU. `unit_minor` is for reading (rounded where the line does not divide); the sums are exact.

    `cancelled` of the units were taken off before they left: they are not sent, and the sums still hold them, as their money was
    paid and is told as given back, or is owed.
    """

    key: str
    sku: str
    title: str
    quantity: int
    unit_minor: int
    gross_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    taxes: tuple[Tax, ...] = ()
    hsn: str = ""
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Charge:
    """What is paid beside the goods: shipping, a fee, a tip, gift wrap."""

    kind: str
    title: str
    gross_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, as far as the channel says."""

    id: str = ""
    email: str = ""
    phone: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the channel says happened: status in our word (empty when it is none we know) and in its own, money, parcels.

    `nothing_taken` says that of what it once called paid it has nothing for us: it takes the money itself, and the order ended.
    """

    status: str
    words: str
    paid_minor: int = 0
    refunded_minor: int = 0
    cash_on_delivery: bool = False
    on_hold: str = ""
    tracking: tuple[tuple[str, str], ...] = ()
    nothing_taken: bool = False


@dataclass(frozen=True, slots=True)
class Canonical:
    """One order of a channel. Note [What adds up]."""

    channel: str
    order_id: str
    number: str
    placed_at: datetime | None
    changed_at: datetime | None
    currency: str
    tax_included: bool
    buyer: Buyer
    shipping: Mapping[str, str]
    billing: Mapping[str, str]
    items: tuple[Item, ...]
    charges: tuple[Charge, ...]
    order_discount_minor: int
    order_tax_minor: int
    total_minor: int
    told: Told
    troubles: tuple[Trouble, ...] = field(default=())
    order_taxes: tuple[Tax, ...] = ()

    @property
    def tax_minor(self) -> int:
        """Every tax, of lines, charges and the order."""
        of_items = sum(item.tax_minor for item in self.items)
        return of_items + sum(charge.tax_minor for charge in self.charges) + self.order_tax_minor

    @property
    def discount_minor(self) -> int:
        """What lines and order are less; a discount on shipping is in the shipping."""
        return sum(item.discount_minor for item in self.items) + self.order_discount_minor

    @property
    def shipping_minor(self) -> int:
        """Shipping, fees and tips without their tax."""
        return sum(
            part.gross_minor - part.discount_minor - (part.tax_minor if self.tax_included else 0) for part in self.charges
        )

    @property
    def subtotal_minor(self) -> int:
        """The goods before discount and without tax: of what adds up, `total = subtotal − discount + tax + shipping`."""
        within = sum(item.tax_minor for item in self.items) + self.order_tax_minor if self.tax_included else 0
        return sum(item.gross_minor for item in self.items) - within

    @property
    def is_sent_by_channel(self) -> bool:
        """Whether its channel sends it from its own stock."""
        return any(trouble.code == BY_CHANNEL for trouble in self.troubles)

    @property
    def is_held(self) -> bool:
        """Whether a person must decide before it is an order."""
        return any(trouble.holds for trouble in self.troubles)

    def sums(self) -> dict[str, Any]:
        """The order's figures and lines, without anything personal: what lists and answers show."""
        return {
            "currency": self.currency, "taxIncluded": self.tax_included, "subtotal": self.subtotal_minor,
            "discountAmount": self.discount_minor, "taxAmount": self.tax_minor, "shippingCost": self.shipping_minor,
            "total": self.total_minor, "paidAmount": self.told.paid_minor, "refundedAmount": self.told.refunded_minor,
            "items": [_item_row(item) for item in self.items],
            "charges": [_charge_row(charge) for charge in self.charges],
        }


def as_data(order: Canonical) -> dict[str, Any]:
    """All of it as JSON, personal parts included: for the sealed copy."""
    data = asdict(order)
    for name in ("placed_at", "changed_at"):
        data[name] = data[name].isoformat() if data[name] else None
    return data


def _item_row(item: Item) -> dict[str, Any]:
    return {
        "id": item.key, "sku": item.sku, "name": item.title[:200], "quantity": item.quantity, "price": item.unit_minor,
        "gross": item.gross_minor, "discountAmount": item.discount_minor, "taxAmount": item.tax_minor,
        "total": item.total_minor, "taxes": [_tax_row(tax) for tax in item.taxes],
        **({"cancelled": item.cancelled} if item.cancelled else {}),
    }


def _charge_row(charge: Charge) -> dict[str, Any]:
    return {
        "kind": charge.kind, "title": charge.title[:200], "amount": charge.gross_minor,
        "discountAmount": charge.discount_minor, "taxAmount": charge.tax_minor, "total": charge.total_minor,
        "taxes": [_tax_row(tax) for tax in charge.taxes],
    }


def _tax_row(tax: Tax) -> dict[str, Any]:
    return {"title": tax.title, "rate": tax.rate, "amount": tax.amount_minor}
