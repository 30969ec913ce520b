"""The version of the whole shop: some marks, of which every operation that records something changes one in its own transaction."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models

# Operations that close at the same time seldom meet on the same row.
SHARDS = 16
_MARK_BITS = 62


class Generation(models.Model):
    """One mark. It is drawn by lot, so that a restored database never comes to one that was there before."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    mark = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(shard__lt=SHARDS), name="generation_shard_within")]

    def __str__(self) -> str:
        return f"{self.shard}: {self.mark}"


def upsert() -> tuple[str, list[int]]:
    """The statement that changes one mark, and its values."""
    table = Generation._meta.db_table
    statement = f"INSERT INTO {table} (shard, mark) VALUES (%s, %s) ON CONFLICT (shard) DO UPDATE SET mark = excluded.mark"  # noqa: S608
    return statement, [secrets.randbelow(SHARDS), secrets.randbits(_MARK_BITS)]
