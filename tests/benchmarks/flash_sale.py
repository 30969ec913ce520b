"""`make flash-sale`: everybody wants the same thing at once (F01, P12), over HTTP, on PostgreSQL.

A thousand units, twenty thousand attempts, sixty-four clients, two web workers. Checkouts are made before the rush; the
attempts are their completions, each under a key of its own. Who was refused tries again, as people do; who has bought
does not. Nothing may be sold that is not there, and nobody may see anything but an order or a clean refusal.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import queue
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
HOST, SKU = "127.0.0.1", "FLASH-1"
UNITS = int(os.environ.get("FLASH_UNITS", "1000"))
ATTEMPTS = int(os.environ.get("FLASH_ATTEMPTS", "20000"))
CLIENTS = int(os.environ.get("FLASH_CLIENTS", "64"))
WORKERS = int(os.environ.get("FLASH_WORKERS", "2"))
CHECKOUTS = int(os.environ.get("FLASH_CHECKOUTS", str(UNITS * 3)))
SECONDS_MAX = float(os.environ.get("FLASH_SECONDS", "900"))
SERVER = os.environ.get("DATABASE_URL", "postgres://root@127.0.0.1:5432/bahi")
START_S, REPLY_S, TRIES_MAX, ROUNDS_MAX = 60.0, 60.0, 2, 40


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
    name = f"bahi_flash_{os.getpid()}"
    _postgres(f'CREATE DATABASE "{name}"')
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder), name)
        try:
            _run(environment, "manage.py", "migrate", "--verbosity", "0")
            print(f"{UNITS} units, {CHECKOUTS} checkouts are prepared …", flush=True)
            began = time.monotonic()
            halves = [CHECKOUTS // 2, CHECKOUTS - CHECKOUTS // 2]
            _run(environment, "-m", "tests.benchmarks.flash_seed", str(UNITS), "0")
            seeds = [_start(environment, "-m", "tests.benchmarks.flash_seed", "0", str(half)) for half in halves]
            ready = [pair for seed in seeds for pair in json.loads(seed.communicate()[0])]
            print(f"prepared in {time.monotonic() - began:.0f} s; {CLIENTS} clients, {WORKERS} workers, {ATTEMPTS} attempts", flush=True)
            web, port = _web(environment, Path(folder))
            try:
                tally, seconds = _rush(port, ready)
            finally:
                os.killpg(web.pid, signal.SIGTERM)
                web.wait(20)
            _report(environment, tally, seconds)
        finally:
            _postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


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
        link = http.client.HTTPConnection(HOST, port, timeout=REPLY_S)
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
    _settle(environment)
    said = subprocess.run([sys.executable, "manage.py", "doctor"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print(f"{'doctor':28} {said.stdout.strip().splitlines()[-1] if said.stdout.strip() else said.stderr[-300:]}")
    expected = min(UNITS, made)
    right = (sold, orders, units, on_hand, held) == (expected, expected, expected, UNITS, expected) and sold + refused == made
    if not right or made < ATTEMPTS or said.returncode:
        raise SystemExit("not as it must be")


def _settle(environment: dict[str, str]) -> None:
    """What the orders made due in the background is done before the doctor looks."""
    for _ in range(ROUNDS_MAX):
        _run(environment, "manage.py", "runner", "--once")
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as link:
            row = link.execute("SELECT count(*) FROM timeline_delivery WHERE state = 'due' AND due_at <= now()").fetchone()
        if row == (0,):
            return


def _web(environment: dict[str, str], folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    import socket

    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    with (folder / "web.log").open("ab") as out:
        web = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"{HOST}:{port}", "--workers", str(WORKERS),
             "--threads", "8", "--worker-class", "gthread", "--no-control-socket", "--backlog", "512", "--keep-alive", "75"],
            cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True,
        )
    until = time.monotonic() + START_S
    while True:
        try:
            link = http.client.HTTPConnection(HOST, port, timeout=2)
            link.request("GET", "/livez")
            if link.getresponse().status == 200:
                return web, port
        except OSError:
            pass
        if time.monotonic() > until or web.poll() is not None:
            raise SystemExit((folder / "web.log").read_text()[-2000:])
        time.sleep(0.2)


def _start(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def _run(environment: dict[str, str], *words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def _environment(folder: Path, name: str) -> dict[str, str]:
    kept: dict[str, Any] = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "BAHI_VAR": str(folder),
        "BAHI_ENV": str(folder / "no.env"),
        "DATABASE_URL": urlsplit(SERVER)._replace(path=f"/{name}").geturl(),
        "REDIS_URL": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/9"),
        "SECRET_KEY": "flash-only-secret-key-of-no-worth-0123456789",
        "VAULT_KEYS": f"flash:{base64.b64encode(bytes(range(32))).decode()}",
        "ALLOWED_HOSTS": HOST,
        "PUBLIC_URL": f"http://{HOST}",
        "ORDER_RATE": "1000000",
        "SHOP_STATE": "IN-KA",
        "RAZORPAY_KEY_ID": "rzp_test_flash",
        "RAZORPAY_KEY_SECRET": "flash-key-secret",
        "RAZORPAY_WEBHOOK_SECRETS": "flash-webhook-secret",
        "RAZORPAY_BASE_URL": f"http://{HOST}:9/sandbox/razorpay/v1",
        "LOG_LEVEL": "ERROR",
    }


def _postgres(statement: str) -> None:
    server = urlsplit(SERVER)._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True, connect_timeout=3) as link:
        link.execute(statement)


if __name__ == "__main__":
    main()
