"""``python -m payments.sandbox``: run the sandbox."""

from __future__ import annotations

import argparse
from urllib.parse import urlsplit

from payments.sandbox.server import Account, run


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m payments.sandbox", description="A gateway to practise with.")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and says which")
    parser.add_argument("--database", required=True, help="the SQLite file to keep everything in")
    parser.add_argument("--key-id", required=True)
    parser.add_argument("--key-secret", required=True)
    parser.add_argument("--webhook-secret", required=True)
    parser.add_argument("--webhook-url", default="", help="where webhooks go; without one they are only kept")
    given = parser.parse_args()
    if given.webhook_url and urlsplit(given.webhook_url).scheme not in ("http", "https"):
        parser.error("--webhook-url must be an http or https address")
    account = Account(given.key_id, given.key_secret, given.webhook_secret, given.webhook_url)
    run(port=given.port, database=given.database, account=account)


if __name__ == "__main__":
    main()
