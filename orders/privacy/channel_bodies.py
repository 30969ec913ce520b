"""Channels' messages that could not be taken in keep their body under the house key, and it may name an erased buyer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders.models import ChannelImport, ChannelNotice
from timeline import erasing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from timeline.erasing import Erased
    from timeline.operations import Operation


def find(erased: Erased) -> list[UUID]:
    """Messages that were looked at, still have their body, and speak of one of the person's orders."""
    rows = ChannelImport.objects.filter(person_id=erased.person_id).values_list("channel", "channel_order_id")
    ids: dict[str, set[bytes]] = {}
    for channel, order_id in rows:
        ids.setdefault(channel, set()).add(order_id.encode())
    kept = ChannelNotice.objects.filter(account__channel__in=ids, handled_at__isnull=False, received_at__gte=erased.since)
    found = kept.exclude(sealed=b"").select_related("account").iterator(chunk_size=erasing.AT_ONCE)
    return [row.pk for row in found if any(needle in row.body() for needle in ids[row.account.channel])]


def empty(op: Operation, erased: Erased, found: Sequence[Any]) -> int:
    """Take the bodies away; that they came, when, and their hash stay."""
    del op, erased
    return sum(ChannelNotice.objects.filter(pk__in=some).update(sealed=b"") for some in erasing.chunks(found))
