"""A channel's message: kept first, read afterwards. A thin one names an order only, which is then fetched."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from django.db.models import F

from orders.channels import adapters, ingest, talking
from orders.channels.reading import Unreadable, at, first, identity, loads, obj, text
from orders.models import ChannelAccount, ChannelNotice
from timeline import vault
from timeline.actors import Actor
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from timeline.operations import Operation

# What these send is a name; the order itself is asked for.
THIN = ("bigcommerce", "etsy", "ebay", "flipkart")


def take(op: Operation, *, account: ChannelAccount, topic: str, body: bytes) -> ChannelNotice:
    """Keep a message in a story of its own. It is unique per account: a repeat ends in IntegrityError."""
    row = ChannelNotice(
        id=op.new_id(), account=account, topic=topic, body_sha256=hashlib.sha256(body).digest(), received_at=op.now
    )
    row.sealed = vault.seal(vault.house_key(), row.story, {"raw": base64.b64encode(body).decode()})
    op.open_stream(row.story)
    op.record(row, "channel_notice.taken", stream=row.story, facts={"channel": account.channel, "account": account.code, "bytes": len(body)})
    row.save(force_insert=True)
    return row


def repeat(op: Operation, *, notice_id: UUID) -> None:
    """Count that the message came again."""
    del op  # the capability: only an operation may write
    ChannelNotice.objects.filter(pk=notice_id).update(repeats=F("repeats") + 1)


def read(notice_id: UUID) -> None:
    """Take in what the message is about. Raises what fetching raises, and is tried again; a repeat does no harm."""
    row = ChannelNotice.objects.select_related("account").get(pk=notice_id)
    if row.handled_at is not None:
        return
    actor = Actor(type="channel", id=row.account.code, name=row.account.name, channel="webhook")
    try:
        outcomes = Counter(
            ingest.take(channel=row.account.channel, said=said, actor=actor, account=row.account).outcome for said in _bodies(row)
        )
        outcome = ", ".join(f"{count} {word}" for word, count in sorted(outcomes.items())) or "names no order"
        kept = {} if ingest.REFUSED in outcomes else {"sealed": b""}
    except Unreadable as error:
        outcome, kept = str(error), {}
    with operation("channel_notice.handle", actor=actor) as op:
        rows = ChannelNotice.objects.filter(pk=notice_id, handled_at=None)
        rows.update(handled_at=op.now, outcome=outcome[:300], **kept)


def _bodies(row: ChannelNotice) -> Iterator[Any]:
    said = loads(row.body())
    if row.account.channel not in THIN or (row.account.channel == "etsy" and identity(at(said, "receipt_id"))):
        yield from _told(row, said)
        return
    order_id = named(row.account.channel, said)
    if order_id:
        yield from talking.talk(row.account).fetch(order_id)


def _told(row: ChannelNotice, said: Any) -> Iterator[Any]:
    """Orders in the body itself; messages about anything else name none."""
    about = row.topic.partition("/")[0].partition(".")[0]
    if about in {"", "order", "orders"}:
        for one in adapters.unwrap(row.account.channel, said):
            yield talking.completed(row.account, one)


def named(channel: str, said: Any) -> str:
    """The order a thin message names; empty when it names none."""
    if channel == "bigcommerce":
        kind = text(at(said, "data", "type"))
        return identity(at(said, "data", "orderId") if kind == "shipment" else at(said, "data", "id")) if kind in {"order", "shipment"} else ""
    if channel == "flipkart":
        return identity(first(obj(said), "shipmentId", "orderId"))
    if channel == "ebay":
        data = obj(at(said, "notification", "data"))
        return identity(first(data, "orderId", "OrderId") or at(data, "order", "orderId"))
    resource = text(first(obj(said), "resource_url", "resourceUrl") or at(said, "data", "resource_url"))
    return identity(resource.rstrip("/").rpartition("/")[2]) if "receipts" in resource else identity(at(said, "data", "receipt_id"))
