"""One sandbox process per test process; each test finds it without faults."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from payments.gateways.base import GatewayOrder
from payments.gateways.razorpay import RazorpayGateway
from tests.contracts.server import Listener, Sandbox, listening


@pytest.fixture(scope="session")
def shop() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture(scope="session")
def running(shop: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3", shop.url)
    yield sandbox
    assert sandbox.stop() == 0, "SIGTERM ends it gracefully"


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.control("faults", method="DELETE")


@pytest.fixture
def own_sandbox(shop: Listener, tmp_path: Path) -> Iterator[Sandbox]:
    """One that may be stopped and started."""
    sandbox = Sandbox(tmp_path / "own.sqlite3", shop.url)
    yield sandbox
    if sandbox.process.poll() is None:
        sandbox.stop()


@pytest.fixture
def gateway(sandbox: Sandbox) -> RazorpayGateway:
    return sandbox.gateway()


@pytest.fixture
def key() -> str:
    return f"rf-{uuid.uuid4().hex}"


@pytest.fixture
def new_order(gateway: RazorpayGateway) -> Callable[..., GatewayOrder]:
    numbers = itertools.count()

    def make(amount_minor: int = 59_000) -> GatewayOrder:
        receipt = f"{uuid.uuid4().hex[:30]}-{next(numbers)}"
        return gateway.create_order(amount_minor=amount_minor, currency="INR", receipt=receipt, notes={})

    return make
