"""A book with a few stories in it, told by the same operations as real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from inventory import operations as stock
from tests import makers, shelves
from timeline import triggers
from timeline.log import seal
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Sequence


def stories(skus: Sequence[str] = ("TEA", "RICE", "SALT"), receipts: int = 3) -> list[str]:
    """So many products whose stock arrives so many times; gives the streams, in the order of the SKUs."""
    code = makers.warehouse()
    streams = []
    for sku in skus:
        streams.append(str(makers.product(sku, units=1).pk))
        for _ in range(receipts):
            arrival(sku, code)
    return streams


def arrival(sku: str, code: str = makers.WAREHOUSE) -> None:
    """One more event in the product's story."""
    with operation("stock.receive", actor=shelves.ASHA) as op:
        stock.receive(op, warehouse_code=code, sku=sku, quantity=5, reason="purchase")


def sealed(skus: Sequence[str] = ("TEA", "RICE", "SALT"), receipts: int = 3) -> list[str]:
    """The same, with all of it sealed."""
    streams = stories(skus, receipts)
    seal.seal()
    return streams


def as_owner(statement: str, values: Sequence[Any] = ()) -> int:
    """What the owner of the database can do: take the guard away, change a row, put the guard back."""
    if connection.vendor == "postgresql":
        connection.check_constraints()  # inside a test's transaction no table may be altered while checks are due
    triggers.drop()
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        changed = int(cursor.rowcount)
    if connection.vendor == "postgresql":
        connection.check_constraints()
    triggers.attach()
    return changed


def events(stream: str) -> list[Event]:
    """The events of a story, oldest first."""
    return list(Event.objects.filter(stream=stream).order_by("stream_seq"))
