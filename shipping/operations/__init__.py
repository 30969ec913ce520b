"""The verbs of parcels: `from shipping import operations as parcels; parcels.book(op, stream=…, carrier=…)`."""

from __future__ import annotations

from shipping.operations.parcels import (
    AlreadyShipped,
    CollectsNothing,
    book,
    bring_back,
    cancel,
    deliver,
    dispatch,
    keep_label,
    label,
    label_by_hand,
    lose,
    scan,
    take_back,
)

__all__ = [
    "AlreadyShipped",
    "CollectsNothing",
    "book",
    "bring_back",
    "cancel",
    "deliver",
    "dispatch",
    "keep_label",
    "label",
    "label_by_hand",
    "lose",
    "scan",
    "take_back",
]
