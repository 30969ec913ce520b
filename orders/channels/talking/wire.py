"""JSON over HTTP to a channel, within limits: public addresses only, no redirect, and a limit that is told is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import requests

from orders.channels import reading
from orders.channels.talking.base import CannotAsk, ChannelBusy, ChannelRefused
from timeline.endpoints import guard
from timeline.errors import Invalid
from timeline.network import session_factory

WAIT_SECONDS_MAX = 3600
WORDS_CHARS_MAX = 200


class Wire:
    """One channel's API at its address. Not to be shared by threads."""

    def __init__(self, base_url: str, *, headers: dict[str, str] | None = None, auth: tuple[str, str] | None = None) -> None:
        self.base = base_url.rstrip("/")
        self._session = session_factory()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "bahi", **(headers or {})})
        self._session.auth = auth
        self.links: dict[str, Any] = {}
        self.headers: Any = {}

    def ask(self, method: str, path: str, **words: Any) -> Any:
        """Send and read JSON with exact numbers; None for an answer without a body, and for 404."""
        url = path if path.startswith("http") else f"{self.base}{path}"
        _require_public(url)
        try:
            reply = self._session.request(method, url, **words)
        except requests.exceptions.RequestException as error:
            raise ChannelBusy(type(error).__name__) from error
        self.links, self.headers = dict(reply.links), reply.headers
        if reply.status_code == HTTPStatus.NOT_FOUND and method == "GET":
            return None
        _check(reply)
        if not reply.content.strip():
            return None
        try:
            return reading.loads(reply.content)
        except reading.Unreadable as error:
            raise ChannelRefused(f"the answer cannot be read: {error}") from error


def _require_public(url: str) -> None:
    try:
        guard.resolve(url)
    except Invalid as error:
        raise CannotAsk(str(error)) from error
    except OSError as error:
        raise ChannelBusy("nobody knows the name") from error


def _check(reply: requests.Response) -> None:
    status = reply.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        raise ChannelBusy(f"http {status}", wait_seconds=_wait(reply))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ChannelBusy(f"http {status}")
    raise ChannelRefused(f"http {status}: {reply.text[:WORDS_CHARS_MAX]}")


def _wait(reply: requests.Response) -> int:
    """As long as the channel says: `Retry-After` in seconds or as a date, or the rate it allows (Amazon tells requests a second)."""
    said = next((found for name in ("Retry-After", "X-Retry-After") if (found := _seconds(reply.headers.get(name, "")))), None)
    rate = reading.number(reply.headers.get("x-amzn-RateLimit-Limit", ""))
    seconds = said if said is not None else 1 / rate if rate else reading.number("60")
    return max(1, min(WAIT_SECONDS_MAX, int(seconds or 60) + 1))


def _seconds(said: str) -> Decimal | None:
    count, until = reading.number(said), reading.moment(said) if "," in said else None
    if until is not None:
        return Decimal(max(1, int((until - datetime.now(UTC)).total_seconds())))
    return count
