"""What was written to whom: each message once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from orders.models.order import Order
from orders.models.person import Person
from timeline import vault

if TYPE_CHECKING:
    from timeline.models import SubjectKey


class Message(models.Model):
    """One e-mail or text about one event, unique per event and medium, so that a repeat sends nothing.

    One to a customer is sealed under their key; one to staff has no person and is sealed under the shop's.
    """

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="messages")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="messages")
    event_id = models.BigIntegerField(null=True)
    template = models.CharField(max_length=40)
    medium = models.CharField(max_length=10)
    sealed = models.BinaryField()
    state = models.CharField(max_length=10, default="asked")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event_id", "template", "medium"], name="message_once_per_event")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="message_newest_idx")]

    def __str__(self) -> str:
        return f"{self.template} by {self.medium}"

    def opened(self) -> dict[str, str]:
        """`to`, `subject`, `body`; empty once the person is erased or it was kept long enough."""
        if not self.sealed:
            return {}
        return vault.unseal(self._key(), f"message:{self.pk}", bytes(self.sealed)) or {}

    def seal(self, words: dict[str, str]) -> bytes:
        """`to`, `subject`, `body` as ciphertext for `sealed`."""
        return vault.seal(self._key(), f"message:{self.pk}", words)

    def _key(self) -> SubjectKey:
        return self.person.key if self.person is not None else vault.house_key()
