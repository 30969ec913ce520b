"""Run the whole caller again when the database asks for it (F42)."""

from __future__ import annotations

import functools
import random
import time
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db import OperationalError, connection

from timeline.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES_MAX = 3
_AGAIN = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available

P = ParamSpec("P")
T = TypeVar("T")


def retried(caller: Callable[P, T]) -> Callable[P, T]:
    """Three tries of the whole use case, never of a half; then `Busy` (503 with Retry-After).

    Only the outermost caller is retried: inside an open transaction the error goes through.
    """

    @functools.wraps(caller)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for tries in range(1, TRIES_MAX + 1):
            try:
                return caller(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not is_transient(error):
                    raise
                if tries == TRIES_MAX:
                    raise Busy from error
                time.sleep(random.uniform(0.02, 0.2))  # noqa: S311 spreads the twins, guards nothing
        raise AssertionError

    return again


def is_transient(error: OperationalError) -> bool:
    """Whether the same work may succeed a moment later."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _AGAIN or "database is locked" in str(error)
