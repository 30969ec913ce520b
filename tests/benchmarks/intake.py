"""P7: taking webhooks in, beside a bare view that inserts one row, through the same WSGI handler and middleware."""

from __future__ import annotations

import hashlib
import io
import os
import statistics
import time
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test.utils import override_settings
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from tests.payments.fake_gateway import body_of, sign

if TYPE_CHECKING:
    from collections.abc import Callable

NOTICES = int(os.environ.get("BENCH_NOTICES", "2000"))
ROUNDS = 5
BARE_URL, OUR_URL = "/bare", "/webhooks/razorpay"


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    """Insert one row with the body's hash as its key; nothing else."""
    body = request.read()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bare_notice (key, body, at) VALUES (%s, %s, now())", [hashlib.sha256(body).digest(), body]
        )
    return JsonResponse({"status": "ok"})


urlpatterns = [path("bare", bare), path("", include("config.urls"))]


def measure() -> None:
    """Print both rates, their ratio (medians of rounds in turn) and our p99."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_notice (id bigserial PRIMARY KEY, key bytea UNIQUE, body bytea, at timestamptz)")
    per_round = NOTICES // ROUNDS
    with override_settings(ROOT_URLCONF="tests.benchmarks.intake"):
        send = _sender(WSGIHandler())
        _round(send, OUR_URL, 20)
        _round(send, BARE_URL, 20)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(_round(send, OUR_URL, per_round))
            theirs.append(_round(send, BARE_URL, per_round))
    rate, floor = (statistics.median(len(round_) / sum(round_) for round_ in rounds) for rounds in (ours, theirs))
    ratio = statistics.median(sum(b) / sum(a) for a, b in zip(ours, theirs, strict=True))
    slow = _p99([took for round_ in ours for took in round_])
    print(
        f"{'P7 webhook intake':28} ours {rate:7.1f}/s   bare view {floor:7.1f}/s   of its rate {ratio:5.2f}"
        f"   p99 ours {slow * 1000:.1f} ms, bare {_p99([took for round_ in theirs for took in round_]) * 1000:.1f} ms"
    )


def _round(send: Callable[[str, bytes], int], url: str, count: int) -> list[float]:
    bodies = [
        body_of("payment.captured", payment={"id": f"pay_{next(_SERIAL):014d}", "order_id": "order_00000000000000",
                                             "amount": 118_00, "currency": "INR", "status": "captured"})
        for _ in range(count)
    ]
    took = []
    for body in bodies:
        started = time.perf_counter()
        status = send(url, body)
        took.append(time.perf_counter() - started)
        if status != 200:
            raise RuntimeError(f"{url} answered {status}")
    return took


def _sender(handler: WSGIHandler) -> Callable[[str, bytes], int]:
    def send(url: str, body: bytes) -> int:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST", "PATH_INFO": url, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(), "HTTP_HOST": "testserver", "HTTP_X_RAZORPAY_SIGNATURE": sign(body),
            "HTTP_X_RAZORPAY_EVENT_ID": f"evt_{next(_SERIAL):014d}",
        }
        answered: list[int] = []

        def start(status: str, _headers: Any, _error: Any = None, /) -> Callable[[bytes], object]:
            answered.append(int(status[:3]))
            return len

        answer = handler(environ, start)
        list(answer)
        answer.close()
        return answered[0]

    return send


def _p99(took: list[float]) -> float:
    return statistics.quantiles(took, n=100)[98]


_SERIAL = iter(range(1, 10**9))
