"""Many orders by the names callers use for them: ids and numbers, in either case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from orders.models import Order

if TYPE_CHECKING:
    from collections.abc import Iterable

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"ord-[0-9]{8}-[0-9]{5,9}", re.ASCII)


def ids_of(texts: Iterable[str]) -> dict[str, tuple[UUID, str]]:
    """Id and number of each order that is named by either, under its name in lower case. One statement."""
    named = {text.strip().lower() for text in texts}
    ids = [UUID(text) for text in named if _UUID.fullmatch(text)]
    numbers = [text.upper() for text in named if _NUMBER.fullmatch(text)]
    found: dict[str, tuple[UUID, str]] = {}
    for pk, number in Order.objects.filter(Q(pk__in=ids) | Q(number__in=numbers)).values_list("pk", "number"):
        found[str(pk)] = found[number.lower()] = (pk, number)
    return found


def head(order_id: UUID) -> Order:
    """The order's own row without its snapshots. One statement."""
    return Order.objects.defer("pricing_snapshot", "discount_snapshot").get(pk=order_id)
