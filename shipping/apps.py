"""Parcels and where they are."""

from __future__ import annotations

from django.apps import AppConfig


class ShippingConfig(AppConfig):
    """Blind to orders, payments and inventory."""

    name = "shipping"

    def ready(self) -> None:
        """Erasing a person asks for labels and pushes."""
        from shipping import erasing as papers
        from shipping.models import CarrierNotice, Label
        from timeline import erasing, residue

        erasing.register("pushes", find=papers.find_pushes, empty=papers.empty_pushes)
        erasing.register("labels", find=lambda _: (), empty=papers.empty_labels)
        residue.register(bodies=(CarrierNotice, Label))
