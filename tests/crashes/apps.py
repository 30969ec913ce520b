"""Sudden death, built into every process of the crash runs: after the gateway has acted, before we wrote it down."""

from __future__ import annotations

import functools
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from timeline.models import Delivery

CALLS = ("create_order", "capture", "refund")


class Crashes(AppConfig):
    """Makes the gateway's wrapper deadly: for so many of a thousand calls as the file `deaths` of the run says."""

    name = "tests.crashes"
    label = "crashes"

    def ready(self) -> None:
        from payments.gateways.razorpay import RazorpayGateway

        for name in CALLS:
            setattr(RazorpayGateway, name, deadly(getattr(RazorpayGateway, name)))
        if (Path(os.environ["BAHI_VAR"]) / "tick-off-first").exists():
            from timeline import relay

            relay._hand_over = tick_off_first


def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call as it is; sometimes the process does not live to hear the answer."""

    @functools.wraps(call)
    def called(*words: Any, **names: Any) -> Any:
        answer = call(*words, **names)
        die_sometimes()
        return answer

    return called


def die_sometimes() -> None:
    try:
        per_mille = int((Path(os.environ["BAHI_VAR"]) / "deaths").read_text())
    except OSError:
        return
    if random.randrange(1000) < per_mille:
        die()


def die() -> None:
    """End this process as the kernel's out-of-memory killer does: nothing is flushed, closed or told."""
    os.kill(os.getpid(), signal.SIGKILL)


def tick_off_first(delivery: Delivery) -> None:
    """The control: a relay that marks a delivery done and then does it, as a broker without late acknowledgement."""
    from timeline import subscriptions
    from timeline.actors import system
    from timeline.models import Delivery
    from timeline.operations import operation

    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.DONE)
    subscriber = subscriptions.named(delivery.subscriber)
    if subscriber.inside:
        with operation("on.control", actor=system("control"), stream=delivery.stream) as op:
            subscriber.handler(op, delivery.event)
    else:
        subscriber.handler(delivery.event, delivery.pk)
