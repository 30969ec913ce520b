"""Which gateway answers to which word."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from payments import gateways
from payments.gateways.razorpay import RazorpayGateway
from tests.payments.fake_gateway import FakeGateway


def test_razorpay_is_made_from_the_settings_once_a_thread(settings: Any) -> None:
    first = gateways.gateway("razorpay")
    assert isinstance(first, RazorpayGateway)
    assert gateways.gateway("razorpay") is first
    others: list[Any] = []
    worker = threading.Thread(target=lambda: others.append(gateways.gateway("razorpay")))
    worker.start()
    worker.join()
    assert others[0] is not first
    settings.RAZORPAY_KEY_SECRET = "changed"
    assert gateways.gateway("razorpay") is not first


def test_a_test_may_put_another_in_its_place_in_every_thread() -> None:
    with gateways.use(FakeGateway()) as fake:
        assert gateways.gateway("razorpay") is fake
    assert isinstance(gateways.gateway("razorpay"), RazorpayGateway)


def test_an_unknown_word_has_no_gateway() -> None:
    with pytest.raises(gateways.UnknownGateway):
        gateways.gateway("barter")
