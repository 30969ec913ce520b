"""Tickets: somebody asks about an order, somebody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import transition

from orders.models.order import Order
from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime


class Ticket(StateModel):
    """One question about one order. What was written is sealed in the events of the order's story, never here."""

    class Status(models.TextChoices):
        """Who has to say something."""

        OPEN = "open"
        WAITING = "waiting"
        CLOSED = "closed"

    class Topic(models.TextChoices):
        """What it is about."""

        DELIVERY = "delivery"
        DAMAGED = "damaged"
        WRONG_ITEM = "wrong_item"
        PAYMENT = "payment"
        REFUND = "refund"
        ADDRESS = "address"
        OTHER = "other"

    LIVE: ClassVar = (Status.OPEN, Status.WAITING)
    FROZEN: ClassVar[tuple[str, ...]] = ("order", "topic", "opened_by_type", "opened_by_id", "opened_at")

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="tickets")
    topic = models.CharField(max_length=20, choices=Topic.choices)
    status = StateField(default=Status.OPEN, choices=Status.choices)
    assignee = models.CharField(max_length=80, blank=True)
    opened_by_type = models.CharField(max_length=20)
    opened_by_id = models.CharField(max_length=80)
    messages = models.PositiveIntegerField(default=0)
    desk_ref = models.CharField(max_length=80, blank=True)
    opened_at = models.DateTimeField()
    state_since = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["opened_at"], name="ticket_live_idx", condition=Q(status__in=("open", "waiting"))),
        ]

    def __str__(self) -> str:
        return f"{self.topic} of {self.order_id}"

    def _move(self, at: datetime) -> None:
        self.state_since = at

    @transition(field=status, source=Status.OPEN, target=Status.WAITING, custom={"event": "ticket.answered"})
    def answer(self, *, at: datetime) -> None:
        """We have answered; the customer is to say more, or nothing."""
        self._move(at)

    @transition(field=status, source=Status.WAITING, target=Status.OPEN, custom={"event": "ticket.asked"})
    def ask(self, *, at: datetime) -> None:
        """The customer has said more."""
        self._move(at)

    @transition(field=status, source=[Status.OPEN, Status.WAITING], target=Status.CLOSED, custom={"event": "ticket.closed"})
    def close(self, *, at: datetime) -> None:
        """There is nothing left to say."""
        self._move(at)
        self.closed_at = at

    @transition(field=status, source=Status.CLOSED, target=Status.OPEN, custom={"event": "ticket.reopened"})
    def reopen(self, *, at: datetime) -> None:
        """Somebody has something to say after all."""
        self._move(at)
        self.closed_at = None
