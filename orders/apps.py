"""The story itself: asks the instruments, listens to them."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Checkout, order, fulfilment, pages and APIs."""

    name = "orders"
