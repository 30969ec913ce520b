"""The abandoned carts by their last touch, for the sweep that ends them; made beside running writes."""

from __future__ import annotations

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [('orders', '0025_guests_and_abandoned_carts')]

    operations = [
        AddIndexAside(
            model_name="checkout",
            index=models.Index(fields=["updated_at"], name="checkout_abandoned_idx", condition=models.Q(status="abandoned")),
        ),
    ]
