"""The sandbox as a process of its own, and a shop that only listens for webhooks."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from payments.gateways.base import GatewayOrder
from payments.gateways.razorpay import RazorpayGateway

KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "rzp_test_contract", "contract-key-secret", "contract-webhook-secret"
ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
WAIT_S = 60.0


@dataclass(frozen=True)
class Notice:
    """A webhook as it arrived."""

    event_id: str
    event: str
    body: bytes
    signature: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def about(self, order_id: str) -> bool:
        return bool(self.document["payload"].get("payment", {}).get("entity", {}).get("order_id") == order_id)


@dataclass
class Listener:
    """Keeps every webhook; answers the next one about an order with what ``statuses`` has for it, all else with 200."""

    url: str = ""
    notices: list[Notice] = field(default_factory=list)
    arrived_s: dict[str, float] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)

    def of(self, order: GatewayOrder) -> list[Notice]:
        return [notice for notice in list(self.notices) if notice.about(order.id)]

    def events(self, order: GatewayOrder) -> list[str]:
        return [notice.event for notice in self.of(order)]

    def wait(self, order: GatewayOrder, count: int) -> list[Notice]:
        """The notices of an order once there are so many; fails when they do not come."""
        until(lambda: len(self.of(order)) >= count, f"{count} webhooks of {order.id}, have {self.events(order)}")
        return self.of(order)


def until(reached: Callable[[], bool], what: str, seconds: float = WAIT_S) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            event_id, given = self.headers["x-razorpay-event-id"], self.headers["X-Razorpay-Signature"]
            notice = Notice(event_id, json.loads(body)["event"], body, given)
            failing = next((order_id for order_id in list(listener.statuses) if notice.about(order_id)), "")
            status = listener.statuses.pop(failing, 200)
            listener.arrived_s[event_id] = time.monotonic()
            listener.notices.append(notice)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    listener.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/razorpay"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()


class Sandbox:
    """The running process and what tests ask of it beside the documented protocol."""

    def __init__(self, database: Path, webhook_url: str) -> None:
        self.database = database
        self.webhook_url = webhook_url
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "payments.sandbox", "--port", "0", "--database", str(self.database),
             "--key-id", KEY_ID, "--key-secret", KEY_SECRET, "--webhook-secret", WEBHOOK_SECRET,
             "--webhook-url", self.webhook_url],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        found = re.fullmatch(r"sandbox listening on (http://127\.0\.0\.1:\d+)\n", self.process.stdout.readline())
        assert found, "the sandbox did not say where it listens"
        self.url = f"{found.group(1)}/sandbox/razorpay"

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(START_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def gateway(self, **options: Any) -> RazorpayGateway:
        return RazorpayGateway(KEY_ID, KEY_SECRET, f"{self.url}/v1", **options)

    def control(self, path: str, document: Any = None, method: str = "POST") -> dict[str, Any]:
        response = requests.request(method, f"{self.url}/{path}", json=document, timeout=WAIT_S)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def script(self, **parts: Any) -> None:
        self.control("faults", parts)

    def fault(self, match: str, fault: str, **more: Any) -> None:
        self.script(next=[{"match": match, "fault": fault, **more}])

    def pay(self, order: GatewayOrder, outcome: str = "captured", method: str = "upi") -> dict[str, Any]:
        return self.control(f"pay/{order.id}", {"outcome": outcome, "method": method})


def signature(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
