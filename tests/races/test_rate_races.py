"""B74: limits are exact under concurrency, on a real server; the control looks first and counts afterwards."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client

from tests import makers
from timeline import rates
from timeline.rate_window import RateWindow

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NOW, WINDOW_S = 1_800_000_000.0, 60
THREADS, EACH, LIMIT = 8, 25, 10


def together(job: Callable[[int], int]) -> int:
    """Everybody at once; the sum of what each gives."""
    barrier = threading.Barrier(THREADS)

    def run(place: int) -> int:
        barrier.wait(10)
        try:
            return job(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(run, range(THREADS)))


def allowed(_: int) -> int:
    """How many of so many requests are let in."""
    return sum(rates.exact_allow("crowd", LIMIT, WINDOW_S, NOW)[0] for _ in range(EACH))


def test_b74_of_a_crowd_exactly_the_limit_is_let_in_and_every_try_is_counted(settings: Any) -> None:
    settings.REDIS_URL = ""
    assert together(allowed) == LIMIT
    assert RateWindow.objects.get().count == THREADS * EACH


def test_b74_the_first_of_a_new_window_are_let_in_exactly_too(settings: Any) -> None:
    settings.REDIS_URL = ""
    for _ in range(LIMIT + 5):
        rates.exact_allow("crowd", LIMIT, WINDOW_S, NOW - WINDOW_S)
    assert together(allowed) == LIMIT


def test_control_b74_looking_first_lets_more_in(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same crowd with a counter that is read, and raised only once everybody has read it."""
    settings.REDIS_URL = ""
    met = threading.Barrier(THREADS)

    def look_then_count(digest: str, window_ms: int, now_ms: int) -> tuple[int, int]:
        row = RateWindow.objects.filter(key=digest).first()
        seen = row.count if row is not None else 0
        met.wait(10)
        RateWindow.objects.update_or_create(key=digest, defaults={"count": seen + 1, "window_start_ms": now_ms})
        return seen + 1, window_ms

    monkeypatch.setattr(rates, "_table_counted", look_then_count)
    assert together(allowed) > LIMIT


def test_b74_a_customer_who_sends_at_once_places_so_many_orders_and_no_more(settings: Any) -> None:
    """The whole way: checkouts completed at the same moment over HTTP."""
    settings.REDIS_URL, settings.ORDER_RATE = "", 3
    caller = makers.customer()
    sku = makers.product(units=100).sku
    ready = [makers.checkout_ready(person_id=caller.person_id, skus=[sku], quantity=1).pk for _ in range(THREADS)]

    def place(number: int) -> int:
        answer = Client().post(
            f"/storefront/checkouts/{ready[number]}/complete", b"{}", content_type="application/json",
            headers={**caller.headers, "Idempotency-Key": f"race-key-{number:04}"},
        )
        assert answer.status_code in (201, 429), answer.content
        return int(answer.status_code == 201)

    assert together(place) == 3
