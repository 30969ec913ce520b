"""One POST to an address that was judged, within limits of time and size; the only way out for webhooks and SQS."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import certifi
import urllib3
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timeline.endpoints.guard import Destination

CONNECT_S, READ_S, TOTAL_S = 3.0, 7.0, 10.0
REPLY_BYTES_MAX = 64 * 1024
REPLY_CHARS_KEPT = 1000
HEADERS_KEPT = ("content-type", "server", "retry-after", "location", "x-request-id")
HEADER_CHARS_KEPT = 200
RETRY_AFTER_S_MAX = 86_400


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the beginning of the body, a few headers, and how long to leave them alone."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)
    retry_after_s: int = 0


def post(there: Destination, body: bytes, headers: Mapping[str, str], *, path: str = "") -> Answer:
    """To the address that was judged, in the name that was asked for. Raises OSError, urllib3's HTTPError, ValueError."""
    limits = urllib3.Timeout(connect=CONNECT_S, read=READ_S, total=TOTAL_S)
    pool: urllib3.HTTPConnectionPool
    if there.scheme == "https":
        pool = urllib3.HTTPSConnectionPool(
            there.address, there.port, timeout=limits, retries=False, server_hostname=there.host, assert_hostname=there.host,
            ssl_context=ssl.create_default_context(cafile=certifi.where()),
        )
    else:
        pool = urllib3.HTTPConnectionPool(there.address, there.port, timeout=limits, retries=False)
    with pool:
        answer = pool.urlopen(
            "POST", path or there.path, body, {**headers, "Host": there.named}, redirect=False, retries=False, preload_content=False
        )
        try:
            text = _read(answer)
        finally:
            answer.close()
    kept = {name: answer.headers[name][:HEADER_CHARS_KEPT] for name in HEADERS_KEPT if name in answer.headers}
    return Answer(answer.status, text, kept, _retry_after(answer.headers.get("Retry-After", "")))


def _read(answer: urllib3.BaseHTTPResponse) -> str:
    """The beginning of the reply; a long or slow one is not read to its end, and never unpacked (F80)."""
    until, found = time.monotonic() + TOTAL_S, b""
    while len(found) < REPLY_BYTES_MAX and time.monotonic() < until:
        piece = answer.read(8192, decode_content=False)
        if not piece:
            break
        found += piece
    return found.decode(errors="replace").replace("\0", "")[:REPLY_CHARS_KEPT]


def _retry_after(text: str) -> int:
    try:
        seconds = int(text) if text.isdigit() else (parsedate_to_datetime(text) - timezone.now()).total_seconds()
    except (ValueError, TypeError):
        return 0
    return int(min(max(seconds, 0), RETRY_AFTER_S_MAX))
