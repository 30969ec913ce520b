"""A person decides about an import: what a SKU or status means, that a difference is so, that it is no order of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inventory.models import Variant
from orders.channels import changing, deciding, following
from orders.models import ChannelImport, ChannelSku
from timeline.errors import Invalid, Missing, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from timeline.operations import Operation

S = ChannelImport.State


class NothingToDecide(Refused):
    """This import waits for nobody."""


class NotAcceptable(Invalid):
    """This cannot be taken as it is."""


def decide(
    op: Operation, *, import_id: UUID, skus: Mapping[str, str], status: str, accept: Sequence[str], note: str = ""
) -> ChannelImport:
    """Keep what a person said; a held import is tried again afterwards. A conflict is settled: the order here stands.

    Of the body that made the conflict the money is followed, and the step that the person says its status means. Where they
    accept `changed_after_placing` the order becomes what the channel tells: Note [What may follow].
    Raises Missing, NothingToDecide, NotAcceptable, Invalid for a SKU that is none of ours, and whatever refuses the step.
    """
    row = _row(op, import_id)
    if row.state not in (S.HELD, S.CONFLICT):
        raise NothingToDecide(f"The import is {row.state}.")
    wrong = sorted(set(accept) - deciding.ACCEPTABLE)
    if wrong and row.state == S.HELD:
        raise NotAcceptable(errors=[("#/accept", f"{', '.join(wrong)} cannot be accepted; say or change what is missing.")])
    _keep_skus(row, skus)
    said: dict[str, Any] = dict(row.decisions)
    if status:
        said["statuses"] = {**said.get("statuses", {}), row.channel_status: status}
    if accept:
        told = {reason["code"]: reason.get("difference", 0) for reason in row.reasons if reason["holds"]}
        said["accept"] = {**said.get("accept", {}), **{code: told[code] for code in accept if code in told}}
    row.decisions = said
    was_conflict = row.state == S.CONFLICT
    if was_conflict:
        row.state, row.placed = S.IMPORTED, row.sums
        row.reasons = [{**reason, "holds": False} for reason in row.reasons]
    op.record(
        row, "channel_import.resolved", stream=row.story,
        facts={
            "channel": row.channel, "channel_order_id": row.channel_order_id, "status": status or None,
            "accept": sorted(accept) or None, "skus": sorted(skus) or None,
        },
        private={"note": note} if note else None, targets=[("order", row.order_id)] if row.order_id else [],
    )
    row.save(update_fields=["decisions", "state", "placed", "reasons"])
    if was_conflict:
        following.settle(op, row=row, status=status, takes_over=changing.CODE in accept)
    return row


def dismiss(op: Operation, *, import_id: UUID, reason: str) -> ChannelImport:
    """It is no order of ours: kept, and out of the way. Raises Missing, NothingToDecide for one that is an order."""
    row = _row(op, import_id)
    if row.state != S.HELD:
        raise NothingToDecide(f"The import is {row.state}.")
    row.state = S.DISMISSED
    op.record(
        row, "channel_import.dismissed", stream=row.story,
        facts={"channel": row.channel, "channel_order_id": row.channel_order_id}, private={"reason": reason},
    )
    row.save(update_fields=["state"])
    return row


def _keep_skus(row: ChannelImport, skus: Mapping[str, str]) -> None:
    found = {variant.sku: variant for variant in Variant.objects.filter(sku__in=[sku.upper() for sku in skus.values()])}
    errors = [(f"#/skus/{theirs}", "There is no such SKU.") for theirs, ours in skus.items() if ours.upper() not in found]
    if errors:
        raise Invalid("These SKUs are none of ours.", errors=errors)
    for theirs, ours in skus.items():
        ChannelSku.objects.update_or_create(channel=row.channel, shop=row.shop, sku=theirs, defaults={"variant": found[ours.upper()]})


def _row(op: Operation, import_id: UUID) -> ChannelImport:
    op.version(f"channel-import:{import_id}")
    found = ChannelImport.objects.filter(pk=import_id).first()
    if found is None:
        raise Missing
    return found
