"""The general ledger: accounts, entries, postings, closed days. Written by `payments.journal` alone.

Note [Sealed by its header]
    An entry's postings are inserted first and the entry last. The database refuses an entry whose postings do not sum to
    zero or that has none, and a posting to an entry that is there already; a posting whose entry never comes breaks its
    foreign key at commit. So what is in the books balances, on both engines, with immediate triggers.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from timeline.models import Event

ASSET, LIABILITY, INCOME, EXPENSE = "asset", "liability", "income", "expense"


class Account(models.Model):
    """One account of the chart. Balances are debits less credits, so that liabilities and income are negative."""

    code = models.CharField(primary_key=True, max_length=30)
    place = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in (ASSET, LIABILITY, INCOME, EXPENSE)])

    def __str__(self) -> str:
        return self.code


class Entry(models.Model):
    """One balanced entry, made by one event; Note [Sealed by its header]. `day` is the business day it was made on."""

    APPEND_ONLY: ClassVar[bool] = True
    REFUSED_INSERTS: ClassVar[tuple[tuple[str, str, str], ...]] = (
        (
            "balanced",
            "COALESCE((SELECT SUM(amount_minor) FROM payments_posting WHERE entry_id = NEW.id), 1) <> 0",
            "does not sum to zero",
        ),
        (
            "day_open",
            "EXISTS (SELECT 1 FROM payments_closedday WHERE day = NEW.day)",
            "is of a day that is closed",
        ),
    )

    id = models.UUIDField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="+")
    stream = models.CharField(max_length=64)
    kind = models.CharField(max_length=60)
    day = models.DateField()
    at = models.DateTimeField()
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name_plural = "entries"
        indexes: ClassVar = [
            models.Index(fields=["day", "id"], name="entry_day_idx"),
            models.Index(fields=["stream"], name="entry_stream_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Posting(models.Model):
    """One side of an entry: a debit is positive, a credit negative. `ref` is what it is matched by, such as `pay_…`."""

    APPEND_ONLY: ClassVar[bool] = True
    REFUSED_INSERTS: ClassVar[tuple[tuple[str, str, str], ...]] = (
        (
            "entry_open",
            "EXISTS (SELECT 1 FROM payments_entry WHERE id = NEW.entry_id)",
            "comes after its entry was sealed",
        ),
    )

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount_minor = models.BigIntegerField()
    stream = models.CharField(max_length=64)
    ref = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(amount_minor=0), name="posting_is_of_money")]
        indexes: ClassVar = [
            models.Index(fields=["account", "ref"], name="posting_ref_idx"),
            models.Index(fields=["stream", "account"], name="posting_stream_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount_minor}"


class ClosedDay(models.Model):
    """A business day whose differences are all explained: nothing may be booked on it any more.

    `digest` is SHA-256 in hex over the RFC 8785 form of `report`, which the event `day.closed` carries too.
    """

    APPEND_ONLY: ClassVar[bool] = True

    day = models.DateField(primary_key=True)
    report: models.JSONField[Any, Any] = models.JSONField()
    digest = models.CharField(max_length=64)
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.day.isoformat()
