"""Queues, counters and kept answers share one Redis: when it is full, answers go and no message does (B54, B90)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.deploy.recipes import COMPOSE, DEPLOY
from timeline import kept, rates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONF = DEPLOY / "redis.conf"
HOST = "127.0.0.1"
MESSAGES, ANSWERS, ANSWER_BYTES = 50, 400, 32 * 1024  # three times what there is room for


@contextmanager
def server(folder: Path, *more: str) -> Iterator[str]:
    """A Redis of our own as the recipe starts it, but small; its address."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine")
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", HOST, "--dir", str(folder), "--maxmemory", "4mb", *more]
    process = subprocess.Popen([program, str(CONF), *options], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            for _ in range(3000):
                with suppress(redis.ConnectionError):
                    client.ping()
                    break
                time.sleep(0.02)
        yield f"redis://{HOST}:{port}/0"
    finally:
        process.kill()
        process.wait()


def push(url: str) -> None:
    """One message onto a queue, as Celery's own client does it."""
    from config.celery import app

    with app.connection_for_write(url=url) as link, link.SimpleQueue("default") as queue:
        queue.put({"id": 1})


def fill(url: str, settings: Any) -> Any:
    """Count and keep as the shop does until there is no more room; gives a client."""
    settings.REDIS_URL, settings.KEEP_ANSWERS = url, True
    kept.forget()
    rates._redis_counted(url, "digest", 60_000)
    for number in range(ANSWERS):
        kept.answer("x", audience="a", version=str(number), about=None, lifetime_s=60, make=lambda: b"z" * ANSWER_BYTES)
    return redis.Redis.from_url(url)


def test_a_full_redis_drops_answers_and_no_message(tmp_path: Path, settings: Any) -> None:
    with server(tmp_path) as url:
        for _ in range(MESSAGES):
            push(url)
        client = fill(url, settings)
        push(url)
        assert client.llen("bahi:default") == MESSAGES + 1
        assert client.info("stats")["evicted_keys"] > 0
        ours = [*client.scan_iter("bahi:kept:*"), *client.scan_iter("bahi:rate:*")]
        assert ours
        assert -1 not in {client.ttl(key) for key in ours}, "what has no end would never be dropped"
        client.close()


def test_control_without_the_policy_kept_answers_stop_the_queues(tmp_path: Path, settings: Any) -> None:
    with server(tmp_path, "--maxmemory-policy", "noeviction") as url:
        client = fill(url, settings)
        with pytest.raises(Exception, match="maxmemory"):
            push(url)
        client.close()


def test_compose_starts_redis_with_this_file() -> None:
    service = COMPOSE["services"]["redis"]
    (mount,) = service["volumes"]
    source, target, _ = mount.split(":")
    assert (DEPLOY / "compose" / source).resolve() == CONF
    assert service["command"] == ["redis-server", target]
