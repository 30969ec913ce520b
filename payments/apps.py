"""Money in, money back, money explained."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PaymentsConfig(AppConfig):
    """Payments, refunds and the notices of gateways; blind to orders, stock and parcels."""

    name = "payments"

    def ready(self) -> None:
        """The chart of accounts is there after every migrate; erasing a person asks for notices."""
        from payments import erasing as gateway_bodies
        from payments import journal
        from payments.models import Notice
        from timeline import erasing, residue

        post_migrate.connect(journal.keep_chart, sender=self)
        erasing.register("notices", find=gateway_bodies.find, empty=gateway_bodies.empty)
        residue.register(bodies=(Notice,))
