"""A guest's first call: a token to shop with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from orders.api import shapes
from orders.api.authentication import issue_token
from orders.api.inputs import GuestInput
from timeline.api.answers import encode
from timeline.errors import Invalid
from timeline.ids import uuid7
from timeline.models import ApiClient

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request


class UnknownClient(Invalid):
    """There is no such API client."""


class AnonymousTokensView(APIView):
    """`POST /storefront/anonymous-tokens`: open to everybody; nothing is written until the guest does something."""

    authentication_classes = []
    permission_classes = [AllowAny]
    idempotent = False

    @extend_schema(operation_id="storefront_guest_token", request=GuestInput, responses={201: shapes.GuestToken})
    def post(self, request: Request) -> HttpResponse:
        """Give a new guest a token for 30 days; a beacon's session and the app may be put into it."""
        wish = GuestInput.parse(request.data)
        guest = uuid7(timezone.now())
        client = _client_of(wish["client_id"])
        token, expires_at = issue_token(guest, "guest", session_id=wish["session_id"], client=client)
        body = encode({"token": token, "anonymousId": guest, "expiresAt": expires_at})
        return HttpResponse(body, status=201, content_type="application/json", headers={"Cache-Control": "no-store"})


def _client_of(client_id: UUID | None) -> str:
    if client_id is None:
        return ""
    if not ApiClient.objects.filter(pk=client_id, is_active=True).exists():
        raise UnknownClient(errors=[("#/clientId", "There is no such API client.")])
    return str(client_id)
