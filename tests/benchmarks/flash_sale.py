"""`make flash-sale`: everybody wants the same thing at once (F01, P12), over HTTP, on PostgreSQL.

A thousand units, twenty thousand attempts, sixty-four clients, two web workers. Checkouts are made before the rush; the
attempts are their completions, each under a key of its own. Who was refused tries again, as people do; who has bought
does not. Nothing may be sold that is not there, and nobody may see anything but an order or a clean refusal.
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import statistics
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.benchmarks import served

SKU = "FLASH-1"
UNITS = int(os.environ.get("FLASH_UNITS", "1000"))
ATTEMPTS = int(os.environ.get("FLASH_ATTEMPTS", "20000"))
CLIENTS = int(os.environ.get("FLASH_CLIENTS", "64"))
WORKERS = int(os.environ.get("FLASH_WORKERS", "2"))
CHECKOUTS = int(os.environ.get("FLASH_CHECKOUTS", str(UNITS * 3)))
SECONDS_MAX = float(os.environ.get("FLASH_SECONDS", "900"))
REPLY_S, TRIES_MAX = 60.0, 2


@dataclass
class Tally:
    """What the attempts came to."""

    answers: Counter[str] = field(default_factory=Counter)
    sold_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: int, body: bytes, took_s: float) -> bool:
        """One answer; whether it was a sale."""
        kind = "" if status == 201 else str(json.loads(body).get("type", "")) if body[:1] == b"{" else ""
        with self.lock:
            self.answers[f"{status} {kind}".strip()] += 1
            if status == 201:
                self.sold_s.append(took_s)
            elif (status, kind) == (409, "/problems/out-of-stock"):
                self.refused_s.append(took_s)
            else:
                self.others.append(f"{status} {body[:200]!r}")
        return status == 201


def main() -> None:
    """Prepare, rush, count; the exit code says whether exactly what was there was sold."""
    with served.database("flash") as name, tempfile.TemporaryDirectory() as folder:
        environment = served.environment(Path(folder), name)
        served.run(environment, "manage.py", "migrate", "--verbosity", "0")
        print(f"{UNITS} units, {CHECKOUTS} checkouts are prepared …", flush=True)
        began = time.monotonic()
        halves = [CHECKOUTS // 2, CHECKOUTS - CHECKOUTS // 2]
        served.run(environment, "-m", "tests.benchmarks.flash_seed", str(UNITS), "0")
        seeds = [served.start(environment, "-m", "tests.benchmarks.flash_seed", "0", str(half)) for half in halves]
        ready = [pair for seed in seeds for pair in json.loads(seed.communicate()[0])]
        print(f"prepared in {time.monotonic() - began:.0f} s; {CLIENTS} clients, {WORKERS} workers, {ATTEMPTS} attempts", flush=True)
        with served.web(environment, Path(folder), workers=WORKERS) as (_, port):
            tally, seconds = _rush(port, ready)
        _report(environment, tally, seconds)


def _rush(port: int, ready: list[list[str]]) -> tuple[Tally, float]:
    """All clients at once until the attempts are made or the time is up."""
    tally = Tally()
    waiting: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    for pair in ready:
        waiting.put(pair)
    left = iter(range(ATTEMPTS))
    take = threading.Lock()
    until = time.monotonic() + SECONDS_MAX

    def client() -> None:
        link = http.client.HTTPConnection(served.HOST, port, timeout=REPLY_S)
        while time.monotonic() < until:
            with take:
                if next(left, None) is None:
                    return
            pair = waiting.get()
            if not tally.add(*_attempt(link, *pair)):
                waiting.put(pair)

    began = time.monotonic()
    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return tally, time.monotonic() - began


def _attempt(link: http.client.HTTPConnection, checkout_id: str, token: str) -> tuple[int, bytes, float]:
    headers = {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex,
    }
    began = time.perf_counter()
    status, body = 0, b""
    for _ in range(TRIES_MAX):  # a connection that the server let go is opened again, with the same key
        try:
            link.request("POST", f"/storefront/checkouts/{checkout_id}/complete", b"{}", headers)
            reply = link.getresponse()
            status, body = reply.status, reply.read()
            break
        except (OSError, http.client.HTTPException) as error:
            link.close()
            body = repr(error).encode()
    return status, body, time.perf_counter() - began


def _report(environment: dict[str, str], tally: Tally, seconds: float) -> None:
    made = sum(tally.answers.values())
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as link:
        row = link.execute(
            "SELECT (SELECT count(*) FROM orders_order), (SELECT coalesce(sum(quantity), 0) FROM orders_line),"
            " (SELECT sum(on_hand) FROM inventory_level), (SELECT sum(held) FROM inventory_level)"
        ).fetchone()
    assert row is not None
    orders, units, on_hand, held = (int(value) for value in row)
    sold, refused = len(tally.sold_s), len(tally.refused_s)
    print(f"{'flash sale':28} {made} attempts in {seconds:.1f} s, {made / seconds:.0f}/s; sold {sold}, refused {refused}, other {made - sold - refused}")
    for name, took in (("sold", tally.sold_s), ("refused", tally.refused_s)):
        if len(took) > 1:
            parts = statistics.quantiles(took, n=100)
            print(f"{name:28} p50 {statistics.median(took) * 1000:.0f} ms, p99 {parts[98] * 1000:.0f} ms, worst {max(took) * 1000:.0f} ms")
    print(f"{'answers':28} {dict(tally.answers)}")
    for other in tally.others[:5]:
        print(f"{'other':28} {other}")
    print(f"{'the database':28} {orders} orders, {units} units, on hand {on_hand}, held {held}")
    served.settle(environment)
    healthy = served.doctor(environment)
    expected = min(UNITS, made)
    right = (sold, orders, units, on_hand, held) == (expected, expected, expected, UNITS, expected) and sold + refused == made
    if not right or made < ATTEMPTS or not healthy:
        raise SystemExit("not as it must be")


if __name__ == "__main__":
    main()
