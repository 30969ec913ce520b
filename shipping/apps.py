"""Parcels and where they are."""

from __future__ import annotations

from django.apps import AppConfig


class ShippingConfig(AppConfig):
    """Blind to orders, payments and inventory."""

    name = "shipping"
