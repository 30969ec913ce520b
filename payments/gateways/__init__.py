"""The gateways the shop talks to, by the word a payment carries."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Literal

from django.conf import settings

from payments.gateways.razorpay import RazorpayGateway, verify_webhook
from payments.models import RAZORPAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from payments.gateways.base import Gateway

__all__ = ["UnknownGateway", "gateway", "use", "verify_webhook"]

_mine = threading.local()
_instead: list[Gateway] = []


class UnknownGateway(LookupError):
    """No gateway answers to this word."""


def gateway(code: str) -> Gateway:
    """The gateway of this word, made from the settings; one per thread, for its connection is. Raises `UnknownGateway`."""
    if code != RAZORPAY:
        raise UnknownGateway(code)
    if _instead:
        return _instead[-1]
    keys = (settings.RAZORPAY_KEY_ID, settings.RAZORPAY_KEY_SECRET, settings.RAZORPAY_BASE_URL)
    wish = (*keys, settings.PAYMENT_CAPTURE)
    if getattr(_mine, "wish", None) != wish:
        capture: Literal["automatic", "manual"] = "manual" if settings.PAYMENT_CAPTURE == "manual" else "automatic"
        _mine.wish, _mine.razorpay = wish, RazorpayGateway(*keys, capture=capture)
    made: Gateway = _mine.razorpay
    return made


@contextlib.contextmanager
def use(other: Gateway) -> Iterator[Gateway]:
    """Talk to `other` in Razorpay's place, in every thread, while the block runs: for tests and rehearsals."""
    _instead.append(other)
    try:
        yield other
    finally:
        _instead.remove(other)
