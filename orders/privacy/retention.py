"""How long each kind of thing is kept, and letting go of what was kept long enough (B69).

Events, the journal, documents' amounts and the sealed log are never touched: what goes is what was said around them. Each kind has
its days in the settings (`RETAIN_…_DAYS`); what was let go of is one event with the counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Min, Q

from orders.models import (
    ChannelNotice,
    Checkout,
    CheckoutLine,
    DataRequest,
    Document,
    JobChunk,
    Message,
    Order,
    Person,
    ReturnPhoto,
)
from orders.operations import privacy
from payments.models import Notice
from shipping.models import CarrierNotice, Label
from timeline import vault
from timeline.actors import system
from timeline.models import Attempt, Receipt, SubjectKey
from timeline.operations import operation

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from timeline.operations import Operation

KEEPER = system("retention")
STORY = "retention"
AT_ONCE = 1000
ROUNDS_MAX = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind: its days (0 is for ever), where its rows are, the column of their age, and how some of them are let go of."""

    name: str
    setting: str
    rows: Callable[[], QuerySet[Any]]
    age: str
    let_go: Callable[[Operation, QuerySet[Any]], None]

    def days(self) -> int:
        """So many days, from the settings."""
        return int(getattr(settings, self.setting)) if self.setting else -1

    def is_kept_for_ever(self) -> bool:
        """No day is set."""
        return self.days() == 0

    def over(self, now: datetime) -> QuerySet[Any]:
        """What was kept long enough."""
        until = now - timedelta(days=max(self.days(), 0))
        return self.rows().none() if self.is_kept_for_ever() else self.rows().filter(**{f"{self.age}__lt": until})

    def kept(self, now: datetime) -> QuerySet[Any]:
        """What stays."""
        until = now - timedelta(days=max(self.days(), 0))
        return self.rows() if self.is_kept_for_ever() else self.rows().filter(**{f"{self.age}__gte": until})


@dataclass(frozen=True, slots=True)
class Line:
    """What the rule would let go of, and how old the oldest is that stays."""

    name: str
    days: int
    over: int
    oldest_kept: datetime | None


def preview(now: datetime) -> list[Line]:
    """Every kind, with nothing done. Two statements each."""
    return [
        Line(rule.name, rule.days(), rule.over(now).count(), rule.kept(now).aggregate(oldest=Min(rule.age))["oldest"]) for rule in RULES
    ]


def apply(now: datetime) -> dict[str, int]:
    """Let go of everything that was kept long enough, some at a time; how many of each kind."""
    counts: dict[str, int] = {}
    for rule in RULES:
        for _ in range(ROUNDS_MAX):
            pks = list(rule.over(now).order_by(rule.age).values_list("pk", flat=True)[:AT_ONCE])
            if not pks:
                break
            with operation(f"retention.{rule.name}", actor=KEEPER) as op:
                rule.let_go(op, rule.rows().filter(pk__in=pks))
            counts[rule.name] = counts.get(rule.name, 0) + len(pks)
            if len(pks) < AT_ONCE:
                break
    if counts:
        with operation("retention.record", actor=KEEPER, stream=STORY) as op:
            op.record(vault.house_key(), "retention.applied", facts={"total": sum(counts.values()), "counts": counts})
    return counts


def _no_body(_: Operation, rows: QuerySet[Any]) -> None:
    rows.update(sealed=b"")


def _delete(_: Operation, rows: QuerySet[Any]) -> None:
    rows.delete()


def _no_label(_: Operation, rows: QuerySet[Any]) -> None:
    rows.update(pdf=b"")


def _no_contact(_: Operation, rows: QuerySet[Any]) -> None:
    CheckoutLine.objects.filter(checkout__in=list(rows.values_list("pk", flat=True))).exclude(metadata={}).update(metadata={})
    rows.update(sealed=None)


def _no_recipient(op: Operation, rows: QuerySet[Any]) -> None:
    """Only keys of the books: a consumer's is the person's own."""
    for key in SubjectKey.objects.filter(pk__in=list(rows.values_list("key_id", flat=True))):
        vault.destroy(op, key)


def _ask_erasure(op: Operation, rows: QuerySet[Any]) -> None:
    for pk in rows.values_list("pk", flat=True):
        privacy.ask(op, person_id=pk, kind=DataRequest.Kind.ERASURE)


def _idle() -> QuerySet[Any]:
    """Who asked for nothing since, neither as the guests they were, and is not about to be erased."""
    since = _before("RETAIN_PERSONS_DAYS")
    orders, carts = Order.objects.filter(created_at__gte=since), Checkout.objects.filter(updated_at__gte=since)
    active = Q()
    for rows in (orders, carts):
        active |= Q(pk__in=rows.values("person_id"))
        active |= Q(pk__in=rows.filter(person__owner__isnull=False).values("person__owner_id"))
    asked = Q(pk__in=DataRequest.objects.filter(kind=DataRequest.Kind.ERASURE, status__in=DataRequest.OPEN).values("person_id"))
    return Person.objects.filter(erased_at=None, owner=None).exclude(active | asked)


def _before(setting: str) -> datetime:
    from django.utils import timezone

    return timezone.now() - timedelta(days=int(getattr(settings, setting)))


def _book_keys() -> QuerySet[Any]:
    persons = Person.objects.values("key_id")
    return Document.objects.filter(registered=True, key__destroyed_at=None).exclude(key_id__in=persons).exclude(key_id=vault.HOUSE)


RULES: tuple[Rule, ...] = (
    Rule("notices", "RETAIN_NOTICES_DAYS", lambda: Notice.objects.exclude(handled_at=None).exclude(sealed=b""), "received_at", _no_body),
    Rule("pushes", "RETAIN_NOTICES_DAYS", lambda: CarrierNotice.objects.exclude(handled_at=None).exclude(sealed=b""), "received_at", _no_body),
    Rule("channel_notices", "RETAIN_NOTICES_DAYS", lambda: ChannelNotice.objects.exclude(sealed=b""), "received_at", _no_body),
    Rule("deliveries", "RETAIN_DELIVERIES_DAYS", Attempt.objects.all, "at", _delete),
    Rule("answers", "RETAIN_ANSWERS_DAYS", Receipt.objects.all, "created_at", _delete),
    Rule("messages", "RETAIN_MESSAGES_DAYS", lambda: Message.objects.exclude(sealed=b""), "created_at", _no_body),
    Rule(
        "carts", "RETAIN_CARTS_DAYS",
        lambda: Checkout.objects.exclude(status=Checkout.Status.OPEN).exclude(sealed=None), "updated_at", _no_contact,
    ),
    Rule("files", "RETAIN_FILES_DAYS", lambda: JobChunk.objects.exclude(sealed=b""), "job__finished_at", _no_body),
    Rule("labels", "RETAIN_LABELS_DAYS", lambda: Label.objects.exclude(pdf=b""), "created_at", _no_label),
    Rule("photos", "RETAIN_PHOTOS_DAYS", lambda: ReturnPhoto.objects.exclude(sealed=b""), "ret__ended_at", _no_body),
    Rule("sessions", "", Session.objects.all, "expire_date", _delete),
    Rule("persons", "RETAIN_PERSONS_DAYS", _idle, "created_at", _ask_erasure),
    Rule("business_recipients", "RETAIN_BOOKS_DAYS", _book_keys, "issued_at", _no_recipient),
)
