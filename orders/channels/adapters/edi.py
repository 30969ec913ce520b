"""Purchase orders of EDI partners, X12 850 and EDIFACT ORDERS, once `orders.channels.edi` has read them."""

from __future__ import annotations

from typing import Any

from orders.channels.adapters import plain
from orders.channels.adapters.plain import identify
from orders.channels.canonical import CANCELLED, Canonical
from orders.channels.reading import rows, words

__all__ = ["CODE", "NAME", "identify", "merge", "translate"]
CODE, NAME = "edi", "EDI (X12 850, EDIFACT ORDERS)"


def merge(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A cancellation may name the order alone: its lines and figures stay as they were told."""
    if words(new.get("status")) == CANCELLED and not rows(new.get("lines")):
        return {**known, "status": CANCELLED, "changedAt": new.get("changedAt")}
    return new


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order."""
    return plain.translate(CODE, body)
