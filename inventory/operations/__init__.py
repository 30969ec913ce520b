"""The verbs of stock: `from inventory import operations as stock; stock.hold(op, stream=…, wants=[…], until=…)`."""

from __future__ import annotations

from inventory.allocation import OutOfStock
from inventory.operations.arrivals import adjust, receive, restock, transfer
from inventory.operations.blind_counts import confirm_count, discard_count, enter_count
from inventory.operations.counting import Counted, take_counts
from inventory.operations.damage import NotDamaged, damage, repair, scrap
from inventory.operations.deliveries import Goods, take_delivery
from inventory.operations.elsewhere import commit_elsewhere
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
from inventory.operations.rebuilding import Rebuilt, rebuild, rebuild_all
from inventory.operations.rehousing import NotPromisedThere, rehouse
from inventory.operations.shelves import QuantityOutOfRange, StockPromised, UnknownVariant, UnknownWarehouse
from inventory.operations.telling import (
    Left,
    NotYet,
    ReferenceReused,
    Resolved,
    report_conflict,
    resolve_conflict,
    tell_count,
    tell_dispatch,
)
from inventory.operations.transfers import MoreThanSent, send, take_in, turn_back
from inventory.operations.waiting import forgo, say_promised
from inventory.operations.watching import watch, watch_due

__all__ = [
    "CodeTaken",
    "Counted",
    "Goods",
    "HoldSpent",
    "Left",
    "MoreThanSent",
    "NotDamaged",
    "NotOfferable",
    "NotPromisedThere",
    "NotYet",
    "OutOfStock",
    "QuantityOutOfRange",
    "Rebuilt",
    "ReferenceReused",
    "Resolved",
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
    "commit_elsewhere",
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
    "rebuild",
    "rebuild_all",
    "receive",
    "rehouse",
    "release",
    "repair",
    "report_conflict",
    "resolve_conflict",
    "restock",
    "say_promised",
    "scrap",
    "send",
    "set_policy",
    "take_counts",
    "take_delivery",
    "take_in",
    "tell_count",
    "tell_dispatch",
    "transfer",
    "turn_back",
    "watch",
    "watch_due",
]
