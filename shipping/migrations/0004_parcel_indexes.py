"""The indexes of late and flagged parcels: made concurrently where the database can."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class AddIndexAside(AddIndexConcurrently):
    """Beside running writes on PostgreSQL; on SQLite, where nobody runs beside, plainly."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


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
