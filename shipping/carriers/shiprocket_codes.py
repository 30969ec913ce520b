"""Shiprocket's shipment status ids and labels in our words. What is not in the table is unknown, and stays so.

The ids are those of `shipment_status_id` and `sr-status`; `current_status_id` is another system (15, not 9, for RTO INITIATED) and is
not read.
"""

from __future__ import annotations

from shipping import sightings as words

IDS: dict[int, str] = {
    **dict.fromkeys((1, 2, 3, 4, 5, 13, 15, 19, 20, 52, 59), words.ANNOUNCED),
    **dict.fromkeys((42, 51), words.PICKED_UP),
    **dict.fromkeys((6, 11, 18, 22, 38, 39, 48, 49, 50, 54, 55, 56, 57), words.IN_TRANSIT),
    17: words.OUT_FOR_DELIVERY,
    21: words.ATTEMPTED,
    7: words.DELIVERED,
    **dict.fromkeys((9, 14, 40, 41, 46, 75, 78), words.RETURNING),
    10: words.BACK,
    **dict.fromkeys((12, 24, 44, 76), words.LOST),
    25: words.DAMAGED,
    **dict.fromkeys((8, 16, 45), words.CALLED_OFF),
}
LABELS: dict[str, str] = {
    **dict.fromkeys(("AWB ASSIGNED", "LABEL GENERATED", "PICKUP SCHEDULED", "PICKUP GENERATED", "PICKUP QUEUED", "MANIFEST GENERATED",
                     "MANIFESTED", "OUT FOR PICKUP", "PICKUP EXCEPTION", "PICKUP RESCHEDULED", "PICKUP ERROR"), words.ANNOUNCED),
    **dict.fromkeys(("PICKED UP", "HANDOVER TO COURIER"), words.PICKED_UP),
    **dict.fromkeys(("SHIPPED", "IN TRANSIT", "PENDING", "DELAYED", "REACHED AT DESTINATION HUB", "REACHED DESTINATION HUB",
                     "MISROUTED"), words.IN_TRANSIT),
    "OUT FOR DELIVERY": words.OUT_FOR_DELIVERY,
    "UNDELIVERED": words.ATTEMPTED,
    "DELIVERED": words.DELIVERED,
    **dict.fromkeys(("RTO INITIATED", "RTO ACKNOWLEDGED", "RTO NDR", "RTO OFD", "RTO IN TRANSIT", "REACHED BACK AT SELLER CITY"),
                    words.RETURNING),
    "RTO DELIVERED": words.BACK,
    **dict.fromkeys(("LOST", "DESTROYED", "DISPOSED OFF", "UNTRACEABLE"), words.LOST),
    "DAMAGED": words.DAMAGED,
    **dict.fromkeys(("CANCELED", "CANCELLED", "CANCELLED BEFORE DISPATCHED", "CANCELLATION REQUESTED"), words.CALLED_OFF),
}


def meaning_of(status_id: str, label: str) -> str:
    """By id where there is one, else by label; empty when neither is known."""
    if status_id.isascii() and status_id.isdigit() and len(status_id) < 6:  # noqa: PLR2004 ids are short
        return IDS.get(int(status_id), words.UNKNOWN)
    return LABELS.get(" ".join(label.upper().replace("_", " ").split()), words.UNKNOWN)
