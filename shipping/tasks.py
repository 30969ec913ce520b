"""The hands: each body is one call, started by the beat, safe to run twice or at once."""

from __future__ import annotations

from celery import shared_task

from shipping import exchanges


@shared_task(soft_time_limit=110, time_limit=120)
def track_quiet(**_: object) -> None:
    """Ask carriers about parcels nobody has heard of for some hours."""
    exchanges.track_quiet()
