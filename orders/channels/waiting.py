"""Imports that wait for stock or for a product alone: tried again by themselves once both are there, oldest order first.

Note [Tried when it can succeed]
    A try that fails is one more event of its story. So it is looked first, over the figures of all that wait, whether every
    SKU is one of ours and its units are free (but for what its channel sends from its own stock); units an older order is about to take count for no later one. What was
    refused all the same (a warehouse keeps its last units back) rests for some minutes.
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from itertools import islice
from operator import or_
from typing import TYPE_CHECKING

import structlog
from django.db.models import Q, TextField
from django.db.models.functions import Cast, Coalesce

from inventory import queries as stock
from inventory.models import Variant
from orders.channels import ingest
from orders.channels.canonical import BY_CHANNEL
from orders.channels.matching import name_of
from orders.models import ChannelImport, ChannelSku
from timeline.actors import system
from timeline.errors import DomainError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

COMES = frozenset({"oversold", "unknown_sku", BY_CHANNEL})
REST = timedelta(minutes=5)
LOOKED_AT_MAX = 1000
TRIES_MAX = 50
WAITER = system("channels")
log = structlog.get_logger("bahi.channels")


def try_waiting(now: datetime) -> int:
    """Try what can succeed now; returns how many became orders. Note [Tried when it can succeed]."""
    created = 0
    for pk in _ready(now)[:TRIES_MAX]:
        try:
            created += ingest.again(import_id=pk, actor=WAITER, reason="stock_came").outcome == ingest.CREATED
        except DomainError as error:
            log.warning("channel_import.still_waits", channel_import=str(pk), why=type(error).__name__)
    return created


def _ready(now: datetime) -> list[UUID]:
    """What waits for stock or products alone and finds both. Four statements."""
    held = ChannelImport.objects.filter(
        state=ChannelImport.State.HELD, seen_at__lt=now - REST, person__key__destroyed_at=None
    ).order_by(Coalesce("placed_at", "received_at"), "id")
    # The text of the reasons spares reading most of what waits for a person: those may be many, and older.
    named = reduce(or_, (Q(said__contains=f'"{code}"') for code in sorted(COMES)))
    found_held = held.annotate(said=Cast("reasons", TextField())).filter(named).values_list("pk", "channel", "shop", "reasons", "sums")
    alone = (row for row in found_held.iterator(LOOKED_AT_MAX) if {reason["code"] for reason in row[3] if reason["holds"]} <= COMES)
    waiting = [(pk, channel, shop, _units(sums), _is_ours(reasons)) for pk, channel, shop, reasons, sums in islice(alone, LOOKED_AT_MAX)]
    ours = _ours({(channel, shop, name) for _, channel, shop, units, _ in waiting for name in units})
    free = stock.available(ours.values())
    found = []
    for pk, channel, shop, units, is_our_stock in waiting:
        wanted: dict[UUID, int] = {}
        for name, count in units.items():
            variant = ours.get((channel, shop, name))
            if variant is not None and is_our_stock:
                wanted[variant] = wanted.get(variant, 0) + count
        is_known = all((channel, shop, name) in ours for name in units)
        if units and is_known and all(free.get(variant, 0) >= count for variant, count in wanted.items()):
            free.update({variant: free[variant] - count for variant, count in wanted.items()})
            found.append(pk)
    return found


def _is_ours(reasons: list[dict[str, object]]) -> bool:
    """Whether the order goes out of our stock."""
    return all(reason["code"] != BY_CHANNEL for reason in reasons)


def _units(sums: dict[str, object]) -> dict[str, int]:
    """Units by the name under which a line is matched."""
    found: dict[str, int] = {}
    items = sums.get("items")
    for item in items if isinstance(items, list) else []:
        name = name_of(item["sku"], item["name"])
        if item["quantity"]:
            found[name] = found.get(name, 0) + item["quantity"]
    return found


def _ours(names: set[tuple[str, str, str]]) -> dict[tuple[str, str, str], UUID]:
    """Our variants by channel, shop and name, as `matching.match` finds them."""
    wanted = {name for _, _, name in names}
    said = {(row.channel, row.shop, row.sku): row.variant_id for row in ChannelSku.objects.filter(sku__in=wanted)}
    own = dict(Variant.objects.filter(sku__in={name.upper() for name in wanted}).values_list("sku", "pk"))
    found = {}
    for channel, shop, name in names:
        ours = None if name.startswith("title:") else own.get(name.upper())
        variant = said.get((channel, shop, name)) or said.get((channel, "", name)) or ours
        if variant is not None:
            found[channel, shop, name] = variant
    return found
