"""Purchase orders of EDI partners, X12 850 and EDIFACT ORDERS, once `orders.channels.edi` has read them."""

from __future__ import annotations

from typing import Any

from orders.channels.adapters import plain
from orders.channels.adapters.plain import identify
from orders.channels.canonical import Canonical

__all__ = ["CODE", "NAME", "identify", "translate"]
CODE, NAME = "edi", "EDI (X12 850, EDIFACT ORDERS)"


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order."""
    return plain.translate(CODE, body)
