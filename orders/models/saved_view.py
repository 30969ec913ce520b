"""Views of the list of orders that somebody keeps: a search with a name, and when to tell that too many are in it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class SavedView(models.Model):
    """A search, a sort, and whose it is; others see it when it is shared.

    With `threshold` it is counted again and again: more than that for `for_minutes` is told once, and once more when it is over.
    `over_since` is when it was first found above, `alerted_at` when that was told.
    """

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=60)
    q = models.CharField(max_length=500, blank=True)
    sort = models.CharField(max_length=20, default="-createdAt")
    is_shared = models.BooleanField(default=False)
    owner_type = models.CharField(max_length=20)
    owner_id = models.CharField(max_length=80)
    owner_name = models.CharField(max_length=120, blank=True)
    threshold = models.PositiveIntegerField(null=True)
    for_minutes = models.PositiveIntegerField(default=0)
    over_since = models.DateTimeField(null=True)
    alerted_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner_type", "owner_id", "name"], name="saved_view_name_once_per_owner"),
            models.CheckConstraint(condition=Q(alerted_at__isnull=True) | Q(over_since__isnull=False), name="saved_view_alerted_while_over"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["name"], name="saved_view_shared_idx", condition=Q(is_shared=True)),
            models.Index(fields=["checked_at"], name="saved_view_watched_idx", condition=Q(threshold__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def story(self) -> str:
        """The views of one owner are one story."""
        return f"saved-views:{self.owner_type}:{self.owner_id}"
