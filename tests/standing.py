"""What several tests of a module begin from, built once: a shop that stands is put back in milliseconds.

For tests that commit (`transaction=True`); those in a transaction have `ground`. Only SQLite in memory is copied: on PostgreSQL, and
in a test that wrote something else before it asked, all is built each time, as if this module were not there.
"""

from __future__ import annotations

import copy
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.core import mail
from django.db import connection

from tests.payments.fake_gateway import FakeGateway

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")

@dataclass(frozen=True)
class Standing:
    """A copy of the database, and of what was beside it: what was built, the gateways' memories, the mails."""

    database: sqlite3.Connection
    value: Any
    memories: list[dict[str, Any]]
    mails: list[Any]


class Stand:
    """`stand(build, …)` is `build(…)`, but what it built for the first test of a module is there at once in the others.

    Several may follow each other: what stands is known by all that was built since the test began. `build` asks only its arguments,
    the clock and chance; what it gives is copied for each test, and so are gateways among its arguments.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], Standing] = {}
        self._built: tuple[Any, ...] = ()
        self._untouched = -1

    def forget(self) -> None:
        """Another module begins."""
        for standing in self._kept.values():
            standing.database.close()
        self._kept.clear()

    def begin(self) -> None:
        """A test begins: what the connection counts from now on, the test wrote."""
        self._built, self._untouched = (), _changes()

    def __call__(self, build: Callable[..., Value], *args: Any, **words: Any) -> Value:
        if self._untouched < 0 or _changes() != self._untouched or connection.in_atomic_block:
            return build(*args, **words)
        gateways = [arg for arg in args if isinstance(arg, FakeGateway)]
        self._built = (*self._built, build, repr([arg for arg in args if not isinstance(arg, FakeGateway)]), repr(words))
        standing = self._kept.get(self._built)
        if standing is None:
            value = build(*args, **words)
            self._kept[self._built] = Standing(_copied(), copy.deepcopy(value), [_memory(one) for one in gateways], list(mail.outbox))
        else:
            standing.database.backup(connection.connection)
            for one, memory in zip(gateways, standing.memories, strict=True):
                vars(one).update(copy.deepcopy(memory))
            mail.outbox[:] = standing.mails
            value = copy.deepcopy(standing.value)
        self._untouched = _changes()
        return value


stand = Stand()


def _changes() -> int:
    """How many rows this connection changed so far; -1 where no copy can be taken."""
    raw = connection.connection
    return raw.total_changes if connection.vendor == "sqlite" and raw is not None else -1


def _copied() -> sqlite3.Connection:
    copied = sqlite3.connect(":memory:", check_same_thread=False)
    connection.connection.backup(copied)
    return copied


def _memory(gateway: FakeGateway) -> dict[str, Any]:
    """What it knows; its lock stays its own."""
    return {name: copy.deepcopy(value) for name, value in vars(gateway).items() if name != "lock"}
