"""A gateway in memory that knows every payment, for the stories that are relayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payments.gateways import use
from tests.payments.fake_gateway import FakeGateway, seen_payment

if TYPE_CHECKING:
    from collections.abc import Iterator


class Willing(FakeGateway):
    """Gives back what the makers captured without it."""

    def _refund(self, gateway_payment_id: str, amount_minor: int, receipt: str | None, key: str) -> Any:
        self.payments.setdefault(
            gateway_payment_id, seen_payment(id=gateway_payment_id, order_id="order_x", status="captured", amount_minor=10**12)
        )
        return super()._refund(gateway_payment_id, amount_minor, receipt, key)


@pytest.fixture(autouse=True)
def _gateway() -> Iterator[None]:
    with use(Willing()):
        yield
