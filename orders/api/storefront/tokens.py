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
from orders.api.inputs import Nothing
from timeline.api.answers import encode
from timeline.ids import uuid7

if TYPE_CHECKING:
    from rest_framework.request import Request


class AnonymousTokensView(APIView):
    """`POST /storefront/anonymous-tokens`: open to everybody; nothing is written until the guest does something."""

    authentication_classes = []
    permission_classes = [AllowAny]
    idempotent = False

    @extend_schema(operation_id="storefront_guest_token", request=Nothing, responses={201: shapes.GuestToken})
    def post(self, request: Request) -> HttpResponse:
        """Give a new guest a token for 30 days."""
        Nothing.parse(request.data)
        guest = uuid7(timezone.now())
        token, expires_at = issue_token(guest, "guest")
        body = encode({"token": token, "anonymousId": guest, "expiresAt": expires_at})
        return HttpResponse(body, status=201, content_type="application/json", headers={"Cache-Control": "no-store"})
