"""The story itself: asks the instruments, listens to them."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Checkout, order, fulfilment, pages and APIs."""

    name = "orders"

    def ready(self) -> None:
        """Tell the timeline what it cannot know: names of stories, rows to export, hydration, what to erase."""
        from orders import exports, masking, person_queries, queries  # noqa: F401 exports register themselves
        from orders import models as rows
        from orders.api import hydrated
        from orders.privacy import channel_bodies, job_rows
        from timeline import erasing, ingest, residue, sight, trigrams
        from timeline.endpoints import hydration

        ingest.register("order", queries.stories_of)
        ingest.register("customer", person_queries.stories_of)
        hydration.register(hydrated.hydrate)
        sight.register(masking.told)
        erasing.register("job_rows", find=job_rows.find, empty=job_rows.empty)
        erasing.register("channel_notices", find=channel_bodies.find, empty=channel_bodies.empty)
        residue.register(
            people=(rows.Person, rows.PersonToken, rows.RiskTrace, rows.ArchivePart),
            bodies=(rows.Order, rows.Line, rows.CheckoutLine, rows.Case, rows.JobChunk, rows.ChannelNotice),
        )
        trigrams.register(
            trigrams.Trigram("order_number_part_idx", "orders_order", "number"),
            # As `icontains` writes it.
            trigrams.Trigram("shipment_tracking_part_idx", "shipping_shipment", "upper(tracking_number::text)"),
        )
