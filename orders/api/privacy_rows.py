"""Requests about a person's own data: bodies, parameters, rows and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from orders.api.inputs import REASON_CHARS_MAX
from orders.api.shapes import AddressShape
from orders.models import DataRequest
from orders.privacy import archives
from timeline.api.query import Query, QueryList, QueryText
from timeline.api.wire import Choice, Input, Output, Page, StrictText

if TYPE_CHECKING:
    from datetime import datetime

    from orders.models import Person

TOKEN_CHARS_MAX = 400


@extend_schema_serializer(examples=[OpenApiExample("Erase me", {"kind": "erasure"}, request_only=True)])
class DataRequestInput(Input):
    """What is asked for: `access` is an archive of everything, `erasure` the end of it."""

    kind = Choice(choices=DataRequest.Kind.values)


class DataRequestsQuery(Query):
    """Which requests."""

    kind = QueryList(child=Choice(choices=DataRequest.Kind.values))
    status = QueryList(child=Choice(choices=DataRequest.Status.values))


class ArchiveQuery(Query):
    """The link's own word."""

    token = QueryText(max_length=TOKEN_CHARS_MAX)


@extend_schema_serializer(examples=[OpenApiExample("Why", {"reason": "The carrier rang for the door code"}, request_only=True)])
class RevealInput(Input):
    """Why a customer is to be seen in full; kept with who asked."""

    reason = StrictText(max_length=REASON_CHARS_MAX)


class RevealedShape(Output):
    """A customer in full."""

    id = s.UUIDField()
    name = s.CharField(allow_null=True)
    email = s.CharField(allow_null=True)
    phone = s.CharField(allow_null=True)
    shipping_address = AddressShape(allow_null=True)
    billing_address = AddressShape(allow_null=True)


class WaitReasonShape(Output):
    """One thing that still needs the data."""

    code = s.CharField()
    order = s.CharField()
    until = s.DateTimeField(allow_null=True)


class DataRequestShape(Output):
    """One request, why it waits, and where its archive is while there is one."""

    id = s.UUIDField()
    customer_id = s.UUIDField()
    kind = s.ChoiceField(choices=DataRequest.Kind.choices)
    status = s.ChoiceField(choices=DataRequest.Status.choices)
    reasons = WaitReasonShape(many=True)
    archive_url = s.CharField(allow_null=True)
    archive_bytes = s.IntegerField(allow_null=True)
    downloads = s.IntegerField()
    requested_by = s.DictField()
    created_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)
    expires_at = s.DateTimeField(allow_null=True)


class DataRequestPage(Page):
    """A page of requests."""

    data: Any = DataRequestShape(many=True)


def data_request_row(request: DataRequest, *, now: datetime, as_staff: bool) -> dict[str, Any]:
    """One request; its link is for whom it is shown to, and dies with the archive."""
    lives = request.status == DataRequest.Status.READY and request.expires_at is not None and request.expires_at > now
    base = "/admin/data-requests" if as_staff else "/storefront/me/data-requests"
    return {
        "id": request.pk,
        "customerId": request.person_id,
        "kind": request.kind,
        "status": request.status,
        "reasons": request.reasons,
        "archiveUrl": f"{base}/{request.pk}/archive?token={archives.token_of(request)}" if lives else None,
        "archiveBytes": request.size if lives else None,
        "downloads": request.downloads,
        "requestedBy": {"type": request.asked_by_type, "id": request.asked_by_id},
        "createdAt": request.asked_at,
        "endedAt": request.ended_at,
        "expiresAt": request.expires_at,
    }


def revealed_row(person: Person, *, shipping: dict[str, Any], billing: dict[str, Any]) -> dict[str, Any]:
    """A customer in full; everything is null once they are erased."""
    profile = person.profile()
    return {
        "id": person.pk, **{part: profile.get(part) for part in ("name", "email", "phone")},
        "shippingAddress": shipping or None, "billingAddress": billing or None,
    }
