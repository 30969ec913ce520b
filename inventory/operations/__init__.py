"""The verbs of stock: `from inventory import operations as stock; stock.hold(op, stream=…, wants=[…], until=…)`."""

from __future__ import annotations

from inventory.allocation import OutOfStock
from inventory.operations.arrivals import adjust, receive, restock, transfer
from inventory.operations.blind_counts import confirm_count, discard_count, enter_count
from inventory.operations.counting import Counted, take_counts
from inventory.operations.damage import NotDamaged, damage, repair, scrap
from inventory.operations.deliveries import Goods, take_delivery
from inventory.operations.expiry import expire_due
from inventory.operations.filling import fill, fill_due
from inventory.operations.holding import HoldSpent, Want, WantOutOfRange, commit, consume, expire, hold, release
from inventory.operations.offering import (
    CodeTaken,
    NotOfferable,
    add_product,
    add_variant,
    add_warehouse,
    change_price,
    offer,
    set_policy,
)
from inventory.operations.rehousing import NotPromisedThere, rehouse
from inventory.operations.shelves import QuantityOutOfRange, StockPromised, UnknownVariant, UnknownWarehouse
from inventory.operations.transfers import MoreThanSent, send, take_in, turn_back
from inventory.operations.waiting import forgo, say_promised
from inventory.operations.watching import watch, watch_due

__all__ = [
    "CodeTaken",
    "Counted",
    "Goods",
    "HoldSpent",
    "MoreThanSent",
    "NotDamaged",
    "NotOfferable",
    "NotPromisedThere",
    "OutOfStock",
    "QuantityOutOfRange",
    "StockPromised",
    "UnknownVariant",
    "UnknownWarehouse",
    "Want",
    "WantOutOfRange",
    "add_product",
    "add_variant",
    "add_warehouse",
    "adjust",
    "change_price",
    "commit",
    "confirm_count",
    "consume",
    "damage",
    "discard_count",
    "enter_count",
    "expire",
    "expire_due",
    "fill",
    "fill_due",
    "forgo",
    "hold",
    "offer",
    "receive",
    "rehouse",
    "release",
    "repair",
    "restock",
    "say_promised",
    "scrap",
    "send",
    "set_policy",
    "take_counts",
    "take_delivery",
    "take_in",
    "transfer",
    "turn_back",
    "watch",
    "watch_due",
]
