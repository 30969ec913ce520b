"""Background work of orders: one call each; what they need, they ask the database."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from orders import abandoned, checkout, due_returns, overdue, releasing, saved_views
from orders.alerts import watch
from orders.bulk import running
from orders.channels import polling, waiting
from orders.operations import assessing
from orders.privacy import erasures, retention
from orders.reconciliation import runs
from timeline.actors import system
from timeline.operations import operation


@shared_task(soft_time_limit=50)
def cancel_overdue(**_: object) -> None:
    """Cancel orders that nobody paid in time."""
    overdue.cancel_due(timezone.now())


@shared_task(soft_time_limit=50)
def release_fulfilments(**_: object) -> None:
    """Release what was scheduled for now, and what waited for stock that has come."""
    releasing.release_due(timezone.now())


@shared_task(soft_time_limit=50)
def expire_checkouts(**_: object) -> None:
    """End checkouts that nobody touched for a day."""
    checkout.expire_due(timezone.now(), actor=system("checkout"))


@shared_task(soft_time_limit=50)
def tell_abandoned(**_: object) -> None:
    """Announce carts that were left alone."""
    abandoned.tell_due(timezone.now())


@shared_task(soft_time_limit=50)
def expire_returns(**_: object) -> None:
    """End approved returns whose goods were never sent."""
    due_returns.expire_due(timezone.now())


@shared_task(soft_time_limit=300, time_limit=330)
def reconcile_hourly(**_: object) -> None:
    """Compare all books over today and the days before."""
    runs.hourly()


@shared_task(soft_time_limit=300, time_limit=330)
def reconcile_nightly(**_: object) -> None:
    """Compare yesterday and all that is open, once, after it ended."""
    runs.nightly()


@shared_task(soft_time_limit=300, time_limit=330)
def reconcile_due(**_: object) -> None:
    """Do the comparisons somebody asked for."""
    runs.perform_due()


@shared_task(soft_time_limit=50)
def run_jobs(**_: object) -> None:
    """Do some of what jobs ask for: a slice, then others get their turn."""
    running.run_due()


@shared_task(soft_time_limit=300, time_limit=330)
def serve_privacy(**_: object) -> None:
    """Hand over and erase what people asked for, as far as nothing needs their data."""
    erasures.serve_due(timezone.now())


@shared_task(soft_time_limit=300, time_limit=330)
def keep_erased(**_: object) -> None:
    """Erase anew whoever a restored backup brought back."""
    erasures.reapply()


@shared_task(soft_time_limit=300, time_limit=330)
def apply_retention(**_: object) -> None:
    """Let go of what was kept long enough."""
    retention.apply(timezone.now())


@shared_task(soft_time_limit=250, time_limit=280)
def poll_channels(**_: object) -> None:
    """Ask the channels that are due for what changed."""
    polling.poll_due(timezone.now())


@shared_task(soft_time_limit=250, time_limit=280)
def try_waiting_imports(**_: object) -> None:
    """Try channels' orders again that waited for stock or a product, once it is there."""
    waiting.try_waiting(timezone.now())


@shared_task(soft_time_limit=50)
def watch_alerts(**_: object) -> None:
    """Ask what must not be so, and tell the operators what is new and what is over."""
    watch.watch(timezone.now())


@shared_task(soft_time_limit=50)
def forget_risk_traces(**_: object) -> None:
    """Let go of the tokens that no count of velocity reaches any more."""
    with operation("risk.forget", actor=system("risk")) as op:
        assessing.forget_traces(op)


@shared_task(soft_time_limit=50)
def watch_views(**_: object) -> None:
    """Count the saved views that have a threshold."""
    saved_views.watch_due(timezone.now())
