"""The open fulfilments by state, for the pack station and the release sweep; made beside running writes."""

from __future__ import annotations

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0013_fulfilment_states")]

    operations = [
        AddIndexAside(
            model_name="fulfilment",
            index=models.Index(
                fields=["status", "created_at"], name="fulfilment_open_idx",
                condition=models.Q(status__in=["awaiting_inventory", "scheduled", "released", "picking", "packed"]),
            ),
        ),
    ]
