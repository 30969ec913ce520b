"""The only way out to the network: sessions with time limits that refuse to speak inside a transaction."""

from __future__ import annotations

import time
from typing import Any

import requests

TIMEOUT_S = (3.0, 10.0)
REPLY_BYTES_MAX = 1024 * 1024
REPLY_S_MAX = 30.0
CHUNK_BYTES = 64 * 1024


class NetworkInsideTransaction(RuntimeError):
    """Somebody tried to talk to the outside while a transaction holds locks."""


class ReplyTooLarge(requests.exceptions.RequestException):
    """A reply was longer, or slower, than any honest one."""


def refuse_inside_transaction() -> None:
    """Raise NetworkInsideTransaction when this thread has a transaction open.

    The transaction a test case wraps around a test does not count, as for Django's own durable blocks.
    """
    from django.conf import settings  # here, so that the rest of the package works without a configured Django

    if not settings.configured:
        return
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        blocks = getattr(connection, "atomic_blocks", ())
        if connection.in_atomic_block and not all(getattr(block, "_from_testcase", False) for block in blocks):
            raise NetworkInsideTransaction("Finish the transaction first, then talk to the outside.")


class GuardedSession(requests.Session):
    """A session that never follows redirects, never reads the environment, and reads at most 1 MiB in 30 s."""

    def __init__(self, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        super().__init__()
        self.trust_env = False
        self.timeout_s = timeout_s

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request under the session's time limits; raises what ``requests`` raises, and ReplyTooLarge."""
        refuse_inside_transaction()
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout_s
        kwargs["allow_redirects"] = False
        return super().request(method, url, *args, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """No redirect is ever followed, so none has a target."""
        return None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send and read the body within its limits."""
        kwargs["stream"] = True
        response = super().send(request, **kwargs)
        read_within_limits(response)
        return response


def read_within_limits(response: requests.Response) -> None:
    """Read a streamed body into the response; raises ReplyTooLarge, the connection closed, when it does not end."""
    deadline = time.monotonic() + REPLY_S_MAX
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > REPLY_BYTES_MAX or time.monotonic() > deadline:
            response.close()
            raise ReplyTooLarge("The reply is too large or too slow.", response=response)
    response._content = bytes(body)
    response._content_consumed = True  # type: ignore[attr-defined]


def session_factory(timeout_s: tuple[float, float] = TIMEOUT_S) -> requests.Session:
    """A fresh guarded session; ``timeout_s`` is for connecting and for each read. Not to be shared by threads."""
    return GuardedSession(timeout_s)
