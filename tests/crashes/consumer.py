"""`python -m tests.crashes.consumer PORT FILE SECRET`: somebody's receiver, in a process of its own that may die at any moment.

It knows `standardwebhooks` and nothing of the shop. A message is one row by its id, the effect in the same transaction.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

TABLE = (
    "CREATE TABLE IF NOT EXISTS told (id TEXT PRIMARY KEY, position INTEGER, leaf TEXT, times INTEGER NOT NULL, effects INTEGER NOT NULL)"
)
TAKE = (
    "INSERT INTO told (id, position, leaf, times, effects) VALUES (?, ?, ?, 1, 1)"
    " ON CONFLICT (id) DO UPDATE SET times = times + 1"
)


def main() -> None:
    """Serve for ever."""
    port, file, secret = sys.argv[1:4]
    link = sqlite3.connect(file, isolation_level=None, timeout=20)
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("PRAGMA synchronous = FULL")
    link.execute(TABLE)
    webhook = Webhook(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                message = webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
            except (WebhookVerificationError, json.JSONDecodeError):
                self.answer(400)
                return
            data = message["data"]
            link.execute(TAKE, (self.headers["webhook-id"], data["position"], data["leafHash"]))
            self.answer(204)

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    HTTPServer.allow_reuse_address = True
    HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
