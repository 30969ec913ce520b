"""The verbs of stock: `from inventory import operations as stock; stock.hold(op, stream=…, wants=[…], until=…)`."""

from __future__ import annotations

from inventory.allocation import OutOfStock
from inventory.operations.arrivals import adjust, receive, restock, transfer
from inventory.operations.counting import Counted, take_counts
from inventory.operations.damage import NotDamaged, damage, repair, scrap
from inventory.operations.expiry import expire_due
from inventory.operations.holding import HoldSpent, Want, WantOutOfRange, commit, consume, expire, hold, release
from inventory.operations.offering import (
    CodeTaken,
    NotOfferable,
    add_product,
    add_variant,
    add_warehouse,
    change_price,
    offer,
)
from inventory.operations.shelves import QuantityOutOfRange, StockPromised, UnknownVariant, UnknownWarehouse

__all__ = [
    "CodeTaken",
    "Counted",
    "HoldSpent",
    "NotDamaged",
    "NotOfferable",
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
    "consume",
    "damage",
    "expire",
    "expire_due",
    "hold",
    "offer",
    "receive",
    "release",
    "repair",
    "restock",
    "scrap",
    "take_counts",
    "transfer",
]
