"""Orders of a file: CSV with a row a line, once `orders.channels.sheets` has read it, or JSON in the same words."""

from __future__ import annotations

from typing import Any

from orders.channels.adapters import plain
from orders.channels.adapters.plain import identify
from orders.channels.canonical import Canonical

__all__ = ["CODE", "NAME", "identify", "translate"]
CODE, NAME = "file", "Files (CSV, JSON)"


def translate(body: dict[str, Any]) -> Canonical:
    """The canonical order."""
    return plain.translate(CODE, body)
