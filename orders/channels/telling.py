"""What we tell channels: a parcel of one of their orders left. Each parcel once; what cannot be told is parked."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F

from orders.channels import talking
from orders.channels.canonical import BY_CHANNEL
from orders.channels.talking import Sent
from orders.models import ChannelAccount, ChannelImport, FulfilmentLine, Line
from orders.operations.fulfil import OWN_FLEET
from shipping.awb import own_number
from shipping.models import Shipment
from timeline.actors import system
from timeline.operations import operation

if TYPE_CHECKING:
    from timeline.models import Event

TELLER = system("channels")
# Operations by which a channel's word comes in: the parcel of an order that has left there bears no number but the one we made up.
TOLD_BY_CHANNEL = "channel."


def tell_shipped(event: Event) -> bool:
    """Tell the order's channel of the parcel that left; whether it was told. Raises what talking raises, and is tried again.

    A shop that was switched off is told nothing, and nothing is passed over: CannotAsk, until it is on again or a person drops it.
    """
    row = _import_of(event.stream)
    parcel = Shipment.objects.filter(pk=event.subject_uuid).first()
    if row is None or parcel is None or parcel.is_reverse:
        return False
    account = _account(row)
    is_theirs = event.operation.startswith(TOLD_BY_CHANNEL) and not _is_numbered(parcel)
    if account is None or is_theirs or str(parcel.pk) in row.told_back or _came_from_there(row, parcel.tracking_number):
        return False
    talk = talking.talk(account)
    if not talk.tells_shipped:
        return False
    if not account.is_active:
        raise talking.CannotAsk(f"The account {account.code} is switched off: switch it on and try again, or let the parcel go untold.")
    talk.tell_shipped(
        Sent(
            order_id=row.channel_order_id, shipment_id=parcel.pk.hex, reference=own_number(parcel.pk),
            tracking_number=parcel.tracking_number if talk.needs_number or _is_numbered(parcel) else "",
            carrier=parcel.carrier.replace("_", " ").title(), at=parcel.shipped_at or event.occurred_at, lines=_lines(parcel.pk),
            is_last=_is_last(row),
        )
    )
    _remember(row, parcel)
    return True


def _is_numbered(parcel: Shipment) -> bool:
    """Whether its carrier knows it by this number: what we numbered ourselves, only the own fleet does."""
    return parcel.carrier == OWN_FLEET or parcel.tracking_number != own_number(parcel.pk)


def _remember(row: ChannelImport, parcel: Shipment) -> None:
    with operation("channel.told", actor=TELLER, stream=row.story) as op:
        fresh = ChannelImport.objects.get(pk=row.pk)
        op.record(
            fresh, "channel_import.told_back", stream=row.story,
            facts={"channel": row.channel, "channel_order_id": row.channel_order_id, "tracking_number": parcel.tracking_number},
            targets=[("order", row.order_id), ("shipment", parcel.pk)],
        )
        ChannelImport.objects.filter(pk=row.pk).update(told_back={**fresh.told_back, str(parcel.pk): op.now.isoformat()})


def _import_of(stream: str) -> ChannelImport | None:
    try:
        order_id = UUID(stream)
    except ValueError:
        return None
    return ChannelImport.objects.select_related("account", "person__key").filter(order_id=order_id).first()


def _account(row: ChannelImport) -> ChannelAccount | None:
    """The account it came by, also one that is switched off; of an order told by hand the one there is, if there is one only."""
    if row.account is not None:
        return row.account if row.account.sealed else None
    found = list(ChannelAccount.objects.filter(channel=row.channel, is_active=True, sealed__isnull=False)[:2])
    return found[0] if len(found) == 1 else None


def _came_from_there(row: ChannelImport, number: str) -> bool:
    """The channel told us of this parcel, or sends the order itself; it need not hear of it."""
    said = row.told()
    if any(trouble.get("code") == BY_CHANNEL for trouble in said.get("troubles", [])):
        return True
    return number in {one[1] for one in said.get("told", {}).get("tracking", []) if len(one) > 1}


def _is_last(row: ChannelImport) -> bool:
    """Whether every unit of the order has left; those that were called off need not."""
    waiting = Line.objects.filter(order=row.order, quantity__gt=F("quantity_shipped") + F("quantity_cancelled"))
    return not waiting.exists()


def _lines(parcel_id: UUID) -> tuple[tuple[str, int], ...]:
    """Units in the parcel by the channel's own line."""
    units: dict[str, int] = defaultdict(int)
    for item in FulfilmentLine.objects.filter(fulfilment__shipment_id=parcel_id).select_related("line"):
        line_id = str(item.line.metadata.get("channel", {}).get("lineId") or "")
        if line_id:
            units[line_id] += item.quantity
    return tuple(sorted(units.items()))
