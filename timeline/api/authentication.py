"""Who calls: an API key's client or a member of staff by cookie."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from timeline.actors import API_CLIENT, STAFF, Actor
from timeline.models import ApiClient

if TYPE_CHECKING:
    from rest_framework.request import Request

    from timeline.operations import Operation

KEY_PREFIX = "bahi_live_"
SESSION_CHARS_MAX = 80


class ClientUser:
    """What `request.user` is when a machine calls."""

    is_authenticated = True
    is_active = True
    is_staff = False
    is_anonymous = False

    def __init__(self, client: ApiClient) -> None:
        self.client = client
        self.pk = client.pk


def make_client(op: Operation, *, name: str, scopes: list[str]) -> str:
    """A new API client; returns its key, which is shown this once."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    ApiClient.objects.create(
        id=op.new_id(),
        name=name,
        prefix=key[:18],
        key_hash=_hash(key),
        scopes=scopes,
        created_at=op.now,
    )
    return key


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer bahi_live_…`."""

    def authenticate(self, request: Request) -> tuple[ClientUser, ApiClient] | None:
        """The client of the key; None when the header is not a key of ours."""
        parts = get_authorization_header(request).split()
        if len(parts) != 2 or parts[0].lower() != b"bearer" or not parts[1].startswith(KEY_PREFIX.encode()):  # noqa: PLR2004
            return None
        digest = hashlib.sha256(parts[1]).digest()
        client = ApiClient.objects.filter(key_hash=digest, is_active=True).first()
        if client is None or not hmac.compare_digest(bytes(client.key_hash), digest):
            message = "This API key is not known."
            raise AuthenticationFailed(message)
        if client.expires_at is not None and client.expires_at <= timezone.now():
            message = "This API key has expired."
            raise AuthenticationFailed(message)
        return ClientUser(client), client

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """What a caller without credentials is told to bring."""
        return 'Bearer realm="bahi"'


class StaffSessionAuthentication(SessionAuthentication):
    """The console's login cookie, with CSRF enforced."""


def staff_actor(request: Any) -> Actor:
    """The actor of a staff request, over the API or in the console."""
    auth = getattr(request, "auth", None)
    common = {
        "session_id": session_of(request),
        "request_id": str(getattr(request, "request_id", None) or getattr(getattr(request, "_request", None), "request_id", "")),
    }
    if isinstance(auth, ApiClient):
        return Actor(type=API_CLIENT, id=str(auth.pk), name=auth.name, channel="admin_api", **common)
    user = request.user
    return Actor(
        type=STAFF, id=str(user.pk), name=user.get_full_name() or user.get_username(), channel="console", **common
    )


def session_of(request: Any) -> str:
    """The session the caller names (`X-Session-Id`), cut to what an event keeps."""
    return str(request.headers.get("X-Session-Id", ""))[:SESSION_CHARS_MAX]


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
