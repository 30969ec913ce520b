"""Who shops: a customer or a guest, by bearer token or by the cookie of the shop's pages."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from timeline.actors import CUSTOMER, GUEST, Actor
from timeline.api.authentication import KEY_PREFIX, SESSION_CHARS_MAX, session_of

if TYPE_CHECKING:
    from rest_framework.request import Request

Kind = Literal["customer", "guest"]

ISSUER = "bahi"
PERSON_SESSION_KEY, KIND_SESSION_KEY = "person_id", "person_kind"
CUSTOMER_TTL = timedelta(hours=12)
GUEST_TTL = timedelta(days=30)
LEEWAY_SECONDS = 30
TOKEN_BYTES_MAX = 8192
JWKS_TIMEOUT_SECONDS = 5
_LOCAL_ALGORITHM = "HS256"
_OUTSIDE_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_KINDS = (CUSTOMER, GUEST)


@dataclass(frozen=True, slots=True)
class Caller:
    """What `request.user` is when a customer or a guest calls."""

    person_id: UUID
    kind: str
    session_id: str = ""
    client: str = ""

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False
    is_anonymous: ClassVar[bool] = False

    @property
    def pk(self) -> UUID:
        """What the limits of new orders are counted under."""
        return self.person_id


class CustomerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <jwt>`, or without one the login cookie of the shop's pages, with CSRF enforced."""

    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        """The caller; None when nothing of ours was sent. Raises AuthenticationFailed for a token that does not hold."""
        parts = get_authorization_header(request).split()
        if not parts:
            return self._by_cookie(request)
        if parts[0].lower() != b"bearer" or (len(parts) > 1 and parts[1].startswith(KEY_PREFIX.encode())):
            return None
        if len(parts) != 2 or len(parts[1]) > TOKEN_BYTES_MAX:  # noqa: PLR2004 the word and the token
            raise AuthenticationFailed
        return caller_of_token(parts[1].decode("latin-1")), "bearer"

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 the frame passes it
        """What a caller without credentials is told to bring."""
        return 'Bearer realm="bahi"'

    def _by_cookie(self, request: Request) -> tuple[Caller, str] | None:
        session = getattr(request._request, "session", None)
        person_id = _uuid(session.get(PERSON_SESSION_KEY)) if session is not None else None
        if session is None or person_id is None:
            return None
        SessionAuthentication().enforce_csrf(request)
        kind = session.get(KIND_SESSION_KEY)
        return Caller(person_id=person_id, kind=kind if kind in _KINDS else GUEST), "cookie"


class Customer(BasePermission):
    """A customer or a guest. Whose things they see is decided by the queries."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 the frame passes it
        """Whether a person who shops is calling; staff and API keys are not."""
        return isinstance(request.user, Caller)


def caller_of_token(token: str) -> Caller:
    """The person a token stands for. Raises AuthenticationFailed."""
    try:
        outside = jwt.get_unverified_header(token).get("alg") != _LOCAL_ALGORITHM
        return _outside(token) if outside else _local(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise AuthenticationFailed from error


def issue_token(
    person_id: UUID, kind: Kind, *, ttl: timedelta | None = None, session_id: str = "", client: str = ""
) -> tuple[str, datetime]:
    """A token of our own for this person, and when it ends; 12 hours for customers, 30 days for guests.

    The session of a beacon and the app it was issued to stand on every event that comes with it (C16).
    """
    now = datetime.now(tz=UTC).replace(microsecond=0)
    expires_at = now + (ttl or (CUSTOMER_TTL if kind == CUSTOMER else GUEST_TTL))
    claims = {
        "iss": ISSUER, "aud": settings.CUSTOMER_JWT_AUDIENCE, "sub": str(person_id), "typ": kind, "iat": now, "exp": expires_at,
        **({"sid": session_id} if session_id else {}), **({"azp": client} if client else {}),
    }
    return jwt.encode(claims, _secret(), algorithm=_LOCAL_ALGORITHM), expires_at


def customer_actor(request: Any) -> Actor:
    """The actor of a storefront request; a customer's name is never stored with what they do."""
    caller: Caller = request.user
    plain = getattr(request, "_request", request)
    return Actor(
        type=caller.kind,
        id=str(caller.person_id),
        channel="storefront_api",
        session_id=session_of(request) or caller.session_id,
        request_id=str(getattr(plain, "request_id", "")),
        client=caller.client,
    )


def _local(token: str) -> Caller:
    claims = jwt.decode(
        token, _secret(), algorithms=[_LOCAL_ALGORITHM], audience=settings.CUSTOMER_JWT_AUDIENCE, issuer=ISSUER,
        leeway=LEEWAY_SECONDS, options={"require": ["exp", "iat", "sub", "aud"]},
    )
    person_id = _uuid(claims["sub"])
    if person_id is None or claims.get("typ") not in _KINDS:
        raise AuthenticationFailed
    return Caller(person_id=person_id, kind=claims["typ"], **_origin(claims))


def _outside(token: str) -> Caller:
    if not settings.CUSTOMER_JWKS_URL:
        raise AuthenticationFailed
    claims = jwt.decode(
        token, _keys(settings.CUSTOMER_JWKS_URL).get_signing_key_from_jwt(token).key, algorithms=_OUTSIDE_ALGORITHMS,
        audience=settings.CUSTOMER_JWT_AUDIENCE, leeway=LEEWAY_SECONDS, options={"require": ["exp", "sub", "aud"]},
    )
    subject = str(claims["sub"])
    person_id = _uuid(subject) or uuid5(NAMESPACE_URL, f"{claims.get('iss', '')}#{subject}")
    return Caller(person_id=person_id, kind=CUSTOMER, **_origin(claims))


def _origin(claims: dict[str, Any]) -> dict[str, str]:
    """The session and the app of a token, as far as events may keep them: an app is known by the id of its API client."""
    client = _uuid(claims.get("azp") or claims.get("client_id"))
    return {"session_id": str(claims.get("sid") or "")[:SESSION_CHARS_MAX], "client": client.hex if client is not None else ""}


@lru_cache(maxsize=4)
def _keys(url: str) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(url, timeout=JWKS_TIMEOUT_SECONDS, cache_keys=True)


def _secret() -> bytes:
    # A key of its own, so that nothing else signed with SECRET_KEY is ever a token.
    return hmac.digest(settings.SECRET_KEY.encode(), b"bahi customer tokens", sha256)


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None
