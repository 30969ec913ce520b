"""By what an order is found that is sent to a place: keyed hashes of the city and the PIN code."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0026_abandoned_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='city_token',
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='pin_token',
            field=models.BinaryField(null=True),
        ),
    ]
