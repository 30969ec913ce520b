"""Limits that hold under concurrency: counting and deciding are one atomic step (REQUIREMENTS B74).

A look-up followed by an increment lets a crowd through (139 of 200 at "10 a minute"); here the counter is
raised first and its new value decides. Redis counts when ``REDIS_URL`` is set; without it, or while it is not
answering, one table does. A window starts with its first request.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import math
import time
from typing import TYPE_CHECKING, Any, Final

import redis
from django.conf import settings
from django.db import connection, transaction

from timeline.rate_window import RateWindow

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

REDIS_TIMEOUT_SECONDS: Final = 0.5
REDIS_REST_SECONDS: Final = 5.0
WINDOWS_FORGOTTEN_MAX: Final = 10_000

# The script is atomic; the second branch repairs a counter that lost its expiry.
_COUNT_LUA: Final = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""
_COUNT_SQL: Final = """
INSERT INTO timeline_ratewindow AS w (key, window_start_ms, count) VALUES (%s, %s, 1)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN w.window_start_ms <= %s THEN 1 ELSE w.count + 1 END,
  window_start_ms = CASE WHEN w.window_start_ms <= %s THEN excluded.window_start_ms ELSE w.window_start_ms END
RETURNING count, window_start_ms
"""


class _Rest:
    """When Redis failed, it is left alone for some seconds, so that an outage does not slow every request."""

    until: float = 0.0


def exact_allow(key: str, limit: int, window_s: int, now: float) -> tuple[bool, int, int]:
    """Count one request under ``key`` and say whether it is within ``limit`` per ``window_s`` seconds.

    ``now`` is in seconds since 1970. Gives (allowed, seconds until the window ends, requests left in it).
    """
    digest = hashlib.sha256(f"{window_s}:{key}".encode()).hexdigest()
    count, left_ms = _counted(digest, window_s * 1000, int(now * 1000))
    return count <= limit, max(1, math.ceil(left_ms / 1000)), max(0, limit - count)


def forget(now: float, *, older_than_s: int = 86_400) -> int:
    """Delete counters whose window began more than ``older_than_s`` ago, at most 10,000; gives how many."""
    stale = RateWindow.objects.filter(window_start_ms__lt=int((now - older_than_s) * 1000))
    keys = list(stale.values_list("key", flat=True)[:WINDOWS_FORGOTTEN_MAX])
    deleted, _ = stale.filter(key__in=keys).delete()
    return deleted


def _counted(digest: str, window_ms: int, now_ms: int) -> tuple[int, int]:
    url: str = getattr(settings, "REDIS_URL", "") or ""
    if url and time.monotonic() >= _Rest.until:
        try:
            return _redis_counted(url, digest, window_ms)
        except redis.RedisError as exc:
            _Rest.until = time.monotonic() + REDIS_REST_SECONDS
            logger.warning("rate_limits_without_redis", extra={"error": type(exc).__name__})
    return _table_counted(digest, window_ms, now_ms)


def _redis_counted(url: str, digest: str, window_ms: int) -> tuple[int, int]:
    reply: Sequence[Any] = _script(url)(keys=[f"bahi:rate:{digest}"], args=[window_ms])
    return int(reply[0]), int(reply[1])


@functools.cache
def _script(url: str) -> Any:
    client = redis.Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
    )
    return client.register_script(_COUNT_LUA)


def _table_counted(digest: str, window_ms: int, now_ms: int) -> tuple[int, int]:
    ended = now_ms - window_ms
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_COUNT_SQL, [digest, now_ms, ended, ended])
        count, start_ms = cursor.fetchone()
    return int(count), int(start_ms) + window_ms - now_ms
