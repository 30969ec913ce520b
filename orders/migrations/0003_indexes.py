"""The indexes of B52 and B53, and of a customer's own list: made concurrently where the database can."""

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

    dependencies = [("orders", "0002_initial")]

    operations = [
        AddIndexAside(
            model_name="order",
            index=models.Index(fields=["status", "-created_at"], name="order_status_created_idx"),
        ),
        AddIndexAside(
            model_name="order",
            index=models.Index(fields=["person", "-created_at"], name="order_person_created_idx"),
        ),
        AddIndexAside(
            model_name="order",
            index=models.Index(fields=["-created_at"], name="order_created_idx"),
        ),
        AddIndexAside(
            model_name="line",
            index=models.Index(fields=["order", "quantity"], name="line_order_quantity_idx"),
        ),
        AddIndexAside(
            model_name="line",
            index=models.Index(fields=["sku"], name="line_sku_idx"),
        ),
    ]
