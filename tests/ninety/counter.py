"""The sandbox in this very process: the genuine SDK, our wrapper and the sandbox's answers, with no socket between.

Time is the test's: both sides ask the same clock, and webhooks are delivered when the test says so, in the order it says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import requests
from django.conf import settings
from requests.auth import HTTPBasicAuth

from payments.gateways.razorpay import RazorpayGateway
from payments.sandbox import outbox
from payments.sandbox.server import Account, Sandbox
from payments.sandbox.wire import Request
from tests.makers import Caller
from timeline.network import refuse_inside_transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from payments.sandbox.store import Letter

ROOT = "/sandbox/razorpay"
LETTERS_MAX = 10_000


class Wire(requests.Session):
    """Hands requests to the sandbox as its socket would."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        """One request; a reply that the script cuts is a broken connection."""
        refuse_inside_transaction()
        found = requests.Request(
            str(method), str(url), headers=options.get("headers"), data=options.get("data"), params=options.get("params")
        ).prepare()
        auth = options.get("auth")
        if auth:
            HTTPBasicAuth(*auth)(found)
        target = urlsplit(found.url or "")
        body = found.body or b""
        answer = self._sandbox.respond(
            Request(
                str(method), target.path, target.query, {name.lower(): value for name, value in found.headers.items()},
                body.encode() if isinstance(body, str) else body,
            )
        )
        if answer.cut_after is not None:
            raise requests.exceptions.ConnectionError("cut")
        response = requests.Response()
        response.status_code = answer.status
        response._content = answer.body
        response.headers["Content-Type"] = answer.content_type
        return response


@dataclass
class Counter:
    """The gateway's counter: what customers, the gateway's staff and its faults do there."""

    folder: Path
    held: list[Letter] = field(default_factory=list)

    def __post_init__(self) -> None:
        account = Account(settings.RAZORPAY_KEY_ID, settings.RAZORPAY_KEY_SECRET, settings.RAZORPAY_WEBHOOK_SECRETS[0], "")
        self.sandbox = Sandbox(port=0, database=str(self.folder / "sandbox.sqlite3"), account=account)
        self.webhooks = Caller()
        self.webhooks.client.raise_request_exception = True

    def close(self) -> None:
        """Give the port and the file back."""
        self.sandbox.server_close()
        self.sandbox.store.close()

    def gateway(self) -> RazorpayGateway:
        """The shop's way to it."""
        return RazorpayGateway(
            settings.RAZORPAY_KEY_ID, settings.RAZORPAY_KEY_SECRET, f"http://127.0.0.1:9{ROOT}/v1", session=Wire(self.sandbox)
        )

    def control(self, path: str, document: Any = None, method: str = "POST", **query: int) -> Any:
        """Say something to the sandbox itself."""
        body = b"" if document is None else json.dumps(document).encode()
        answer = self.sandbox.respond(Request(method, f"{ROOT}/{path}", urlencode(query), {}, body))
        assert answer.status == HTTPStatus.OK, answer.body
        return json.loads(answer.body) if answer.content_type.startswith("application/json") else answer.body.decode()

    def script(self, **parts: Any) -> None:
        """What goes wrong from now on."""
        self.control("faults", parts)

    def work(self) -> None:
        """Do what is due at the gateway: refunds are paid out, authorisations lapse."""
        while self.sandbox.courier._work_once():
            pass

    def letters(self) -> list[Letter]:
        """Take every webhook that waits, oldest first; they are the test's now."""
        with self.sandbox.store.transaction() as ledger:
            ledger.release_letters()
            found = ledger.due_letters(paused=False, most=LETTERS_MAX)
            for letter in found:
                ledger.reschedule(letter.seq, state="delivered", due_at=ledger.now, attempts=1, copies=0)
        return found

    def tell(self, letters: list[Letter]) -> None:
        """Deliver webhooks in this order, each as the genuine gateway signs it."""
        for letter in letters:
            answer = self.webhooks.send(
                "POST", "/webhooks/razorpay", letter.body,
                **{
                    "X-Razorpay-Signature": outbox.sign(letter.body, self.sandbox.account.webhook_secret),
                    "X-Razorpay-Event-Id": letter.event_id,
                },
            )
            assert answer.status_code == HTTPStatus.OK, answer.content

    def tell_all(self, bend: Callable[[list[Letter]], list[Letter]] = lambda letters: letters) -> None:
        """Deliver what waits, bent so."""
        self.tell(bend(self.letters()))

    def entities(self, kind: str, parent: str | None = None) -> list[dict[str, Any]]:
        """What the gateway has of a kind, newest first."""
        with self.sandbox.store.transaction() as ledger:
            return ledger.page(kind, parent=parent, count=1_000_000)
