"""The shop as it runs in earnest: sandbox, web and background work as processes of their own, each to be killed.

Every process leads a group of its own; a watch starts again what has died, as systemd or Kubernetes would.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
import requests

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "rzp_test_crashes", "crashes-key-secret", "crashes-webhook-secret"
SEAL_KEY = f"crash:{base64.b64encode(bytes(range(32, 64))).decode()}"
WATCH_S = 0.1
START_S = 30.0
POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgres://root@127.0.0.1:5432/bahi")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def until(reached: Callable[[], bool], what: str, seconds: float) -> float:
    """Wait, and say how long it took; fails with what was waited for."""
    began = time.monotonic()
    while not reached():
        assert time.monotonic() - began < seconds, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.1)
    return time.monotonic() - began


@dataclass
class Program:
    """One process and its group, started again whenever it is found dead."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.starts += 1

    def kill(self) -> bool:
        """SIGKILL to the whole group; whether there was one."""
        if self.process is None:
            return False
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.process.wait()
        return True

    def kill_child(self, chance: random.Random) -> bool:
        """SIGKILL to one of its children; whether there was one."""
        children = self.children()
        if not children:
            return False
        try:
            os.kill(chance.choice(children), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def children(self) -> list[int]:
        if self.process is None:
            return []
        try:
            found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        except OSError:
            return []
        return [int(pid) for pid in found.split()]


@dataclass
class Stack:
    """All of the shop on free ports of this machine, in one temporary folder."""

    folder: Path
    database_url: str  # empty: SQLite in the folder
    more: dict[str, str] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    url: str = ""
    sandbox_url: str = ""
    redis_port: int = 0
    staff_key: str = ""
    _watched: threading.Event = field(default_factory=threading.Event)
    _watch: threading.Thread | None = None

    @property
    def with_celery(self) -> bool:
        return bool(self.database_url)

    def up(self) -> None:
        """Make the database and the shop in it, start everything, wait until it answers."""
        web_port, sandbox_port = free_port(), free_port()
        self.url, self.sandbox_url = f"http://{HOST}:{web_port}", f"http://{HOST}:{sandbox_port}"
        self.redis_port = free_port() if self.with_celery else 0
        self.environment = self._environment()
        if self.database_url:
            _postgres(f'CREATE DATABASE "{self._database}"')
        self.run("manage.py", "migrate", "--verbosity", "0")
        self.staff_key = json.loads(self.run("-m", "tests.crashes.seed"))["staffKey"]
        for name, command in self._commands(web_port, sandbox_port).items():
            self.programs[name] = Program(name, command, self.environment, self.folder / f"{name}.log")
            self.programs[name].start()
        self._watch = threading.Thread(target=self._keep_alive, daemon=True)
        self._watch.start()
        until(lambda: self._answers(f"{self.url}/livez"), "the shop to answer", START_S)
        until(lambda: self._answers(f"{self.sandbox_url}/sandbox/razorpay/faults"), "the sandbox to answer", START_S)

    def down(self) -> None:
        """End every process and drop the database."""
        self._watched.set()
        if self._watch is not None:
            self._watch.join()
        for program in self.programs.values():
            program.kill()
        if self.database_url:
            _postgres(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')

    def run(self, *words: str) -> str:
        """One command of the project to its end; its output."""
        done = subprocess.run(
            [sys.executable, *words], env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def count(self, query: str) -> int:
        """One number out of the shop's database, asked from outside."""
        if self.database_url:
            with psycopg.connect(self.database_url, autocommit=True) as link:
                row = link.execute(query).fetchone()
        else:
            with sqlite3.connect(self.folder / "bahi.sqlite3", timeout=20) as file:
                row = file.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def gateway(self, path: str, **query: Any) -> Any:
        """What the sandbox says, asked as its API is."""
        answer = requests.get(
            f"{self.sandbox_url}/sandbox/razorpay{path}", params=query, auth=(KEY_ID, KEY_SECRET), timeout=20
        )
        answer.raise_for_status()
        return answer.json()

    def gateway_all(self, path: str) -> list[dict[str, Any]]:
        """Every entity of a list at the sandbox."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.gateway(f"/v1{path}", count=100, skip=len(found))["items"]
            found += page
            if len(page) < 100:
                return found

    def deadly(self, per_mille: int) -> None:
        """From now on so many of a thousand calls to the gateway, and notices taken, are a process's last; 0 ends it."""
        mark = self.folder / "deaths"
        mark.write_text(str(per_mille)) if per_mille else mark.unlink(missing_ok=True)

    def kill(self, what: str, chance: random.Random) -> bool:
        """Do one harm by name; whether there was something to harm."""
        if what == "redis flushed":
            return bool(redis.Redis(HOST, self.redis_port).flushall())
        name, _, part = what.partition(" ")
        program = self.programs[name]
        return program.kill_child(chance) if part == "child" else program.kill()

    @property
    def _database(self) -> str:
        return urlsplit(self.database_url).path.lstrip("/")

    def _answers(self, url: str) -> bool:
        try:
            return requests.get(url, timeout=2).ok
        except requests.RequestException:
            return False

    def _keep_alive(self) -> None:
        while not self._watched.wait(WATCH_S):
            for program in self.programs.values():
                if program.process is not None and program.process.poll() is not None:
                    program.start()

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            **kept,
            "DJANGO_SETTINGS_MODULE": "tests.crashes.settings",
            "BAHI_VAR": str(self.folder),
            "BAHI_ENV": str(self.folder / "no.env"),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://{HOST}:{self.redis_port}/0" if self.with_celery else "",
            "SECRET_KEY": "crashes-only-secret-key-of-no-worth-0123456789",
            "VAULT_KEYS": f"crash:{base64.b64encode(bytes(range(32))).decode()}",
            "ALLOWED_HOSTS": HOST,
            "PUBLIC_URL": self.url,
            "ORDER_RATE": "1000000",
            "RAZORPAY_KEY_ID": KEY_ID,
            "RAZORPAY_KEY_SECRET": KEY_SECRET,
            "RAZORPAY_WEBHOOK_SECRETS": WEBHOOK_SECRET,
            "RAZORPAY_BASE_URL": f"{self.sandbox_url}/sandbox/razorpay/v1",
            "SANDBOX_URL": self.sandbox_url,
            "LOG_LEVEL": "WARNING",
            **self.more,
        }

    def _commands(self, web_port: int, sandbox_port: int) -> dict[str, list[str]]:
        python = sys.executable
        commands = {
            "sandbox": [
                python, "-m", "payments.sandbox", "--port", str(sandbox_port),
                "--database", str(self.folder / "sandbox.sqlite3"), "--key-id", KEY_ID, "--key-secret", KEY_SECRET,
                "--webhook-secret", WEBHOOK_SECRET, "--webhook-url", f"{self.url}/webhooks/razorpay",
            ],
            "web": [
                python, "-m", "gunicorn", "config.wsgi:application", "--bind", f"{HOST}:{web_port}", "--workers", "2",
                "--threads", "4", "--worker-class", "gthread", "--no-control-socket",
            ],
        }
        if not self.with_celery:
            return {**commands, "runner": [python, "manage.py", "runner"]}
        celery = [python, "-m", "celery", "-A", "config.celery"]
        return {
            "redis": [
                "redis-server", "--port", str(self.redis_port), "--bind", HOST, "--save", "", "--appendonly", "no",
                "--dir", str(self.folder),
            ],
            **commands,
            "worker": [*celery, "worker", "-Q", "default,relay,money,hooks,slow", "-c", "3", "-l", "WARNING", "--without-mingle"],
            "beat": [*celery, "beat", "-s", str(self.folder / "beat"), "--pidfile", "", "-l", "WARNING"],
        }


def postgres_url() -> str:
    """An address for a database of this run alone; skips where there is no server or no Redis."""
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server: the broker is flushed and killed here")
    try:
        _postgres("SELECT 1")
    except psycopg.OperationalError as error:
        pytest.skip(f"needs PostgreSQL: {error}")
    return urlsplit(POSTGRES)._replace(path=f"/bahi_crash_{os.getpid()}").geturl()


def _postgres(statement: str) -> None:
    server = urlsplit(POSTGRES)._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True, connect_timeout=3) as link:
        link.execute(statement)
