"""The verbs of parcels: `from shipping import operations as parcels; parcels.book(op, stream=…, carrier=…)`."""

from __future__ import annotations

from shipping.operations.notices import body_of, handle_notice, mark_asked, mark_tracked, repeat_notice, take_notice
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
    take_back,
)
from shipping.operations.sighting import (
    BY_HAND,
    JourneyEnded,
    NotInDoubt,
    UnknownReason,
    answer_flags,
    attempt,
    flag,
    scan,
    sight,
)

__all__ = [
    "BY_HAND",
    "AlreadyShipped",
    "CollectsNothing",
    "JourneyEnded",
    "NotInDoubt",
    "UnknownReason",
    "answer_flags",
    "attempt",
    "body_of",
    "book",
    "bring_back",
    "cancel",
    "deliver",
    "dispatch",
    "flag",
    "handle_notice",
    "keep_label",
    "label",
    "label_by_hand",
    "lose",
    "mark_asked",
    "mark_tracked",
    "repeat_notice",
    "scan",
    "sight",
    "take_back",
    "take_notice",
]
