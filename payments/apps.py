"""Money in, money back, money explained."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PaymentsConfig(AppConfig):
    """Payments, refunds and the notices of gateways; blind to orders, stock and parcels."""

    name = "payments"

    def ready(self) -> None:
        """The chart of accounts is there after every migrate."""
        from payments import journal

        post_migrate.connect(journal.keep_chart, sender=self)
