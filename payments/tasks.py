"""The hands: each body is one call, started by the beat, safe to run twice or at once."""

from __future__ import annotations

from celery import shared_task

from payments import disputes, exchanges, settlements


@shared_task(soft_time_limit=50)
def resolve_doubts(**_: object) -> None:
    """Ask about everything whose outcome is unknown."""
    exchanges.resolve_doubts()


@shared_task(soft_time_limit=50)
def sweep_quiet(**_: object) -> None:
    """Ask about payments and refunds no notice has spoken of."""
    exchanges.sweep_quiet()


@shared_task(soft_time_limit=120)
def sweep_disputes(**_: object) -> None:
    """Ask for disputes no notice has spoken of."""
    disputes.sweep()


@shared_task(soft_time_limit=300)
def read_settlements(**_: object) -> None:
    """Read the gateway's payouts of the last days."""
    settlements.read_due()
