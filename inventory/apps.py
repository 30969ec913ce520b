"""What can be sold, where it is, how much is left."""

from __future__ import annotations

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """Catalogue and stock: blind to orders, payments and parcels."""

    name = "inventory"
