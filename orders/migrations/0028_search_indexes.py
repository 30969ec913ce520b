"""What the search asks by (B35 to B40): a place, a total, a delivery, a channel; made beside running writes."""

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('orders', '0027_places_found'),
    ]

    operations = [
        AddIndexAside(
            model_name='order',
            index=models.Index(condition=models.Q(('city_token__isnull', False)), fields=['city_token', '-created_at'], name='order_city_idx'),
        ),
        AddIndexAside(
            model_name='order',
            index=models.Index(condition=models.Q(('pin_token__isnull', False)), fields=['pin_token', '-created_at'], name='order_pin_idx'),
        ),
        AddIndexAside(
            model_name='order',
            index=models.Index(fields=['total_minor'], name='order_total_idx'),
        ),
        AddIndexAside(
            model_name='order',
            index=models.Index(condition=models.Q(('delivered_at__isnull', False)), fields=['delivered_at'], name='order_delivered_idx'),
        ),
        AddIndexAside(
            model_name='order',
            index=models.Index(fields=['payment_state', '-created_at'], name='order_payment_created_idx'),
        ),
        AddIndexAside(
            model_name='order',
            index=models.Index(fields=['channel', '-created_at'], name='order_channel_created_idx'),
        ),
        AddIndexAside(
            model_name='line',
            index=models.Index(fields=['sku', 'order'], name='line_sku_order_idx', opclasses=['varchar_pattern_ops', 'uuid_ops']),
        ),
        # The new one serves whatever the old one did.
        migrations.RemoveIndex(model_name='line', name='line_sku_idx'),
    ]
