"""The smallest machine there is, to test the door without a shop around it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_fsm import transition

from timeline.states import StateField, StateModel


class Ticket(StateModel):
    """Open, then confirmed, then cancelled; its price never changes, its seats only with their event."""

    FROZEN: ClassVar[tuple[str, ...]] = ("price_minor",)
    CHANGED_BY: ClassVar[dict[str, tuple[str, ...]]] = {"checkout.changed": ("seats",)}

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=20, unique=True)
    price_minor = models.BigIntegerField(default=100)
    seats = models.IntegerField(default=1)
    status = StateField(
        default="pending", choices=[("pending", "Pending"), ("confirmed", "Confirmed"), ("cancelled", "Cancelled")]
    )
    reason = models.CharField(max_length=100, blank=True)

    class Meta:
        app_label = "door"

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source="pending", target="confirmed", custom={"event": "checkout.held"})
    def confirm(self) -> None:
        """It is paid."""

    @transition(field=status, source=["pending", "confirmed"], target="cancelled", custom={"event": "checkout.abandoned"})
    def cancel(self, *, code: str) -> None:
        """It is off."""
        self.reason = code


class Line(models.Model):
    """A row that is only ever added."""

    APPEND_ONLY: ClassVar[bool] = True

    text = models.CharField(max_length=20)

    class Meta:
        app_label = "door"

    def __str__(self) -> str:
        return self.text


class Seat(models.Model):
    """A row that changes with the event of another: its ticket's."""

    CHANGED_BY: ClassVar[dict[str, tuple[str, ...]]] = {"checkout.changed": ("row", "number"), "checkout.held": ("row",)}
    CHANGED_WITH: ClassVar[str] = "ticket"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT)
    row = models.IntegerField(default=1)
    number = models.IntegerField(default=1)

    class Meta:
        app_label = "door"

    def __str__(self) -> str:
        return f"{self.row}/{self.number}"
