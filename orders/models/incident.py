"""Incidents: something operators have to know of, from when it began until it was over (B93)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Incident(models.Model):
    """One time a rule was broken. There is at most one open incident a rule; operators hear of it once, and of its end."""

    id = models.UUIDField(primary_key=True)
    rule = models.CharField(max_length=40)
    says = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    recovered_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    recovery_told_at = models.DateTimeField(null=True)
    tell_due_at = models.DateTimeField()
    tell_attempts = models.PositiveSmallIntegerField(default=0)
    tell_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule"], condition=Q(recovered_at__isnull=True), name="incident_open_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-opened_at"], name="incident_opened_idx"),
            models.Index(
                fields=["tell_due_at"], name="incident_untold_idx",
                condition=Q(told_at__isnull=True) | Q(recovered_at__isnull=False, recovery_told_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.says}"
