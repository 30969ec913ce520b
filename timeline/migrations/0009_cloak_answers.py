"""Cloak the answers that were kept in the clear."""

from django.db import migrations


def cloak(apps, schema_editor):
    from timeline import vault

    Receipt = apps.get_model("timeline", "Receipt")
    for receipt in Receipt.objects.exclude(body=None).only("pk", "body").iterator(chunk_size=500):
        Receipt.objects.filter(pk=receipt.pk).update(body=vault.cloak(f"receipt:{receipt.pk}", bytes(receipt.body)))


class Migration(migrations.Migration):
    dependencies = [("timeline", "0008_cloaked")]

    operations = [migrations.RunPython(cloak, migrations.RunPython.noop)]
