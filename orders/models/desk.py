"""How staff sort orders among themselves: tags, and who looks after which. Customers see neither."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from orders.models.order import Order

TAG_CHARS_MAX, NAME_CHARS_MAX = 30, 150


class OrderTag(models.Model):
    """That an order has a tag."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="tags", db_index=False)
    tag = models.CharField(max_length=TAG_CHARS_MAX)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "tag"], name="order_tag_once")]
        indexes: ClassVar = [models.Index(fields=["tag", "order"], name="order_tag_idx")]

    def __str__(self) -> str:
        return self.tag


class OrderAssignment(models.Model):
    """Who of the staff looks after an order, by user name; an order without a row is nobody's."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, primary_key=True, related_name="assignment")
    assignee = models.CharField(max_length=NAME_CHARS_MAX)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["assignee", "order"], name="order_assignee_idx")]

    def __str__(self) -> str:
        return self.assignee
