"""The parts of the one-command shop that need no running one: what it refuses, who is watched, what passes the proxy."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
import responses
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.module_loading import import_string

from config import env
from config.celery import app
from config.local import processes, walk
from config.local.processes import Child
from config.local.selfcheck import CheckFailed
from config.management.commands import runner
from config.schedule import SCHEDULE, Tick

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SANDBOX = "http://127.0.0.1:9"


@pytest.fixture
def sandbox(settings: Any) -> Iterator[responses.RequestsMock]:
    settings.SANDBOX_URL, settings.LOCAL_SANDBOX = SANDBOX, True
    with responses.RequestsMock() as mock:
        yield mock


def test_the_demo_refuses_live_keys(settings: Any) -> None:
    settings.RAZORPAY_KEY_ID = "rzp_live_0123456789abcd"
    with pytest.raises(CommandError, match="live gateway keys"):
        call_command("up", "--once")


def test_up_makes_its_env_file_as_make_run_does(tmp_path: Path) -> None:
    """`manage.py up` on a fresh checkout: the secrets are there before the settings are read."""
    environment = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "VAULT_KEYS")}
    environment |= {"BAHI_ENV": str(tmp_path / ".env"), "BAHI_VAR": str(tmp_path), "RAZORPAY_KEY_ID": "rzp_live_0123456789abcd"}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    command = [sys.executable, "manage.py", "up", "--once"]
    run = subprocess.run(command, cwd=env.ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert "live gateway keys" in run.stderr, "it got as far as its first question"
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert re.search(r"^SECRET_KEY=\S{64}$", (tmp_path / ".env").read_text(), re.MULTILINE)


def test_the_web_process_starts_without_a_warning(tmp_path: Path, settings: Any) -> None:
    """Warnings are errors here, so a missing static root would raise."""
    words = {"RAZORPAY_KEY_ID": "rzp_test_1", "RAZORPAY_KEY_SECRET": "s", "RAZORPAY_WEBHOOK_SECRETS": "w"}
    processes.children(port=1, sandbox_port=2, var=tmp_path, environment=words)
    static_files = import_string("whitenoise.middleware.WhiteNoiseMiddleware")
    settings.STATIC_ROOT = tmp_path / "static"
    assert static_files(lambda _: None).files
    settings.STATIC_ROOT = tmp_path / "nowhere"
    with pytest.raises(UserWarning, match="No directory"):
        static_files(lambda _: None)


def test_the_readmes_walk_is_read_out_and_fails_where_no_shop_is() -> None:
    """`make smoke` types these very commands at a whole shop."""
    text = walk.commands(SANDBOX)
    assert text.count("SHOP=") == 1
    assert f"SHOP={SANDBOX}\n" in text
    assert text.count("curl") == 7, "each of the README's calls"
    with pytest.raises(CheckFailed, match="the README's first order ended with"):
        walk.run(SANDBOX)


def test_a_readme_without_a_walk_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "README.md").write_text("## A first order\n\nJust click.\n")
    monkeypatch.setattr(env, "ROOT", tmp_path)
    with pytest.raises(CheckFailed, match="no commands"):
        walk.commands(SANDBOX)


def test_a_dead_child_is_started_again_and_a_living_one_left_alone(tmp_path: Path) -> None:
    child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], os.environ, tmp_path / "log")
    child.start()
    try:
        assert child.process is not None
        first = child.process.pid
        child.watch()
        assert child.process.pid == first
        child.process.kill()
        child.process.wait()
        child.started_at = time.monotonic()
        child.watch()
        assert child.process.pid == first, "not more often than once a second"
        child.started_at = time.monotonic() - 2
        child.watch()
        assert child.process.pid != first
    finally:
        child.stop()
    assert child.process.poll() is not None


@pytest.mark.django_db(transaction=True)
def test_the_runner_outlives_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def broken() -> None:
        ran.append("broken")
        message = "the disk is full"
        raise OSError(message)

    monkeypatch.setattr(runner, "import_string", lambda _: broken)
    runner.run(Tick("any.task", 1))
    assert ran == ["broken"]


@pytest.mark.django_db(transaction=True)
def test_the_relay_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a comparison of the books of a large shop nobody's payment was followed for minutes."""
    handed, heard, seen = threading.Semaphore(0), list[Any](), list[bool]()

    def slow() -> None:
        seen.extend(handed.acquire(timeout=60) for _ in range(3))
        heard[0](signal.SIGTERM, None)

    monkeypatch.setattr(signal, "signal", lambda _, do: heard.append(do))
    monkeypatch.setattr(runner, "say_operations", lambda: None)
    monkeypatch.setattr(runner, "SCHEDULE", (Tick("slow", 60), Tick("relay", 60, "relay")))
    monkeypatch.setattr(runner, "import_string", {"slow": slow, "relay": handed.release}.__getitem__)
    runner.Command().handle(once=False)
    assert seen == [True, True, True]


def test_the_proxy_hands_over_what_the_gateways_client_sends(sandbox: responses.RequestsMock) -> None:
    sandbox.post(f"{SANDBOX}/sandbox/razorpay/v1/orders", json={"id": "order_1"}, status=200)
    answer = Client().post(
        "/sandbox/razorpay/v1/orders?a=1", b'{"amount": 100}', content_type="application/json",
        headers={"Authorization": "Basic a2V5OnNlY3JldA==", "Cookie": "sessionid=private"},
    )
    sent = sandbox.calls[0].request
    assert (answer.status_code, answer.json()) == (200, {"id": "order_1"})
    assert (sent.headers["Authorization"], sent.body) == ("Basic a2V5OnNlY3JldA==", b'{"amount": 100}')
    assert str(sent.url).endswith("/v1/orders?a=1")
    assert "Cookie" not in sent.headers


def test_the_proxy_passes_a_redirect_on_and_never_follows_it(sandbox: responses.RequestsMock) -> None:
    sandbox.post(f"{SANDBOX}/sandbox/razorpay/checkout", status=303, headers={"Location": "http://shop.invalid/back"})
    answer = Client().post("/sandbox/razorpay/checkout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://shop.invalid/back")
    assert len(sandbox.calls) == 1


def test_a_silent_sandbox_is_a_bad_gateway(sandbox: responses.RequestsMock) -> None:
    sandbox.get(f"{SANDBOX}/sandbox/razorpay/v1/orders", body=requests.ConnectionError())
    assert Client().get("/sandbox/razorpay/v1/orders").status_code == 502


def test_celery_keeps_no_results_takes_late_and_reads_the_one_schedule() -> None:
    """RELIABILITY 3.2: results are rows of ours; a lost worker's task comes back; retries belong to the database."""
    conf = app.conf
    assert not conf.result_backend
    assert (conf.task_ignore_result, conf.task_acks_late) == (True, True)
    assert (conf.task_reject_on_worker_lost, conf.task_publish_retry, conf.worker_prefetch_multiplier) == (True, False, 1)
    assert conf.broker_transport_options["visibility_timeout"] > 2 * conf.task_time_limit
    assert {entry["task"]: entry["schedule"] for entry in conf.beat_schedule.values()} == {
        tick.task: tick.every_s for tick in SCHEDULE
    }
    assert {task: route["queue"] for task, route in conf.task_routes.items()} == {t.task: t.queue for t in SCHEDULE}
