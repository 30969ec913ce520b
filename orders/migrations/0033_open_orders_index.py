"""Open orders by how long they are where they are, for the Today page and its reports; made beside running writes."""

from __future__ import annotations

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0032_incidents")]

    operations = [
        AddIndexAside(
            model_name="order",
            index=models.Index(
                fields=["status", "state_since"], name="order_open_since_idx",
                condition=models.Q(status__in=["pending", "confirmed", "processing", "shipped"]),
            ),
        ),
    ]
