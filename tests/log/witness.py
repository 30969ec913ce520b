"""A witness on this machine, as C2SP tlog-witness describes one: it signs only a log that continues the one it signed before."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from timeline.verifier import Broken, Checkpoint, Key, Unreadable, Witness, is_consistent, open_note


class Stub:
    """What it signed last, and how it answers."""

    def __init__(self, log_keys: list[Key], name: str = "witness.example/one") -> None:
        self.private = Ed25519PrivateKey.generate()
        self.key = Witness(name, self.private.public_key().public_bytes_raw())
        self.log_keys = log_keys
        self.size, self.root = 0, b""
        self.is_down = False
        self.calls: list[tuple[int, int]] = []
        self.url = ""

    def add(self, body: str) -> tuple[int, str]:  # noqa: PLR0911 one answer a status
        """Status and answer of `add-checkpoint`."""
        head, _, note = body.partition("\n\n")
        first, *proof = head.split("\n")
        try:
            old = int(first.removeprefix("old "))
            text = open_note(note, self.log_keys)
            now = Checkpoint.parse(text)
        except (ValueError, Unreadable):
            return 400, ""
        except Broken:
            return 403, ""
        if self.is_down:
            return 503, ""
        self.calls.append((old, now.size))
        if old > now.size:
            return 400, ""
        if old != self.size:
            return 409, f"{self.size}\n"
        path = [base64.b64decode(step) for step in proof]
        if self.size and not is_consistent(old_size=old, old_root=self.root, new_size=now.size, new_root=now.root, path=path):
            return 422, ""
        self.size, self.root = now.size, now.root
        return 200, f"{self.sign(text, 1_700_000_000)}\n"

    def sign(self, text: str, at: int) -> str:
        """A cosignature line."""
        signed = self.private.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        return f"\u2014 {self.key.name} {base64.b64encode(self.key.id + at.to_bytes(8, 'big') + signed).decode()}"


@contextmanager
def serving(stub: Stub) -> Iterator[Stub]:
    """The stub behind an address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, said = stub.add(body) if self.path == "/add-checkpoint" else (404, "")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
