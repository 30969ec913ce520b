"""Delivered orders, newest first; and whose a token is, without a look at the row."""

from __future__ import annotations

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0038_skus_of_shops")]

    operations = [
        AddIndexAside(
            "order", models.Index(fields=["-created_at"], name="order_done_created_idx", condition=models.Q(status="delivered")),
        ),
        AddIndexAside("persontoken", models.Index(fields=["kind", "token", "person"], name="person_found_idx")),
        migrations.RemoveIndex("persontoken", "person_token_idx"),
    ]
