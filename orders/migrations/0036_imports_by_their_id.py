"""Imports by the channel's own order id, whatever its shop; made beside running writes."""

from __future__ import annotations

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0035_saved_views")]

    operations = [
        AddIndexAside(
            model_name="channelimport",
            index=models.Index(fields=["channel_order_id"], name="channel_import_their_id_idx"),
        ),
    ]
