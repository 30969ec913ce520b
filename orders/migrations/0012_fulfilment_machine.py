"""A fulfilment is a machine of its own, with or without a parcel."""

from __future__ import annotations

import django.db.models.deletion
import timeline.states
from django.db import migrations, models

STATES = [
    ("awaiting_inventory", "Awaiting Inventory"), ("scheduled", "Scheduled"), ("released", "Released"),
    ("picking", "Picking"), ("packed", "Packed"), ("handed_over", "Handed Over"), ("cancelled", "Cancelled"),
]


class Migration(migrations.Migration):
    dependencies = [("inventory", "0004_safety_and_backorders"), ("orders", "0011_edits")]

    operations = [
        migrations.AlterField(
            "fulfilment", "shipment",
            models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="shipping.shipment"),
        ),
        migrations.AddField(
            "fulfilment", "status", timeline.states.StateField(choices=STATES, default="handed_over", max_length=30, protected=True)
        ),
        migrations.AlterField(
            "fulfilment", "status", timeline.states.StateField(choices=STATES, default="released", max_length=30, protected=True)
        ),
        migrations.AddField("fulfilment", "warehouse_code", models.CharField(blank=True, default="", max_length=40), preserve_default=False),
        migrations.AddField("fulfilment", "reason", models.CharField(blank=True, default="", max_length=240), preserve_default=False),
        migrations.AddField("fulfilment", "by_hand", models.BooleanField(default=False)),
        migrations.AddField("fulfilment", "is_adopted", models.BooleanField(default=True)),
        migrations.AlterField("fulfilment", "is_adopted", models.BooleanField(default=False)),
        migrations.AddField("fulfilment", "release_at", models.DateTimeField(null=True)),
        migrations.AddField("fulfilment", "released_at", models.DateTimeField(null=True)),
        migrations.AddField("fulfilment", "picking_at", models.DateTimeField(null=True)),
        migrations.AddField("fulfilment", "packed_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "fulfilment", "outcome",
            models.CharField(
                blank=True, default="", max_length=12,
                choices=[("reshipped", "Reshipped"), ("refunded", "Refunded"), ("closed", "Closed")],
            ),
            preserve_default=False,
        ),
        migrations.AddField("fulfilment", "outcome_at", models.DateTimeField(null=True)),
        migrations.AddField("line", "quantity_lost", models.PositiveIntegerField(default=0)),
        migrations.AddConstraint(
            "line",
            models.CheckConstraint(
                condition=models.Q(quantity_lost__lte=models.F("quantity_shipped")), name="line_lost_within_shipped"
            ),
        ),
        migrations.CreateModel(
            name='ShortPick',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('quantity', models.PositiveIntegerField()),
                ('warehouse_code', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
                ('fulfilment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='short_picks', to='orders.fulfilment')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.line')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.variant')),
            ],
        ),
    ]
