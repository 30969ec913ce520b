"""The story itself: asks the instruments, listens to them."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Checkout, order, fulfilment, pages and APIs."""

    name = "orders"

    def ready(self) -> None:
        """Tell the timeline how an outside app names an order, what can be exported of orders, and what a hydrated message says."""
        from orders import exports, queries  # noqa: F401 exports register themselves
        from orders.api import hydrated
        from timeline import ingest
        from timeline.endpoints import hydration

        ingest.register("order", queries.story_of)
        hydration.register(hydrated.hydrate)
