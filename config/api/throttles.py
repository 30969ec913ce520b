"""New orders are limited per customer and per address of origin, exactly (REQUIREMENTS B74)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from timeline.origins import origin
from timeline.rates import exact_allow

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

WINDOW_SECONDS: Final = 60
POLICY: Final = "orders"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class OrderCreationThrottle(BaseThrottle):
    """``settings.ORDER_RATE`` new orders a minute; beyond it 429 with ``Retry-After`` and the RateLimit headers."""

    def __init__(self) -> None:
        """Start with nothing to wait for."""
        self.retry_after_seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 the frame passes it
        """Count the request, by customer first: a customer's own excess does not use up the address's share."""
        if request.method in _SAFE:
            return True
        limit = int(settings.ORDER_RATE)
        left = limit
        for key in _keys(request):
            allowed, wait_seconds, remaining = exact_allow(key, limit, WINDOW_SECONDS, time.time())
            left = min(left, remaining)
            self.retry_after_seconds = max(self.retry_after_seconds, wait_seconds)
            if not allowed:
                break
        else:
            allowed = True
        headers = {
            "RateLimit-Policy": f'"{POLICY}";q={limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{POLICY}";r={left if allowed else 0};t={self.retry_after_seconds}',
        }
        # The problem document and the middleware put them on the answer (RateLimit draft-10).
        request._request.rate_limit_headers = headers  # type: ignore[attr-defined]
        return allowed

    def wait(self) -> float | None:
        """Seconds until the window ends."""
        return float(self.retry_after_seconds)


def _keys(request: Request) -> list[str]:
    keys = [f"orders:origin:{origin(request._request)}"]
    if (identity := getattr(request.user, "pk", None)) is not None:
        keys.insert(0, f"orders:customer:{type(request.user).__name__}:{identity}")
    return keys
