"""Ask the rules, keep the incidents, tell the operators: once when one begins, once when it is over.

Note [Not by the relay]
    Operators are told by this sweep itself, not by a delivery: the relay is one of the things that break. A message that is
    not taken is tried again, ever later; the rows say what became of it. Two watchers at once make one incident: the story
    `alerts` is locked while they are written, and the database allows one open incident a rule.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import requests
import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q

from orders.alerts.rules import RULES
from orders.models import Incident
from timeline.actors import system
from timeline.endpoints import signing
from timeline.network import session_factory
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from timeline.operations import Operation

ACTOR = system("alerts")
STREAM = "alerts"
OVER_AFTER: Final = timedelta(minutes=2)
SEEN_EVERY: Final = timedelta(minutes=1)
TELL_FIRST, TELL_MOST = timedelta(seconds=60), timedelta(hours=1)
TELLS_MAX = 20
CHARS_MAX = 300

log = structlog.get_logger("bahi.alerts")


def watch(now: datetime) -> None:
    """Ask every rule, write down what changed, tell who is to know."""
    found = {name: says for name, rule in RULES.items() if (says := rule(now))}
    if _differs(found, now):
        with operation("alerts.watch", actor=ACTOR, stream=STREAM) as op:
            note(op, found=found, now=now)
    tell_due(now)


def note(op: Operation, *, found: Mapping[str, str], now: datetime) -> None:
    """Begin what is new, keep what goes on, end what was not seen for two minutes."""
    known = {row.rule: row for row in Incident.objects.filter(recovered_at=None)}
    for rule, says in found.items():
        row = known.get(rule)
        if row is not None:
            Incident.objects.filter(pk=row.pk).update(says=says[:CHARS_MAX], seen_at=now)
            continue
        row = Incident(id=op.new_id(), rule=rule, says=says[:CHARS_MAX], opened_at=now, seen_at=now, tell_due_at=now)
        op.record(row, "alert.raised", facts={"rule": rule, "says": row.says})
        row.save(force_insert=True)
        log.error("alert.raised", rule=rule, says=row.says)
    for rule, row in known.items():
        if rule not in found and now - row.seen_at >= OVER_AFTER:
            op.record(row, "alert.over", facts={"rule": rule})
            Incident.objects.filter(pk=row.pk).update(recovered_at=now, tell_due_at=now, tell_attempts=0)
            log.warning("alert.over", rule=rule)


def tell_due(now: datetime) -> int:
    """Tell operators what they have not heard; returns how many incidents were told of. No transaction is open meanwhile."""
    untold = Incident.objects.filter(_UNTOLD, tell_due_at__lte=now, tell_attempts__lt=TELLS_MAX).order_by("opened_at")
    told = 0
    for row in untold[: len(RULES) * 2]:
        wait = min(TELL_FIRST * 2**row.tell_attempts, TELL_MOST)
        with operation("alerts.claim", actor=ACTOR) as op:
            claimed = Incident.objects.filter(pk=row.pk, tell_attempts=row.tell_attempts).filter(_UNTOLD)
            if not claimed.update(tell_attempts=F("tell_attempts") + 1, tell_due_at=op.now + wait):
                continue
        told += _tell(row)
    return told


_UNTOLD = Q(told_at=None) | Q(recovered_at__isnull=False, recovery_told_at=None)


def _differs(found: Mapping[str, str], now: datetime) -> bool:
    known = {row.rule: row for row in Incident.objects.filter(recovered_at=None)}
    if known.keys() != found.keys():
        return True
    return any(now - row.seen_at >= SEEN_EVERY or row.says != found[rule][:CHARS_MAX] for rule, row in known.items())


def _tell(row: Incident) -> int:
    """One message about one incident: that it began, or that it is over; what is over before it was told is told as over."""
    is_over = row.recovered_at is not None
    try:
        _mail(row, is_over=is_over)
        _post(row, is_over=is_over)
    except (OSError, requests.RequestException) as error:
        with operation("alerts.missed", actor=ACTOR):
            Incident.objects.filter(pk=row.pk).update(tell_error=type(error).__name__)
        log.warning("alert.untold", rule=row.rule, error=type(error).__name__)
        return 0
    with operation("alerts.told", actor=ACTOR) as op:
        done: dict[str, Any] = {"told_at": row.told_at or op.now, "tell_error": "", "tell_attempts": 0}
        Incident.objects.filter(pk=row.pk).update(**done, **({"recovery_told_at": op.now} if is_over else {}))
    return 1


def _mail(row: Incident, *, is_over: bool) -> None:
    if not settings.ALERT_EMAILS or settings.EMAIL_PROVIDER != "smtp":
        return
    word = "Over" if is_over else "Alert"
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2]
    EmailMessage(
        f"[{settings.SHOP_NAME}] {word}: {row.rule.replace('_', ' ')}",
        f"{row.says}\n\nSince {row.opened_at.isoformat()}{f', over at {row.recovered_at.isoformat()}' if row.recovered_at else ''}\n{settings.PUBLIC_URL}/console/alerts/\n",
        to=list(settings.ALERT_EMAILS), headers={"Message-ID": f"<{row.pk}-{word.lower()}@{domain}>"},
    ).send()


def _post(row: Incident, *, is_over: bool) -> None:
    if not settings.ALERT_WEBHOOK_URL:
        return
    data = {
        "id": row.pk, "rule": row.rule, "says": row.says, "openedAt": row.opened_at, "recoveredAt": row.recovered_at,
        "url": f"{settings.PUBLIC_URL}/console/alerts/",
    }
    body = orjson.dumps({"type": "alert.over" if is_over else "alert.raised", "data": data}, option=orjson.OPT_UTC_Z)
    headers = {"Content-Type": "application/json"}
    if settings.ALERT_WEBHOOK_SECRET:
        key = f"{row.pk}-{'over' if is_over else 'raised'}"
        headers |= signing.headers([settings.ALERT_WEBHOOK_SECRET], message_id=key, timestamp=int(time.time()), body=body)
    reply = session_factory().post(settings.ALERT_WEBHOOK_URL, data=body, headers=headers)
    if not reply.ok or reply.is_redirect:
        raise requests.HTTPError(f"answered {reply.status_code}")
