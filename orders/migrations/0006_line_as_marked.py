from django.db import migrations, models


class Migration(migrations.Migration):
    """A line says how its price was marked, and what its value is (ADR 9); the next migration fills the value in."""

    dependencies = [("orders", "0005_documents")]

    operations = [
        migrations.AddField("line", "price_includes_gst", models.BooleanField(default=False)),
        migrations.AddField("line", "value_minor", models.BigIntegerField(default=0), preserve_default=False),
    ]
