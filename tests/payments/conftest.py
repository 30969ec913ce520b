"""The gateway in memory, in place of the real one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from payments import gateways
from tests.payments.fake_gateway import FakeGateway
from timeline import relay
from timeline.models import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    """Whatever asks for Razorpay in this test talks to this one."""
    fake = FakeGateway()
    with gateways.use(fake):
        yield fake


@pytest.fixture
def settle() -> Callable[[], None]:
    """Hand over everything owed by payments, what was postponed included, until nothing is due."""

    def settled() -> None:
        for _ in range(3):
            Delivery.objects.filter(state="due").update(due_at=timezone.now() - timedelta(seconds=1))
            if not relay.drain():
                return

    return settled
