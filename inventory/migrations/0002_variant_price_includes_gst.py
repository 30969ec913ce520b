from django.db import migrations, models


class Migration(migrations.Migration):
    """A price may be marked with its GST; all prices so far are without."""

    dependencies = [("inventory", "0001_initial")]

    operations = [
        migrations.AddField("variant", "price_includes_gst", models.BooleanField(default=False)),
    ]
