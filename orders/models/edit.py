"""Changes of an order after it was placed: what is wished, and every version the order has had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from orders.models.order import Order
from timeline import vault
from timeline.models import StateField, StateModel

if TYPE_CHECKING:
    from datetime import datetime

    from orders.models.person import Person


class OrderEdit(StateModel):
    """A change that is staged: what is to be added, how many of each line are to stay, where it is to go.

    `changes` are ids and quantities; addresses are sealed. `based_on` is the version of the order the preview was
    made of, and `preview` what was shown then: the edit is committed as it was shown, or not at all.
    """

    class Status(models.TextChoices):
        """Wished, done, or dropped."""

        STAGED = "staged"
        COMMITTED = "committed"
        DISCARDED = "discarded"

    FROZEN: ClassVar[tuple[str, ...]] = ("order", "created_at", "created_by")

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="edits")
    status = StateField(default=Status.STAGED, choices=Status.choices)
    changes: models.JSONField[Any, Any] = models.JSONField()
    sealed = models.BinaryField(null=True)
    based_on = models.PositiveIntegerField()
    preview: models.JSONField[Any, Any] = models.JSONField()
    revision = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)
    updated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["order"], name="order_edit_staged_idx", condition=Q(status="staged")),
        ]

    def __str__(self) -> str:
        return f"{self.status} edit of {self.order_id}"

    def seal_addresses(self, person: Person, addresses: dict[str, Any]) -> None:
        """Keep the wished addresses under the customer's key."""
        self.sealed = vault.seal(person.key, f"edit:{self.pk}", addresses) if addresses else None

    def addresses(self, person: Person) -> dict[str, Any]:
        """The wished addresses, by `shipping` and `billing`; empty when there are none or the person is erased."""
        if self.sealed is None:
            return {}
        return vault.unseal(person.key, f"edit:{self.pk}", bytes(self.sealed)) or {}

    @transition(
        field=status, source=Status.STAGED, target=Status.COMMITTED, custom={"event": "order.edit_committed"}
    )
    def commit(self, *, at: datetime, revision: int) -> None:
        """The order is what the edit says."""
        self.ended_at = at
        self.revision = revision

    @transition(
        field=status, source=Status.STAGED, target=Status.DISCARDED, custom={"event": "order.edit_discarded"}
    )
    def discard(self, *, at: datetime) -> None:
        """It is not wanted any more."""
        self.ended_at = at


class OrderRevision(models.Model):
    """One version of an order after an edit: 1, 2, 3 …; version 0 is the order's own snapshot of its placement.

    `pricing` is enough to compute it again (`orders.pricing.revision`).
    """

    APPEND_ONLY: ClassVar[bool] = True

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveSmallIntegerField()
    edit = models.ForeignKey(OrderEdit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    subtotal_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField()
    gst_minor = models.BigIntegerField()
    shipping_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    pricing: models.JSONField[Any, Any] = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "number"], name="revision_once"),
            models.CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") - F("discount_minor") + F("gst_minor") + F("shipping_minor")),
                name="revision_total_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.order_id}"
