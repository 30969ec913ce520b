"""Money in, money back, money explained."""

from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Payments, refunds and the notices of gateways; blind to orders, stock and parcels."""

    name = "payments"
