"""Refunds that wait for approval, for the Today page and the search; made beside running writes."""

from __future__ import annotations

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("payments", "0009_channel_gateway")]

    operations = [
        AddIndexAside(
            model_name="refund",
            index=models.Index(fields=["payment"], name="refund_requested_idx", condition=models.Q(status="requested")),
        ),
    ]
