"""Listeners whose failures a test can order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timeline.subscriptions import exchange, subscribe

if TYPE_CHECKING:
    from timeline.models import Event
    from timeline.operations import Operation

HEARD: list[tuple[str, int]] = []
TOLD: list[tuple[str, int]] = []
FAIL = {"inside": 0, "outside": 0}


@subscribe("hold.expired")
def note_it(op: Operation, event: Event) -> None:
    """Record a consequence, then fail when told to."""
    HEARD.append((event.kind, event.stream_seq))
    op.record(event, "note.added")
    if FAIL["inside"]:
        FAIL["inside"] -= 1
        message = "ordered to fail"
        raise RuntimeError(message)


@exchange("checkout.abandoned", "warehouse.added")
def tell(event: Event, delivery_id: int) -> None:
    """Talk to nobody, then fail when told to."""
    TOLD.append((event.kind, delivery_id))
    if FAIL["outside"]:
        FAIL["outside"] -= 1
        message = "ordered to fail"
        raise ConnectionError(message)
