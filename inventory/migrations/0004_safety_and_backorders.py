"""Units that are never offered, the point at which more is ordered, and promises beyond what is there."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

from timeline.concurrently import AddConstraintAside, AddIndexAside, ValidateNow

POLICIES = [("deny", "Deny"), ("backorder", "Backorder"), ("preorder", "Preorder")]
STATES = [("waiting", "Waiting"), ("filled", "Filled"), ("ended", "Ended")]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0003_damaged")]

    operations = [
        migrations.AddField("level", "safety", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("level", "reorder_at", models.IntegerField(null=True)),
        migrations.AddField("level", "low_since", models.DateTimeField(null=True)),
        migrations.AddField(
            "variant", "policy", models.CharField(choices=POLICIES, db_default="deny", default="deny", max_length=10)
        ),
        migrations.AddField("variant", "backorder_units_max", models.PositiveIntegerField(null=True)),
        migrations.AddField("variant", "available_on", models.DateField(null=True)),
        migrations.AddField("variant", "backordered", models.IntegerField(default=0, db_default=0)),
        migrations.CreateModel(
            name="Backorder",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("stream", models.CharField(max_length=64)),
                ("variant", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="backorders",
                    to="inventory.variant",
                )),
                ("wanted", models.PositiveIntegerField()),
                ("quantity", models.PositiveIntegerField()),
                ("filled", models.PositiveIntegerField(default=0)),
                ("status", models.CharField(choices=STATES, default="waiting", max_length=10)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(wanted__gte=1) & Q(wanted__gte=F("quantity") + F("filled")),
                        name="backorder_within_what_was_wanted",
                    ),
                    models.CheckConstraint(
                        condition=Q(status="waiting", quantity__gte=1) | Q(status__in=["filled", "ended"], quantity=0),
                        name="backorder_waits_while_units_are_left",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["stream"], name="backorder_stream_idx"),
                    models.Index(
                        fields=["variant", "created_at", "id"], name="backorder_queue_idx", condition=Q(status="waiting")
                    ),
                ],
            },
        ),
        AddConstraintAside("level", models.CheckConstraint(condition=Q(safety__gte=0), name="level_safety_not_below_nothing")),
        AddConstraintAside("level", models.CheckConstraint(
            condition=Q(reorder_at__isnull=True) | Q(reorder_at__gte=0), name="level_reorders_at_nothing_or_more"
        )),
        AddConstraintAside("variant", models.CheckConstraint(
            condition=Q(backordered__gte=0), name="variant_backordered_not_below_nothing"
        )),
        AddIndexAside("level", models.Index(
            fields=["variant"], name="level_watched_idx", condition=Q(reorder_at__isnull=False)
        )),
        AddIndexAside("variant", models.Index(fields=["id"], name="variant_queue_idx", condition=Q(backordered__gt=0))),
        ValidateNow("level", "level_safety_not_below_nothing"),
        ValidateNow("level", "level_reorders_at_nothing_or_more"),
        ValidateNow("variant", "variant_backordered_not_below_nothing"),
    ]
