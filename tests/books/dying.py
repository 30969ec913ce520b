"""A process that dies at its n-th commit: just before it, when nothing of the transaction stays, or just after."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WRITES = ("INSERT", "UPDATE", "DELETE")


class Died(BaseException):
    """The process is gone: no handler of ours may catch this."""


@dataclass
class Death:
    """When to die: at the `at`-th commit, before or after it; `seen` counts them, `died` says whether it came to it."""

    at: int
    after: bool
    seen: int = 0
    died: bool = False

    def due(self) -> bool:
        """One more commit; whether it is the one."""
        self.seen += 1
        return self.seen == self.at and not self.died

    def die(self) -> None:
        """Now."""
        self.died = True
        raise Died


@contextlib.contextmanager
def dying(death: Death) -> Iterator[None]:
    """Die inside the block as told. A statement that writes outside a transaction is a commit of its own."""
    commit = connection.commit

    def commit_or_die() -> None:
        due = death.due()
        if due and not death.after:
            connection.connection.rollback()
            death.die()
        commit()
        if due:
            death.die()

    def write_or_die(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        alone = not connection.in_atomic_block and sql.lstrip().upper().startswith(_WRITES)
        due = alone and death.due()
        if due and not death.after:
            death.die()
        found = execute(sql, params, many, context)
        if due:
            death.die()
        return found

    with mock.patch.object(connection, "commit", commit_or_die), connection.execute_wrapper(write_or_die):
        yield
