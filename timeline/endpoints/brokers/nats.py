"""NATS: its text protocol over one connection for each message, confirmed by JetStream or by a ping.

https://docs.nats.io/reference/reference-protocols/nats-protocol. The message id travels as `Nats-Msg-Id`, by which
JetStream drops a repeat.
"""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING, Any

import orjson

from timeline.endpoints.brokers import TIMEOUT_S, Address, BrokerFailed, address_of

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE_BYTES_MAX = 64 * 1024
LINES_MAX = 100
_UNSAFE = set("\r\n \t\0*>")


class Nats:
    """One NATS server."""

    def __init__(self, address: Address, credentials: Mapping[str, str]) -> None:
        self._address = address
        self._credentials = credentials

    def publish(self, topic: str, key: str, payload: bytes, id: str) -> str:  # noqa: A002 the protocol's own word
        """Publish on the subject `topic`; a stream that listens to it confirms, else the server's answer to a ping does."""
        if not topic or _UNSAFE & set(topic):
            raise BrokerFailed("This is not a subject.")
        inbox = f"_INBOX.{secrets.token_hex(11)}"
        head = f"NATS/1.0\r\nNats-Msg-Id: {id}\r\nBahi-Key: {key}\r\n\r\n".encode()
        with socket.create_connection((self._address.host, self._address.port), timeout=TIMEOUT_S) as link, link.makefile("rb") as lines:
            self._greet(lines)
            link.sendall(b"CONNECT " + orjson.dumps(self._hello()) + b"\r\n")
            link.sendall(f"SUB {inbox} 1\r\nHPUB {topic} {inbox} {len(head)} {len(head) + len(payload)}\r\n".encode() + head + payload)
            link.sendall(b"\r\nPING\r\n")
            return self._confirmed(link, lines)

    def _hello(self) -> dict[str, Any]:
        known = {"username": "user", "password": "pass", "token": "auth_token"}
        who = {known[name]: text for name, text in self._credentials.items() if name in known}
        return {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "name": "bahi", "lang": "python", "version": "1", **who}

    def _greet(self, lines: Any) -> None:
        if not lines.readline(LINE_BYTES_MAX).startswith(b"INFO "):
            raise BrokerFailed("This is no NATS server.")

    def _confirmed(self, link: socket.socket, lines: Any) -> str:
        """Read on until the stream has answered, or the server says that nobody does (status 503)."""
        for _ in range(LINES_MAX):
            line = lines.readline(LINE_BYTES_MAX).rstrip()
            if not line or line.startswith(b"-ERR"):
                raise BrokerFailed(line.decode(errors="replace") or "The connection was closed.")
            if line == b"PING":
                link.sendall(b"PONG\r\n")
            elif line.startswith(b"HMSG"):
                if b" 503" in lines.read(int(line.split()[-1]) + 2)[:40]:
                    return "taken by the server; no stream keeps it"
                raise BrokerFailed("The stream answered something else.")
            elif line.startswith(b"MSG"):
                return self._kept(lines.read(int(line.split()[-1]) + 2))
        raise BrokerFailed("No confirmation came.")

    def _kept(self, answer: bytes) -> str:
        try:
            said = orjson.loads(answer)
        except orjson.JSONDecodeError:
            raise BrokerFailed("The stream's answer cannot be read.") from None
        if not isinstance(said, dict) or said.get("error") or "seq" not in said:
            raise BrokerFailed(f"The stream refused it: {said}"[:200])
        return f"kept by {said.get('stream')} as {said['seq']}"


def connect(url: str, credentials: Mapping[str, str]) -> Nats:
    """The server of `nats://host:4222`. Raises NotAllowed."""
    return Nats(address_of("nats", url), credentials)
