"""Parcels that are under way already promise the day their carrier named."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import F


def promise(apps: Any, schema_editor: Any) -> None:
    parcels = apps.get_model("shipping", "Shipment").objects.using(schema_editor.connection.alias)
    parcels.filter(promised_on=None, estimated_delivery__isnull=False).update(promised_on=F("estimated_delivery"))


class Migration(migrations.Migration):
    dependencies = [("shipping", "0004_parcel_indexes")]

    operations = [migrations.RunPython(promise, migrations.RunPython.noop)]
