"""What a hydrated message adds to the bare event: the things it is about, whole (C2, C3, C6).

The kernel knows no orders, so the app that does registers a hydrator when it starts. It gives the things as they are
when the message is sent, with their version, so that a consumer sees whether more has happened since the event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from timeline.models import Event

Hydrator = Callable[["Event", bool], dict[str, Any]]

_hydrators: list[Hydrator] = []


def register(hydrator: Hydrator) -> None:
    """`hydrator(event, is_personal)` gives further members of the message; nothing personal unless it is told to."""
    if hydrator not in _hydrators:
        _hydrators.append(hydrator)


def of(event: Event, *, is_personal: bool) -> dict[str, Any]:
    """All that is known about the event's things."""
    found: dict[str, Any] = {}
    for hydrator in _hydrators:
        found |= hydrator(event, is_personal)
    return found
