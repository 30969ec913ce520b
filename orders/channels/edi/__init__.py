"""EDI partners: an interchange in, a body for each order, and the acknowledgement that goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.channels.edi import edifact, x12
from orders.channels.edi.segments import NotAnInterchange

__all__ = ["Interchange", "NotAnInterchange", "read"]


@dataclass(frozen=True, slots=True)
class Interchange:
    """What came: its standard, a body for each order, and how it is acknowledged: by whether each body was kept."""

    standard: str
    bodies: list[dict[str, Any]]
    acknowledge: Callable[[Sequence[bool], datetime], str]


def read(raw: bytes) -> Interchange:
    """Read X12 or EDIFACT, whichever it is. Raises NotAnInterchange."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    kind, module = ("x12", x12) if text.lstrip().startswith("ISA") else ("edifact", edifact)
    bodies, segments, marks = module.read(text)
    return Interchange(
        kind, bodies, lambda accepted, now: module.acknowledge(segments, marks, accepted=accepted, now=now)
    )
