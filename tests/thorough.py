"""How many examples a property gets: few where somebody waits (`make test`), all of them with THOROUGH=1 (`make test-postgres`)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = TypeVar("Row")
THOROUGH = os.environ.get("THOROUGH") == "1"
SHARE = 4


def many(count: int) -> int:
    """So many examples, or a quarter of them, at least three."""
    return count if THOROUGH else max(3, count // SHARE)


def some(rows: Iterable[Row], start: int = 0) -> list[Row]:
    """Each of these, or each fourth of them from one of the first four on: who asks for several lists begins each with another."""
    found = list(rows)
    return found if THOROUGH or len(found) <= SHARE else found[start % SHARE :: SHARE]
