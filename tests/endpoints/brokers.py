"""A small NATS server on loopback: enough of its text protocol to publish, confirm by stream, say who keeps a subject, and refuse."""

from __future__ import annotations

import json
import socketserver
import threading
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class NatsStub:
    """Keeps what was published.

    `stream`: what a stream answers, None where none listens. `heard`: plain subscribers hear it, so nobody says 503. `is_slow`: the
    stream answers after the ping was answered, and after who keeps what was. `names`: what JetStream says of that, None where there
    is no JetStream; `may_ask`: whether the account may ask.
    """

    stream: dict[str, Any] | None = None
    heard: bool = False
    is_slow: bool = False
    names: dict[str, Any] | None = None
    may_ask: bool = True
    error: str = ""
    hello: dict[str, Any] = field(default_factory=dict)
    got: list[tuple[str, str, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stub = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    stub: NatsStub


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.wfile.write(b'INFO {"server_id":"stub","headers":true,"max_payload":1048576}\r\nPING\r\n')
        while line := self.rfile.readline():
            verb, *words = line.decode().split()
            if verb == "CONNECT":
                self.server.stub.hello = json.loads(line[8:])
            elif verb == "HPUB":
                self.take(*words)
            elif verb == "PING":
                self.wfile.write(b"PONG\r\n")
            elif verb == "PUB":
                self.name(*words)

    def take(self, subject: str, inbox: str, head: str, size: str) -> None:
        stub, whole = self.server.stub, self.rfile.read(int(size) + 2)[:-2]
        stub.got.append((subject, whole[: int(head)].decode(), whole[int(head) :]))
        if stub.error:
            self.wfile.write(f"-ERR '{stub.error}'\r\n".encode())
        elif not stub.is_slow and not (stub.stream is None and stub.heard):
            self.answer(inbox, 1, stub.stream)

    def name(self, subject: str, inbox: str, size: str) -> None:
        stub = self.server.stub
        self.rfile.read(int(size) + 2)
        if stub.may_ask:
            self.answer(inbox, 2, stub.names)
        else:
            self.wfile.write(f"-ERR 'Permissions Violation for Publish to \"{subject}\"'\r\n".encode())
        if stub.is_slow:
            self.answer(inbox.removesuffix("n"), 1, stub.stream)

    def answer(self, inbox: str, number: int, said: dict[str, Any] | None) -> None:
        text = json.dumps(said).encode() if said is not None else b"NATS/1.0 503\r\n\r\n"
        head = f"MSG {inbox} {number} " if said is not None else f"HMSG {inbox} {number} {len(text)} "
        self.wfile.write(f"{head}{len(text)}\r\n".encode() + text + b"\r\n")
