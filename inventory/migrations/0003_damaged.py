"""Damaged units lie in a bucket of their own; a movement may move that bucket alone."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

from timeline.concurrently import AddConstraintAside, ValidateNow

NONE = models.IntegerField(default=0, db_default=0)
MOVES = ~Q(on_hand_delta=0, held_delta=0, damaged_delta=0)
KINDS = [
    ("held", "Held"), ("released", "Released"), ("expired", "Expired"), ("consumed", "Consumed"),
    ("received", "Received"), ("adjusted", "Adjusted"), ("sent", "Sent"), ("transferred", "Transferred"),
    ("restocked", "Restocked"), ("damaged", "Damaged"), ("repaired", "Repaired"), ("scrapped", "Scrapped"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0002_variant_price_includes_gst")]

    operations = [
        migrations.AddField("level", "damaged", NONE),
        migrations.AddField("movement", "damaged_delta", NONE),
        migrations.AlterField("movement", "kind", models.CharField(choices=KINDS, max_length=12)),
        AddConstraintAside("level", models.CheckConstraint(condition=Q(damaged__gte=0), name="level_damaged_not_below_nothing")),
        AddConstraintAside("movement", models.CheckConstraint(condition=MOVES, name="movement_moves_units")),
        migrations.RemoveConstraint("movement", "movement_moves_something"),
        ValidateNow("level", "level_damaged_not_below_nothing"),
        ValidateNow("movement", "movement_moves_units"),
    ]
