"""NATS: its text protocol over one connection for each message, confirmed by JetStream or by a ping.

https://docs.nats.io/reference/reference-protocols/nats-protocol. The message id travels as `Nats-Msg-Id`, by which
JetStream drops a repeat.

Note [Who confirms]
    A stream that keeps the subject answers, and its answer alone counts then: it may come long after the server has answered our
    ping. Plain subscribers do not answer. So once the ping is answered JetStream is asked which streams keep the subject
    (`$JS.API.STREAM.NAMES`): if none does, or nobody is there to be asked, the server's own answer is the confirmation. An account
    that may not ask is confirmed by a stream alone.
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
NAMES = "$JS.API.STREAM.NAMES"
UNKEPT = "taken by the server; no stream keeps it"
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
            link.sendall(f"SUB {inbox} 1\r\nSUB {inbox}n 2\r\nHPUB {topic} {inbox} {len(head)} {len(head) + len(payload)}\r\n".encode() + head + payload)
            link.sendall(b"\r\nPING\r\n")
            return self._confirmed(link, lines, topic, inbox)

    def _hello(self) -> dict[str, Any]:
        known = {"username": "user", "password": "pass", "token": "auth_token"}
        who = {known[name]: text for name, text in self._credentials.items() if name in known}
        return {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "name": "bahi", "lang": "python", "version": "1", **who}

    def _greet(self, lines: Any) -> None:
        if not lines.readline(LINE_BYTES_MAX).startswith(b"INFO "):
            raise BrokerFailed("This is no NATS server.")

    def _confirmed(self, link: socket.socket, lines: Any, topic: str, inbox: str) -> str:
        """Read on until the stream has answered, or there is none to answer: Note [Who confirms]."""
        for _ in range(LINES_MAX):
            line = lines.readline(LINE_BYTES_MAX).rstrip()
            if line.startswith(b"-ERR") and NAMES.encode() in line:
                continue  # we may not ask; then the stream has to answer
            if not line or line.startswith(b"-ERR"):
                raise BrokerFailed(line.decode(errors="replace") or "The connection was closed.")
            if line == b"PING":
                link.sendall(b"PONG\r\n")
            elif line == b"PONG":
                wish = orjson.dumps({"subject": topic})
                link.sendall(f"PUB {NAMES} {inbox}n {len(wish)}\r\n".encode() + wish + b"\r\n")
            elif line.startswith((b"MSG", b"HMSG")):
                said = lines.read(int(line.split()[-1]) + 2)
                nobody = line.startswith(b"HMSG") and b" 503" in said[:40]
                if line.split()[2] == b"1":
                    return UNKEPT if nobody else self._kept(said)
                if nobody or self._is_unkept(said):
                    return UNKEPT
        raise BrokerFailed("No confirmation came.")

    def _is_unkept(self, answer: bytes) -> bool:
        """Whether JetStream says that no stream keeps the subject; an answer that says neither leaves it open."""
        try:
            said = orjson.loads(answer)
        except orjson.JSONDecodeError:
            return False
        return isinstance(said, dict) and not said.get("error") and not said.get("streams") and said.get("total") == 0

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
