"""A hundred status updates in one batch beside a hundred single ones, through the same WSGI handler and middleware."""

from __future__ import annotations

import io
import json
import os
import statistics
import time
import uuid
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIHandler

from tests import makers
from tests.flows import makers as shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from orders.models import Order

ROUNDS = int(os.environ.get("BENCH_BATCH_ROUNDS", "5"))
ROWS = 100


def measure() -> None:
    """Print both rates and the ratio of their times (medians of rounds in turn)."""
    shop.product("BATCH-1", units=1_000_000)
    send = _sender(WSGIHandler(), makers.staff_key())
    singles, batches = [], []
    for _ in range(ROUNDS + 1):
        one, many = _orders(), _orders()
        began = time.perf_counter()
        for order in one:
            _require(send("PATCH", f"/admin/orders/{order.pk}/status", {"status": "processing"}), 200)
        half = time.perf_counter()
        rows = [{"orderId": str(order.pk), "status": "processing"} for order in many]
        answer = _require(send("POST", "/admin/orders/batch/status", {"rows": rows}), 200)
        ended = time.perf_counter()
        if answer["succeeded"] != ROWS:
            raise RuntimeError(answer["data"][0])
        singles.append(half - began)
        batches.append(ended - half)
    singles, batches = singles[1:], batches[1:]  # the first round warms both up
    ratios = [single / batch for single, batch in zip(singles, batches, strict=True)]
    print(
        f"{'100 steps, batch : single':28} batch {ROWS / statistics.median(batches):7.1f}/s   single"
        f" {ROWS / statistics.median(singles):7.1f}/s   times as quick {statistics.median(ratios):5.2f}"
        f"  ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def _orders() -> list[Order]:
    return [shop.complete(shop.ready_checkout({"BATCH-1": 1}, paymentMethod="cod")).order for _ in range(ROWS)]


def _require(answer: tuple[int, bytes], status: int) -> Any:
    if answer[0] != status:
        raise RuntimeError(answer)
    return json.loads(answer[1])


def _sender(handler: WSGIHandler, key: str) -> Callable[[str, str, Any], tuple[int, bytes]]:
    def send(method: str, url: str, body: Any) -> tuple[int, bytes]:
        raw = json.dumps(body).encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": url, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(raw)),
            "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(raw), "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(), "HTTP_HOST": "testserver", "HTTP_AUTHORIZATION": f"Bearer {key}",
            "HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4()),
        }
        answered: list[int] = []

        def start(status: str, _headers: Any, _error: Any = None, /) -> Callable[[bytes], object]:
            answered.append(int(status[:3]))
            return len

        answer = handler(environ, start)
        content = b"".join(answer)
        answer.close()
        return answered[0], content

    return send
