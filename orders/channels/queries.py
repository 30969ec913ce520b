"""Reads of channels: what came in, where it stands, which shops there are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet

from orders.channels import adapters
from orders.models import ChannelAccount, ChannelImport
from orders.queries import uuid_of
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel with its shops and its imports by state."""

    code: str
    name: str
    accounts: list[ChannelAccount] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def channels() -> list[ChannelRow]:
    """Every channel that can be read, by name. Two statements."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in ChannelImport.objects.values("channel", "state").annotate(n=Count("id")).order_by("channel", "state"):
        counts[row["channel"]][row["state"]] = row["n"]
    shops: dict[str, list[ChannelAccount]] = defaultdict(list)
    for account in ChannelAccount.objects.order_by("code"):
        shops[account.channel].append(account)
    known = sorted(adapters.NAMES.items(), key=lambda item: item[1])
    return [ChannelRow(code, name, shops[code], counts[code]) for code, name in known]


def imports(*, states: Sequence[str] = (), channels: Sequence[str] = (), order_id: str = "") -> QuerySet[ChannelImport]:
    """Imports in these states of these channels, of this channel order id."""
    found = ChannelImport.objects.select_related("order", "account").defer("sealed", "order__pricing_snapshot", "order__discount_snapshot")
    if order_id:
        found = found.filter(channel_order_id=order_id)
    elif states:
        found = found.filter(state__in=states)
    return found.filter(channel__in=channels) if channels else found


def imported(text: str) -> ChannelImport:
    """The import of this id. Raises Missing."""
    pk = uuid_of(text)
    found = ChannelImport.objects.select_related("order", "account", "person__key").filter(pk=pk).first() if pk else None
    if found is None:
        raise Missing
    return found


def waiting_count() -> int:
    """How many imports wait for a person."""
    return ChannelImport.objects.filter(state__in=[ChannelImport.State.HELD, ChannelImport.State.CONFLICT]).count()
