"""The indexes of late and flagged parcels: made concurrently where the database can."""

from __future__ import annotations

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("shipping", "0003_sightings")]

    operations = [
        AddIndexAside(
            model_name="shipment",
            index=models.Index(fields=["status", "promised_on"], name="shipment_promise_idx"),
        ),
        AddIndexAside(
            model_name="shipment",
            index=models.Index(condition=models.Q(("is_flagged", True)), fields=["is_flagged"], name="shipment_flagged_idx"),
        ),
    ]
