"""What must not be so, each as a question to the database that answers in words, or with nothing when all is well.

No answer names a person: counts, times and codes only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from orders.models import Case, Order, ReconciliationRun
from payments.models import Notice, Payment
from timeline import queries
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

SEAL_LATE: Final = timedelta(minutes=15)
RUN_STOPPED: Final = timedelta(minutes=30)
RUN_MISSED: Final = timedelta(hours=26)
SILENCE_GRACE: Final = timedelta(minutes=15)
SILENT_CAPTURES_MIN: Final = 3
GATEWAY: Final = "razorpay"


def deliveries_parked(now: datetime) -> str:  # noqa: ARG001 every rule is asked with the moment
    """Background work waits for a person."""
    parked = queries.parked().count()
    return f"{_many(parked, 'delivery is', 'deliveries are')} parked; decide at /console/parked/." if parked else ""


def relay_stalled(now: datetime) -> str:  # noqa: ARG001
    """Nobody hands events over."""
    lag = queries.lag_seconds()
    late = lag > settings.RELAY_STALL_SECONDS
    return f"The oldest owed event has waited for {lag:.0f} s; is a worker for the queue relay running?" if late else ""


def log_unsealed(now: datetime) -> str:
    """What was told is in no signed checkpoint."""
    if not settings.SEAL_KEYS:
        return ""
    oldest = Event.objects.filter(position=None).order_by("id").values_list("recorded_at", flat=True).first()
    late = oldest is not None and now - oldest > SEAL_LATE
    return f"No checkpoint was signed since {_at(oldest)}; does a worker run, are SEAL_KEYS right?" if late and oldest else ""


def reconciliation_failed(now: datetime) -> str:
    """A comparison of the books stopped, or none was finished for more than a day."""
    stopped = ReconciliationRun.objects.filter(finished_at=None, started_at__isnull=False, seen_at__lt=now - RUN_STOPPED).count()
    if stopped:
        return f"{_many(stopped, 'comparison', 'comparisons')} of the books began and stopped before the end."
    if not Order.objects.filter(created_at__lt=now - RUN_MISSED).exists():
        return ""
    last = ReconciliationRun.objects.aggregate(last=Max("finished_at"))["last"]
    missed = last is None or now - last > RUN_MISSED
    return f"The books were last compared {_at(last) if last else 'never'}." if missed else ""


def differences_found(now: datetime) -> str:
    """Differences of high severity wait to be explained."""
    found = Case.objects.filter(status=Case.Status.OPEN, severity="high").exclude(snoozed_until__gt=now).count()
    return f"{_many(found, 'difference of high severity waits', 'differences of high severity wait')} to be explained at /console/exceptions/." if found else ""


def gateway_silent(now: datetime) -> str:
    """Payments are captured and the gateway's webhooks do not come: the sweep makes up for it, late."""
    last = Notice.objects.filter(provider=GATEWAY).aggregate(last=Max("received_at"))["last"]
    captured = Payment.objects.filter(gateway=GATEWAY, captured_at__lt=now - SILENCE_GRACE, captured_at__gt=now - timedelta(days=1))
    if last is not None:
        captured = captured.filter(captured_at__gt=last)
    silent = captured.count()
    if silent < SILENT_CAPTURES_MIN:
        return ""
    since = _at(last) if last else "the beginning"
    return f"{silent} payments were captured and no webhook of {GATEWAY} came since {since}; is the address set, is the secret right?"


RULES: Final[Mapping[str, Callable[[datetime], str]]] = {
    rule.__name__: rule
    for rule in (
        deliveries_parked, relay_stalled, log_unsealed, reconciliation_failed, differences_found, gateway_silent,
    )
}


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _at(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}" if moment else ""
