"""The children of `up`: started, watched, restarted, stopped."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from config import env

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PORTS_TRIED_MAX = 50
STOP_S = 10
RESTART_S = 1.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process of the local shop."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it in a group of its own, its words in a log file."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 our own programs
                self.command, env=dict(self.environment), stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                cwd=env.ROOT, start_new_session=True, preexec_fn=_die_with_parent,  # noqa: PLW1509 `up` has one thread
            )
        self.started_at = time.monotonic()

    def watch(self) -> None:
        """Start it again when it has died, not more often than once a second."""
        if self.process is not None and self.process.poll() is not None and time.monotonic() - self.started_at > RESTART_S:
            self.start()

    def stop(self) -> None:
        """Ask it to stop, then insist."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """Where the kernel can (Linux), a child is told to stop when `up` itself was killed; elsewhere it stays."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port(wanted: int) -> int:
    """The port, or the next one that nobody listens on."""
    for port in range(wanted, wanted + PORTS_TRIED_MAX):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = f"no free port from {wanted} on"
    raise RuntimeError(message)


def wait_for(url: str, seconds: float) -> bool:
    """Whether the address answers 200 within the time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 our own address
                if answer.status == 200:  # noqa: PLR2004 HTTP's own word
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def children(*, port: int, sandbox_port: int, var: Path, environment: Mapping[str, str]) -> list[Child]:
    """Sandbox, web and runner, in the order they start."""
    python = sys.executable
    logs = var / "log"
    logs.mkdir(parents=True, exist_ok=True)
    (var / "static").mkdir(exist_ok=True)  # STATIC_ROOT: empty here, files come from the finders; whitenoise wants it there
    secret = environment["RAZORPAY_WEBHOOK_SECRETS"].split(",")[0]
    shared_memory = ["--worker-tmp-dir", "/dev/shm"] if os.path.isdir("/dev/shm") else []  # noqa: PTH112, S108
    sandbox = [
        python, "-m", "payments.sandbox", "--port", str(sandbox_port), "--database", str(var / "sandbox.sqlite3"),
        "--key-id", environment["RAZORPAY_KEY_ID"], "--key-secret", environment["RAZORPAY_KEY_SECRET"],
        "--webhook-secret", secret, "--webhook-url", f"http://127.0.0.1:{port}/webhooks/razorpay",
    ]
    web = [
        python, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", "2",
        "--threads", "4", "--worker-class", "gthread", "--graceful-timeout", "5", "--no-control-socket",
        "--preload",  # one import for both workers: half the time to the first answer
        *shared_memory,
    ]
    runner = [python, "manage.py", "runner"]
    return [
        Child("sandbox", sandbox, environment, logs / "sandbox.log"),
        Child("web", web, environment, logs / "web.log"),
        Child("runner", runner, environment, logs / "runner.log"),
    ]


def traffic(*, port: int, var: Path, environment: Mapping[str, str]) -> Child:
    """The process that places a demo order now and then (`DEMO_TRAFFIC=1`)."""
    command = [sys.executable, "manage.py", "traffic", f"http://127.0.0.1:{port}"]
    return Child("traffic", command, environment, var / "log" / "traffic.log")
