"""A shop in a few lines of arithmetic: what the real one must agree with, whatever is done to it. No database, no Django."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

HOME, AWAY = ("booked", "labelled"), ("moving", "delivered", "lost", "returning", "back")


@dataclass
class Parcel:
    """Units of one order and where they are: booked, labelled, moving, delivered, lost, returning, back or cancelled."""

    units: Counter[str]
    where: str = "booked"


@dataclass
class Order:
    """What was ordered and what became of each unit."""

    ordered: Counter[str]
    paid: bool = False
    is_cash: bool = False
    started: bool = False
    called_off: bool = False
    cancelled: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    parcels: dict[str, Parcel] = field(default_factory=dict)

    def within(self, *places: str) -> Counter[str]:
        """Units in parcels that are in one of these places."""
        found: Counter[str] = Counter()
        for parcel in self.parcels.values():
            if parcel.where in places:
                found += parcel.units
        return found

    def shipped(self) -> Counter[str]:
        """A parcel counts as shipped from its label on (B18)."""
        return self.within("labelled", *AWAY)

    def to_book(self) -> Counter[str]:
        """In no parcel yet, and not cancelled."""
        return self.ordered - self.cancelled - self.within(*HOME, *AWAY)

    def held(self) -> Counter[str]:
        """Promised and still in the building."""
        return Counter() if self.called_off else self.ordered - self.cancelled - self.left


@dataclass
class Shop:
    """Stock by SKU over all warehouses, and the orders."""

    on_hand: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    orders: dict[str, Order] = field(default_factory=dict)

    def held(self) -> Counter[str]:
        """Promised to all orders."""
        return sum((order.held() for order in self.orders.values()), Counter())

    def available(self, sku: str) -> int:
        """What the next customer may have."""
        return self.on_hand[sku] - self.held()[sku]

    def place(self, key: str, ordered: Counter[str], *, is_cash: bool) -> None:
        """A new order."""
        self.orders[key] = Order(ordered, is_cash=is_cash)

    def leave(self, key: str, parcel: str) -> None:
        """A parcel goes: its units leave the shelf and the promise."""
        order = self.orders[key]
        gone = order.parcels[parcel]
        gone.where = "moving"
        self.on_hand -= gone.units
        order.left += gone.units

    def come_back(self, key: str, parcel: str) -> None:
        """A parcel that was called back is here again."""
        order = self.orders[key]
        here = order.parcels[parcel]
        here.where = "back"
        self.on_hand += here.units
        order.returned += here.units

    def call_off(self, key: str) -> None:
        """The order is cancelled: what is at home stays, what is under way is called back."""
        order = self.orders[key]
        order.called_off = True
        for parcel in order.parcels.values():
            if parcel.where in HOME:
                parcel.where = "cancelled"
            elif parcel.where == "moving":
                parcel.where = "returning"
        order.cancelled = order.ordered - order.shipped()

    def give_back(self, key: str, units: Counter[str], *, damaged: bool) -> None:
        """Goods of a refund: what is in no parcel is free again, what arrived comes back, as far as it is at hand."""
        order = self.orders[key]
        for sku, count in units.items():
            free = min(count, order.to_book()[sku])
            back = min(count - free, order.within("delivered")[sku] - order.returned[sku])
            order.cancelled[sku] += free
            order.returned[sku] += max(0, back)
            if damaged:
                self.on_hand[sku] -= free
                self.damaged[sku] += free + max(0, back)
            else:
                self.on_hand[sku] += max(0, back)
