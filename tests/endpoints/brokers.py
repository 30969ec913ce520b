"""A small NATS server on loopback: enough of its text protocol to publish, confirm by stream, and refuse."""

from __future__ import annotations

import json
import socketserver
import threading
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class NatsStub:
    """Keeps what was published. `stream`: what a stream answers; None where no stream listens (status 503)."""

    stream: dict[str, Any] | None = None
    error: str = ""
    hello: dict[str, Any] = field(default_factory=dict)
    got: list[tuple[str, str, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        stub = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b'INFO {"server_id":"stub","headers":true,"max_payload":1048576}\r\nPING\r\n')
                while line := self.rfile.readline():
                    verb, *words = line.decode().split()
                    if verb == "CONNECT":
                        stub.hello = json.loads(line[8:])
                    elif verb == "HPUB":
                        self.take(*words)

            def take(self, subject: str, inbox: str, head: str, size: str) -> None:
                whole = self.rfile.read(int(size) + 2)[:-2]
                stub.got.append((subject, whole[: int(head)].decode(), whole[int(head) :]))
                if stub.error:
                    self.wfile.write(f"-ERR '{stub.error}'\r\n".encode())
                elif stub.stream is None:
                    status = b"NATS/1.0 503\r\n\r\n"
                    self.wfile.write(f"HMSG {inbox} 1 {len(status)} {len(status)}\r\n".encode() + status + b"\r\n")
                else:
                    said = json.dumps(stub.stream).encode()
                    self.wfile.write(f"MSG {inbox} 1 {len(said)}\r\n".encode() + said + b"\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
