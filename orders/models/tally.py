"""Running counts of the shop: what metrics and reports read instead of all orders."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models

# The rows of this day hold the sums of all days.
EVER = date(1970, 1, 1)


class Tally(models.Model):
    """One count of one business day, of a name, label, currency and channel; in shards, so that no row is everybody's.

    A count is the sum of its shards. Written by `orders.analytics.tallies` alone, which only ever adds.
    """

    day = models.DateField()
    name = models.CharField(max_length=24)
    label = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    channel = models.CharField(max_length=40, blank=True)
    shard = models.PositiveSmallIntegerField(default=0)
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "name", "label", "currency", "channel", "shard"], name="tally_once_per_shard"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["day", "name", "-value"], name="tally_most_idx")]

    def __str__(self) -> str:
        return f"{self.name} {self.label} on {self.day}: {self.value}"


class CustomerTally(models.Model):
    """How many orders of one person stand: placed, and not cancelled."""

    person_id = models.UUIDField(primary_key=True)
    orders = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.person_id}: {self.orders}"
