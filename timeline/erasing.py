"""Who keeps anything about a person: each app says how it is found and emptied, so that erasing asks all of them.

Whatever is sealed under the person's key is gone with the key. What an app keeps under a secret of the house, because it
did not know whose it was, it registers here. `find` may take its time: it runs before, outside a transaction; `empty` runs in
the operation that erases, and again over what came later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from timeline import idempotency
from timeline.exports import operations
from timeline.models import Attempt

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from timeline.operations import Operation

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Erased:
    """Whom it is about: the person, their key, all stories that are theirs, and since when we know them."""

    person_id: UUID
    key_id: UUID
    streams: tuple[str, ...]
    since: datetime


Find = Callable[[Erased], Sequence[Any]]
Empty = Callable[["Operation", Erased, Sequence[Any]], int]
_KEEPERS: dict[str, tuple[Find, Empty]] = {}
_ONCE: set[str] = set()


def register(name: str, *, find: Find, empty: Empty, once: bool = False) -> None:
    """Say how what is kept under this name is found and emptied. Apps call it as they start; twice is the same.

    `once`: nothing can come later, so a sweep does not ask again.
    """
    _KEEPERS[name] = (find, empty)
    if once:
        _ONCE.add(name)


def find(erased: Erased, *, again: bool = False) -> dict[str, Sequence[Any]]:
    """What each keeper holds about the person, or `again` what may have come since. Open no transaction around it."""
    return {name: look(erased) for name, (look, _) in sorted(_KEEPERS.items()) if not (again and name in _ONCE)}


def empty(op: Operation, erased: Erased, found: dict[str, Sequence[Any]]) -> dict[str, int]:
    """Empty all of it; how many of each kind there were."""
    counts = {name: _KEEPERS[name][1](op, erased, things) for name, things in found.items()}
    return {name: count for name, count in counts.items() if count}


def chunks(things: Sequence[Any]) -> list[Sequence[Any]]:
    """So many at a time."""
    return [things[start : start + AT_ONCE] for start in range(0, len(things), AT_ONCE)]


def _answers(_: Operation, erased: Erased, __: Sequence[Any]) -> int:
    return sum(idempotency.erase(list(streams)) for streams in chunks(erased.streams))


def _replies(_: Operation, erased: Erased, __: Sequence[Any]) -> int:
    return sum(
        Attempt.objects.filter(dispatch__event__stream__in=streams).exclude(response={}).update(response={})
        for streams in chunks(erased.streams)
    )


def _exports(op: Operation, _: Erased, __: Sequence[Any]) -> int:
    return len(operations.recall_people(op))


def register_own() -> None:
    """What the kernel keeps: answers once given, what receivers of webhooks replied, files that hold people's data."""
    register("exports", find=lambda _: (), empty=_exports, once=True)
    register("answers", find=lambda _: (), empty=_answers)
    register("replies", find=lambda _: (), empty=_replies)
