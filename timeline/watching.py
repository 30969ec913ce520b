"""What took long, said in the log: operations and single statements (B92), without a word of what they carried.

An operation's line names it, its actor and its story; a statement's line is its text with placeholders, never the values.
Every line that is logged while an operation runs carries its name, actor and story too.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from timeline.actors import Actor

SQL_CHARS_MAX = 500
STREAMS_NAMED_MAX = 3
log = structlog.get_logger("bahi.slow")


@contextlib.contextmanager
def watched(name: str, *, actor: Actor, streams: Sequence[str]) -> Iterator[None]:
    """Name the operation on every line logged inside, and say when it took longer than SLOW_OPERATION_MS."""
    more = {"stream": ",".join(streams[:STREAMS_NAMED_MAX])} if streams else {}
    began = time.perf_counter()
    with structlog.contextvars.bound_contextvars(operation=name, actor=f"{actor.type}:{actor.id}", **more):
        try:
            yield
        finally:
            took_ms = (time.perf_counter() - began) * 1000
            if 0 < settings.SLOW_OPERATION_MS < took_ms:
                log.warning("operation.slow", took_ms=round(took_ms))


def time_statement(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """A wrapper around each statement of a connection: one that takes longer than SLOW_STATEMENT_MS is said."""
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        took_ms = (time.perf_counter() - began) * 1000
        if 0 < settings.SLOW_STATEMENT_MS < took_ms:
            log.warning("statement.slow", took_ms=round(took_ms), sql=" ".join(str(sql).split())[:SQL_CHARS_MAX])


def attach(connection: Any, **_: Any) -> None:
    """Put the wrapper around a connection that was just made, once."""
    if time_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(time_statement)
