from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    """All prices so far were marked without GST: the value of a line is price times quantity."""
    apps.get_model("orders", "Line").objects.update(value_minor=F("price_minor") * F("quantity"))


class Migration(migrations.Migration):
    """The value of the lines there are."""

    dependencies = [("orders", "0006_line_as_marked")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
