"""The limit on new orders is a limit, also for a crowd (B74)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import redis
from django.db import connection
from django.test import RequestFactory
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api.throttles import OrderCreationThrottle
from tests import makers
from timeline import rates
from timeline.origins import origin
from timeline.rate_window import RateWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpResponse

NOW = 1_800_000_000.0
LIMIT = 10
CROWD = 200
THREADS = 8


class PlaceView(APIView):
    """Stands for the call that places an order."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = [OrderCreationThrottle]

    def get(self, _request: object) -> Response:
        """Read."""
        return Response({})

    def post(self, _request: object) -> Response:
        """Place."""
        return Response({}, status=201)


def place(customer: str | None = None, address: str = "192.0.2.1", method: str = "POST") -> HttpResponse:
    """Place an order as a customer from an address."""
    request = RequestFactory().generic(method, "/storefront/checkouts/1/complete", REMOTE_ADDR=address)
    view = PlaceView.as_view(
        authentication_classes=[] if customer is None else [_authentication(customer)],
    )
    return view(request)


def _authentication(customer: str) -> type:
    user = SimpleNamespace(pk=customer, is_authenticated=True)
    return type("As", (), {"authenticate": lambda *_: (user, None), "authenticate_header": lambda *_: "Bearer"})


def crowd(ask: Callable[[], bool]) -> int:
    """Let many ask at the same moment; give how many were let in."""
    barrier = threading.Barrier(THREADS)

    def some() -> int:
        barrier.wait(timeout=60)
        try:
            return sum(ask() for _ in range(CROWD // THREADS))
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(future.result() for future in [pool.submit(some) for _ in range(THREADS)])


@pytest.fixture
def redis_url() -> Iterator[str]:
    """Start a Redis of our own on a socket."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine")
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "r.sock"
        arguments = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        with subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL) as process:
            client = redis.Redis(unix_socket_path=str(socket))
            for _ in range(3000):
                with suppress(redis.ConnectionError):
                    client.ping()
                    break
                time.sleep(0.02)
            client.close()
            yield f"unix://{socket}"
            process.terminate()


@pytest.mark.django_db
def test_b74_the_table_counts_and_starts_anew() -> None:
    replies = [rates.exact_allow("key", 2, 60, NOW + second) for second in (0, 10, 20, 59.5, 60, 61)]
    assert replies == [(True, 60, 1), (True, 50, 0), (False, 40, 0), (False, 1, 0), (True, 60, 1), (True, 59, 0)]


@pytest.mark.django_db
def test_b74_keys_and_windows_are_apart_and_nothing_personal_is_stored() -> None:
    assert rates.exact_allow("asha@example.com", 1, 60, NOW)[0]
    assert rates.exact_allow("other@example.com", 1, 60, NOW)[0]
    assert rates.exact_allow("asha@example.com", 1, 3600, NOW)[0]
    assert not RateWindow.objects.filter(key__contains="@").exists()
    assert RateWindow.objects.count() == 3


@pytest.mark.django_db
def test_old_counters_are_forgotten() -> None:
    rates.exact_allow("old", 1, 60, NOW - 90_000)
    rates.exact_allow("new", 1, 60, NOW)
    assert rates.forget(NOW) == 1
    assert RateWindow.objects.count() == 1


def test_b74_redis_lets_in_exactly_the_limit(redis_url: str, settings: Any) -> None:
    settings.REDIS_URL = redis_url
    assert crowd(lambda: rates.exact_allow("crowd", LIMIT, 60, NOW)[0]) == LIMIT
    allowed, wait_seconds, left = rates.exact_allow("crowd", LIMIT, 60, NOW)
    assert (allowed, left) == (False, 0)
    assert 50 <= wait_seconds <= 60


def test_control_b74_looking_first_lets_the_crowd_in(redis_url: str) -> None:
    client: Any = redis.Redis.from_url(redis_url)  # its types say it may be asynchronous
    together = threading.Barrier(THREADS)

    def look_then_count() -> bool:
        seen = int(client.get("control") or 0)
        together.wait(timeout=60)
        client.incr("control")
        return seen < LIMIT

    assert crowd(look_then_count) > LIMIT


@pytest.mark.django_db
def test_b74_without_an_answering_redis_the_table_counts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    monkeypatch.setattr(rates._Rest, "until", 0.0)
    assert [rates.exact_allow("key", 1, 60, NOW)[0] for _ in range(2)] == [True, False]
    assert rates._Rest.until > 0


@pytest.mark.django_db(transaction=True)
def test_b74_the_table_lets_in_exactly_the_limit() -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():  # type: ignore[attr-defined]
        pytest.skip("threads share one connection of an in-memory database")
    assert crowd(lambda: rates.exact_allow("crowd", LIMIT, 60, NOW)[0]) == LIMIT


@pytest.mark.django_db
def test_b74_the_limit_holds_per_customer(settings: Any) -> None:
    settings.ORDER_RATE = 3
    settings.REDIS_URL = ""
    statuses = [place("c-1", address=f"192.0.2.{number}").status_code for number in range(5)]
    assert statuses == [201, 201, 201, 429, 429]
    assert place("c-2", address="192.0.2.77").status_code == 201


@pytest.mark.django_db
def test_b74_the_limit_holds_per_address(settings: Any) -> None:
    settings.ORDER_RATE = 3
    settings.REDIS_URL = ""
    statuses = [place(f"c-{number}").status_code for number in range(5)]
    assert statuses == [201, 201, 201, 429, 429]
    assert place("c-9", address="192.0.2.2").status_code == 201


@pytest.mark.django_db
def test_b74_the_refusal_says_when_to_come_back(settings: Any) -> None:
    settings.ORDER_RATE = 1
    settings.REDIS_URL = ""
    place()
    refused = place()
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Policy"] == '"orders";q=1;w=60'
    assert refused["RateLimit"] == f'"orders";r=0;t={refused["Retry-After"]}'
    assert b"/problems/quota-exceeded" in refused.content


@pytest.mark.django_db
def test_b74_what_is_counted_says_what_is_left(settings: Any) -> None:
    settings.ORDER_RATE = 5
    settings.REDIS_URL = ""
    caller = makers.customer()
    ready = makers.checkout_ready(person_id=caller.person_id)
    placed = caller.post(f"/storefront/checkouts/{ready.pk}/complete", {}, key=True)
    assert placed.status_code == 201
    assert placed.headers["RateLimit"].startswith('"orders";r=4;t=')
    assert "RateLimit" not in caller.get("/storefront/orders").headers


@pytest.mark.django_db
def test_reading_is_not_counted(settings: Any) -> None:
    settings.ORDER_RATE = 1
    settings.REDIS_URL = ""
    assert {place(method="GET").status_code for _ in range(3)} == {200}
    assert not RateWindow.objects.exists()


@pytest.mark.parametrize(
    ("remote", "forwarded", "trusted", "expected"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", 0, "192.0.2.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.9", 1, "198.51.100.9"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.9, 10.0.0.2", 2, "198.51.100.9"),
        ("10.0.0.1", "", 1, "10.0.0.1"),
        ("10.0.0.1", "forged", 1, "unknown"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", 0, "192.0.2.1"),
    ],
)
def test_b74_the_origin_is_not_what_a_client_claims(
    remote: str,
    forwarded: str,
    trusted: int,
    expected: str,
    settings: Any,
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded})
    assert origin(request) == expected
