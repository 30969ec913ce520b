"""The shop served for a programme: a database of its own on PostgreSQL, web processes, one call, what the doctor says."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
SERVER = os.environ.get("DATABASE_URL") or "postgres://root@127.0.0.1:5432/bahi"
START_S, STOP_S, ROUNDS_MAX = 60.0, 40.0, 40


def environment(folder: Path, name: str) -> dict[str, str]:
    """The variables of a shop on the database of this name; nothing is taken from a `.env`."""
    kept: dict[str, Any] = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "BAHI_VAR": str(folder),
        "BAHI_ENV": str(folder / "no.env"),
        "DATABASE_URL": urlsplit(SERVER)._replace(path=f"/{name}").geturl(),
        "REDIS_URL": os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/9",
        "SECRET_KEY": "programme-only-secret-key-of-no-worth-0123456789",
        "VAULT_KEYS": f"programme:{base64.b64encode(bytes(range(32))).decode()}",
        "ALLOWED_HOSTS": HOST,
        "PUBLIC_URL": f"http://{HOST}",
        "ORDER_RATE": "1000000",
        "SHOP_STATE": "IN-KA",
        "RAZORPAY_KEY_ID": "rzp_test_programme",
        "RAZORPAY_KEY_SECRET": "programme-key-secret",
        "RAZORPAY_WEBHOOK_SECRETS": "programme-webhook-secret",
        "RAZORPAY_BASE_URL": f"http://{HOST}:9/sandbox/razorpay/v1",
        "LOG_LEVEL": "ERROR",
    }


@contextlib.contextmanager
def web(
    environment: dict[str, str], folder: Path, *, workers: int = 2, threads: int = 8
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The web processes and their port, from the first answer on; stopped at the end."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    with (folder / "web.log").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"{HOST}:{port}", "--workers", str(workers),
             "--threads", str(threads), "--worker-class", "gthread", "--no-control-socket", "--backlog", "512", "--keep-alive", "75"],
            cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True,
        )
    try:
        _wait(process, port, folder)
        yield process, port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_S)


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            link = http.client.HTTPConnection(HOST, port, timeout=2)
            link.request("GET", "/livez")
            if link.getresponse().status == 200:
                return
        except OSError:
            pass
        if time.monotonic() > until or process.poll() is not None:
            raise SystemExit((folder / "web.log").read_text()[-2000:])
        time.sleep(0.2)


def call(
    link: http.client.HTTPConnection, method: str, path: str, body: Any = None, *, token: str = "", key: str = ""
) -> tuple[int, Any]:
    """One call: its status and its JSON (status 0: no answer came). An open connection the server let go is opened once more."""
    headers = {"Content-Type": "application/json", "Connection": "keep-alive"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"Idempotency-Key": key} if key else {}
    for last in (False, True):
        try:
            link.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            reply = link.getresponse()
            raw = reply.read()
            return reply.status, json.loads(raw) if raw[:1] in (b"{", b"[") else raw[:200]
        except (OSError, http.client.HTTPException) as error:
            link.close()
            if last:
                return 0, repr(error)
    raise AssertionError


def start(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """A program of ours, running, its words to be read."""
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def run(environment: dict[str, str], *words: str) -> None:
    """A program of ours, to its end."""
    subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def settle(environment: dict[str, str]) -> None:
    """What was made due in the background is done before the doctor looks."""
    for _ in range(ROUNDS_MAX):
        run(environment, "manage.py", "runner", "--once")
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as link:
            row = link.execute("SELECT count(*) FROM timeline_delivery WHERE state = 'due' AND due_at <= now()").fetchone()
        if row == (0,):
            return


def doctor(environment: dict[str, str]) -> bool:
    """Print the doctor's last word; whether every invariant holds."""
    said = subprocess.run([sys.executable, "manage.py", "doctor"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print(f"{'doctor':28} {said.stdout.strip().splitlines()[-1] if said.stdout.strip() else said.stderr[-300:]}")
    return said.returncode == 0


def postgres(statement: str) -> None:
    """One statement as whoever DATABASE_URL names."""
    server = urlsplit(SERVER)._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True, connect_timeout=3) as link:
        link.execute(statement)


@contextlib.contextmanager
def database(prefix: str) -> Iterator[str]:
    """A database of this programme's own; gone at the end."""
    name = f"bahi_{prefix}_{os.getpid()}"
    postgres(f'CREATE DATABASE "{name}"')
    try:
        yield name
    finally:
        postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def role(prefix: str) -> Iterator[str]:
    """A role that owns nothing; open it around `database`, because rights in a database keep a role alive."""
    name = f"bahi_{prefix}_{os.getpid()}"
    postgres(f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'programme'")
    try:
        yield name
    finally:
        postgres(f'DROP ROLE "{name}"')


def working_as(role: str, environment: dict[str, str]) -> dict[str, str]:
    """The same shop, connected as the role with what `manage.py grants` gives it."""
    run(environment, "manage.py", "grants", role)
    url = urlsplit(environment["DATABASE_URL"])
    where = url.netloc.rpartition("@")[2]
    return {**environment, "DATABASE_URL": url._replace(netloc=f"{role}:programme@{where}").geturl()}
