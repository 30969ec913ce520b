"""EDI partners: an interchange in, a body for each order, and the acknowledgement that goes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.channels.edi import edifact, x12
from orders.channels.edi.segments import NotAnInterchange

__all__ = ["Interchange", "NotAnInterchange", "read"]
# ISO 9735: which letters an EDIFACT interchange is written in, where it is not UTF-8 all the same.
LETTERS = {
    "UNOC": "iso8859-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5", "UNOF": "iso8859-7", "UNOG": "iso8859-3", "UNOH": "iso8859-4",
    "UNOI": "iso8859-6", "UNOJ": "iso8859-8", "UNOK": "iso8859-9",
}
_LEVEL = re.compile(rb"UNB.(UNO[A-Z])")
HEAD_BYTES = 200


@dataclass(frozen=True, slots=True)
class Interchange:
    """What came: its standard, a body for each order, and how it is acknowledged: by whether each body was kept."""

    standard: str
    bodies: list[dict[str, Any]]
    acknowledge: Callable[[Sequence[bool], datetime], str]


def read(raw: bytes) -> Interchange:
    """Read X12 or EDIFACT, whichever it is. Raises NotAnInterchange."""
    text = _text(raw)
    kind, module = ("x12", x12) if text.lstrip().startswith("ISA") else ("edifact", edifact)
    bodies, segments, marks = module.read(text)
    return Interchange(
        kind, bodies, lambda accepted, now: module.acknowledge(segments, marks, accepted=accepted, now=now)
    )


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        level = _LEVEL.search(raw[:HEAD_BYTES])
    return raw.decode(LETTERS.get(level[1].decode() if level else "", "latin-1"), "replace")
