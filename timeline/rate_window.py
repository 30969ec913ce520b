"""The table behind exact rate limits when there is no Redis."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class RateWindow(models.Model):
    """One running window per key. The key is a digest: no address and no person is written here."""

    key = models.CharField(max_length=64, primary_key=True)
    window_start_ms = models.BigIntegerField(help_text="Milliseconds since 1970, UTC: when the first request came.")
    count = models.BigIntegerField()

    class Meta:
        app_label = "timeline"
        db_table = "timeline_ratewindow"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["window_start_ms"], name="ratewindow_start"),
        ]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.count}"
