"""Background work of the kernel."""

from __future__ import annotations

from time import monotonic

from celery import shared_task
from django.utils import timezone

from timeline import rates, relay
from timeline.endpoints import sending
from timeline.exports import running, schedules
from timeline.log import seal, witnesses

DRAIN_S = 20.0
WEBHOOKS_S = 5.0


@shared_task(soft_time_limit=30)
def relay_due(**_: object) -> None:
    """Hand over everything that is due."""
    relay.drain(DRAIN_S)


@shared_task(soft_time_limit=50)
def seal_log(**_: object) -> None:
    """Give the new events their place in the log and sign it."""
    started = monotonic()
    while seal.seal().count == seal.EVENTS_PER_RUN_MAX and monotonic() - started < DRAIN_S:
        pass


@shared_task(soft_time_limit=50)
def send_webhooks(**_: object) -> None:
    """Send what endpoints are owed."""
    sending.run(WEBHOOKS_S)


@shared_task(soft_time_limit=4 * 3600, time_limit=4 * 3600 + 60)
def run_exports(**_: object) -> None:
    """Write the exports that were asked for, to the last."""
    running.run_due()


@shared_task(soft_time_limit=50)
def sweep_exports(**_: object) -> None:
    """Ask for what is due every month; end what is over, and delete files that belong to nothing any more."""
    schedules.run_due(timezone.now())
    schedules.expire_due(timezone.now())


@shared_task(soft_time_limit=50)
def forget_old(**_: object) -> None:
    """Let go of rate windows that nobody can ask for any more."""
    rates.forget(timezone.now().timestamp())


@shared_task(soft_time_limit=50)
def ask_witnesses(**_: object) -> None:
    """Have the newest checkpoint signed by those who watch that the log only grows."""
    witnesses.run(timezone.now())
