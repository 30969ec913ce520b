"""The indexes of B52 and B53, and of a customer's own list: made concurrently where the database can."""

from __future__ import annotations

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


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
