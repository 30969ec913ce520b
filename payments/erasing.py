"""What a gateway told of a person: the bodies of notices name an e-mail address and a phone number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payments.dispute import Dispute
from payments.models import Notice, Payment, Refund
from payments.operations.notices import body_of
from timeline import erasing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from timeline.erasing import Erased
    from timeline.operations import Operation


def find(erased: Erased) -> list[UUID]:
    """The notices that speak of the person's money. What could not be read when it came is read through."""
    ids = _ids(erased)
    if not ids:
        return []
    found: set[UUID] = set()
    for some in erasing.chunks(sorted(ids)):
        found.update(Notice.objects.filter(entity_id__in=some).exclude(sealed=b"").values_list("pk", flat=True))
    needles = [text.encode() for text in ids]
    unread = Notice.objects.filter(entity_id="", received_at__gte=erased.since).exclude(sealed=b"")
    for notice in unread.iterator(chunk_size=erasing.AT_ONCE):
        body = body_of(notice)
        if any(needle in body for needle in needles):
            found.add(notice.pk)
    return sorted(found)


def empty(op: Operation, erased: Erased, found: Sequence[Any]) -> int:
    """Take the bodies away; that they came, when, and their hash stay."""
    del op, erased
    return sum(Notice.objects.filter(pk__in=some).update(sealed=b"") for some in erasing.chunks(found))


def _ids(erased: Erased) -> set[str]:
    ids: set[str | None] = set()
    for streams in erasing.chunks(erased.streams):
        ids.update(Payment.objects.filter(stream__in=streams).values_list("gateway_payment_id", flat=True))
        ids.update(Payment.objects.filter(stream__in=streams).values_list("gateway_order_id", flat=True))
        ids.update(Refund.objects.filter(stream__in=streams).values_list("gateway_refund_id", flat=True))
        ids.update(Dispute.objects.filter(stream__in=streams).values_list("gateway_dispute_id", flat=True))
    return {text for text in ids if text}
