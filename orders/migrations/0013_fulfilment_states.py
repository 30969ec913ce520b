"""Where the fulfilments are that were made before they had states: what their parcels say. Data alone."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery


def read_parcels(apps: Any, schema_editor: Any) -> None:
    """Every one of them has a parcel; those that left keep `handed_over`."""
    rows = apps.get_model("orders", "Fulfilment")._base_manager.filter(is_adopted=True)
    parcels = apps.get_model("shipping", "Shipment")._base_manager.filter(pk=OuterRef("shipment_id"))
    rows.update(warehouse_code=Subquery(parcels.values("warehouse_code")[:1]))
    rows.filter(shipment__status__in=["booked", "labelled"]).update(status="packed")
    rows.filter(shipment__status="cancelled").update(status="cancelled")
    lines = apps.get_model("orders", "Line")._base_manager
    lost = apps.get_model("orders", "FulfilmentLine")._base_manager.filter(fulfilment__shipment__status="lost")
    units: dict[Any, int] = {}
    for line_id, quantity in lost.values_list("line_id", "quantity").iterator():
        units[line_id] = units.get(line_id, 0) + quantity
    for line_id, quantity in units.items():
        lines.filter(pk=line_id).update(quantity_lost=quantity)


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_fulfilment_machine")]

    operations = [migrations.RunPython(read_parcels, migrations.RunPython.noop, elidable=True)]
