"""What is kept of the risk of orders: verdicts, the rules they were found by, and blind tokens to count by."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from orders.models.order import Order
from orders.models.person import Person


class RiskRuleset(models.Model):
    """One version of the rules; the highest holds. Version 0 is the built-in one and has no row."""

    APPEND_ONLY: ClassVar[bool] = True

    version = models.PositiveIntegerField(primary_key=True)
    data: models.JSONField[Any, Any] = models.JSONField()
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"rules {self.version}"


class RiskAssessment(models.Model):
    """The verdict on one order, with the signals it was found by: whole numbers, no personal data.

    It is given at the placement, and anew once more is known; each time is an event.
    """

    FROZEN: ClassVar[tuple[str, ...]] = ("created_at",)
    CHANGED_BY: ClassVar[dict[str, tuple[str, ...]]] = {
        "risk.assessed": ("score", "verdict", "reasons", "signals", "ruleset_version"),
    }
    CHANGED_WITH: ClassVar[str] = "order"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, primary_key=True, related_name="risk")
    score = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=4, choices=[("pass", "Pass"), ("hold", "Hold")])
    reasons: models.JSONField[Any, Any] = models.JSONField()
    signals: models.JSONField[Any, Any] = models.JSONField()
    ruleset_version = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(score__lte=100), name="risk_score_within_hundred")]
        indexes: ClassVar = [
            models.Index(fields=["-score", "order"], name="risk_score_idx"),
            models.Index(fields=["-created_at"], name="risk_age_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.score} ({self.verdict})"


class RiskTrace(models.Model):
    """That an order came with this e-mail, phone, address or network, as a blind token; kept for counting alone."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    token = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["token", "created_at"], name="risk_trace_token_idx"),
            models.Index(fields=["created_at"], name="risk_trace_age_idx"),
        ]

    def __str__(self) -> str:
        return f"trace of {self.person_id}"


class RiskBlock(models.Model):
    """An e-mail, phone or address from which no order goes on unseen: a blind token, never the text."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=10, choices=[("email", "E-mail"), ("phone", "Phone"), ("address", "Address")])
    token = models.BinaryField(unique=True)
    reason = models.CharField(max_length=40)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"blocked {self.kind}"
