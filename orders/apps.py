"""The story itself: asks the instruments, listens to them."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Checkout, order, fulfilment, pages and APIs."""

    name = "orders"

    def ready(self) -> None:
        """Tell the timeline how an outside app names an order, and what can be exported of orders."""
        from orders import exports, queries  # noqa: F401 exports register themselves
        from timeline import ingest

        ingest.register("order", queries.story_of)
