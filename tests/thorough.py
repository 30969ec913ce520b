"""How many examples a property gets: few where somebody waits (`make test`), all of them with THOROUGH=1 (`make test-postgres`)."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("THOROUGH") == "1"
SHARE = 4


def many(count: int) -> int:
    """So many examples, or a quarter of them, at least three."""
    return count if THOROUGH else max(3, count // SHARE)
