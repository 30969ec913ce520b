"""Which answers are kept, for whom, of which version and for how long (B54 to B57; timeline.kept, docs/kept-answers.md)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Max, OuterRef, Subquery, Sum
from django.http import HttpResponse
from django.utils import timezone

from orders import masking, queries
from orders.models import Order
from payments.models import Payment
from shipping.models import Label, Scan
from timeline import kept
from timeline.api.answers import JSON_TYPE, encode, etag
from timeline.errors import Missing
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from rest_framework.request import Request

S = Order.Status
# What still moves is soon another version; what has come to rest is asked for again for longer.
ORDER_SECONDS: Final = {
    S.PENDING: 60, S.CONFIRMED: 300, S.PROCESSING: 300, S.SHIPPED: 600, S.DELIVERED: 3600, S.CANCELLED: 3600, S.REFUNDED: 3600,
}
LIST_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Head:
    """An order's id and whose it is, its length, how long an answer about it may be kept, and the version of all that such an answer shows."""

    pk: UUID
    person_id: UUID
    seq: int
    version: str
    lifetime_s: int


def head_of(text: str, *, person_id: UUID | None = None) -> Head:
    """The head of the order of this id or number. Raises Missing as `queries.id_of` does. One statement.

    Nearly all that an order shows is written with an event of its story. The rest is in the version by itself: what is known of
    the person, labels, scans, tries of payments, places in the sealed log, and the day, for a parcel is late by the calendar.
    Where no answer is kept, none of that is asked for, and the version is empty.
    """
    found = queries.named(text, person_id=person_id)
    if not kept.keeps():
        bare = found.values_list("pk", "person_id", "stream__seq", "status").first()
        if bare is None:
            raise Missing
        return Head(*bare[:3], "", ORDER_SECONDS[S(bare[3])])
    parts = {
        "labels": _count(Label.objects.filter(shipment__stream=OuterRef("stream_id")), "shipment__stream", Count("pk")),
        "scans": _count(Scan.objects.filter(shipment__stream=OuterRef("stream_id")), "shipment__stream", Count("pk")),
        "places": _count(Event.objects.filter(stream=OuterRef("stream_id")), "stream", Max("position")),
        "tries": _count(Payment.objects.filter(stream=OuterRef("stream_id")), "stream", Sum("attempts")),
    }
    known = ("person__sealed", "person__erased_at", "person__key__destroyed_at", "person__owner_id")
    columns = ("pk", "person_id", "stream__seq", "status", "stream__at", *known, *parts)
    row = found.annotate(**parts).values_list(*columns).first()
    if row is None:
        raise Missing
    pk, whose, seq, status, at, sealed, *rest = row
    marks = (at, hashlib.sha256(bytes(sealed or b"")).hexdigest(), *rest, timezone.localdate())
    return Head(pk, whose, seq, f"{seq} {marks}", ORDER_SECONDS[S(status)])


def staff_audience(request: Request) -> str:
    """Staff who see customers in full, and staff who do not. What is kept is masked after it is read, as any answer is."""
    sees = masking.sees_customers(request.user, getattr(request.auth, "scopes", None))
    return "staff" if sees else "staff without customers"


def own_audience(person_id: UUID) -> str:
    """One customer or guest."""
    return f"person {person_id}"


def order_answer(head: Head, *, audience: str, kind: str, about: Any, make: Callable[[], Any], is_versioned: bool = False) -> HttpResponse:
    """A read of one order, kept. With its ETag where it is the order itself; not kept where it moved on since its head was read."""
    seqs = [head.seq]

    def made() -> bytes:
        data = make()
        seqs.append(data["version"] if is_versioned else head.seq)
        return encode(data)

    body = kept.answer(
        kind, audience=audience, version=head.version, about=[head.pk, about], lifetime_s=head.lifetime_s, make=made,
        may_keep=lambda: seqs[-1] == head.seq,
    )
    return HttpResponse(body, content_type=JSON_TYPE, headers=etag(seqs[-1]) if is_versioned else {})


def list_answer(kind: str, *, audience: str, about: Any, make: Callable[[], Any], may_keep: bool = True) -> HttpResponse:
    """A read of many orders, kept until anything is written. `may_keep` is False where the clock decides too."""
    if not may_keep or not kept.keeps():
        return HttpResponse(encode(make()), content_type=JSON_TYPE)
    body = kept.answer(
        kind, audience=audience, version=kept.shop_version(), about=about, lifetime_s=LIST_SECONDS, make=lambda: encode(make())
    )
    return HttpResponse(body, content_type=JSON_TYPE)


def _count(rows: Any, by: str, counted: Any) -> Subquery:
    return Subquery(rows.order_by().values(by).annotate(n=counted).values("n"))
