"""Cloak what customers chose about their lines."""

from django.db import migrations


def cloak(apps, schema_editor):
    for name in ("Line", "CheckoutLine"):
        model = apps.get_model("orders", name)
        for row in model.objects.exclude(metadata={}).only("pk", "metadata").iterator(chunk_size=500):
            model.objects.filter(pk=row.pk).update(cloaked=row.metadata)


class Migration(migrations.Migration):
    dependencies = [("orders", "0019_data_requests")]

    operations = [migrations.RunPython(cloak, migrations.RunPython.noop)]
