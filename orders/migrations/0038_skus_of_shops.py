"""What a SKU means is said for one shop, where a channel's shops name their goods themselves; what was said before holds for all."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0037_tags_and_assignees")]

    operations = [
        migrations.RemoveConstraint(model_name="channelsku", name="channel_sku_once"),
        migrations.AddField(
            model_name="channelsku",
            name="shop",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddConstraint(
            model_name="channelsku",
            constraint=models.UniqueConstraint(fields=["channel", "shop", "sku"], name="channel_sku_once_per_shop"),
        ),
    ]
