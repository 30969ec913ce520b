"""Request id, content policy, who may keep an answer, and the largest body the server reads."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import structlog
from django.http import HttpResponse, JsonResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

BODY_BYTES_MAX = 2_097_152
# Files of jobs are read piece by piece; the form around one adds a little.
FILE_PATHS = ("/admin/jobs/", "/console/jobs/")
FILE_BYTES_MAX = 50 * 1024 * 1024 + 65_536
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The browsable documentation sets inline styles and starts itself with an inline script of its own.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' blob:; worker-src blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class RequestIdMiddleware:
    """Give every request an id, take over a proxy's, and put it on log lines, events and the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request under its id."""
        sent = request.headers.get("X-Request-Id", "")
        request_id = sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.clear_contextvars()
        response.headers["X-Request-Id"] = request_id
        return response


class ContentPolicyMiddleware:
    """Nothing from another host, no inline script, no frame around us (F82, F83)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the policy headers."""
        response = self.get_response(request)
        policy = _DOCS_POLICY if request.path.startswith("/api/docs") else _POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


class NotKeptMiddleware:
    """What is answered to one caller stays with them: no proxy keeps it, and no browser shows it after signing out (B88)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; what says itself how it may be kept is left as it is."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class RateLimitMiddleware:
    """Say with every answer that was counted what is left of the limit, not only once it is used up (B74)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the RateLimit headers (draft-10) of what counted the request, if anything did."""
        response = self.get_response(request)
        for name, value in getattr(request, "rate_limit_headers", {}).items():
            response.headers.setdefault(name, value)
        return response


class BodyLimitMiddleware:
    """A body larger than anything we take is refused before it is read (F60)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse by the declared length; parsers count what really comes."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isascii() or not length.isdigit():
            return HttpResponse(status=400)
        bytes_max = FILE_BYTES_MAX if request.path.startswith(FILE_PATHS) else BODY_BYTES_MAX
        if int(length[:12]) > bytes_max or len(length) > 12:  # noqa: PLR2004 more digits than any length has
            return JsonResponse(
                {
                    "type": "/problems/too-large",
                    "title": "The body is too large",
                    "status": 413,
                    "detail": f"At most {bytes_max} bytes are read.",
                    "instance": request.path,
                },
                status=413,
                content_type="application/problem+json",
            )
        return self.get_response(request)
