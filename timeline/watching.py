"""Every operation (B91), and what took long, operations and single statements (B92), said in the log without a word of what they carried.

An operation's line names it, its actor and its story; a statement's line is its text with placeholders, never the values.
Every line that is logged while an operation runs carries its name, actor and story too.
"""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from timeline.actors import Actor

SQL_CHARS_MAX = 500
STREAMS_NAMED_MAX = 3
OPERATIONS = "bahi.operations"
log, operations = structlog.get_logger("bahi.slow"), structlog.get_logger(OPERATIONS)


@contextlib.contextmanager
def watched(name: str, *, actor: Actor, streams: Sequence[str], touched: Callable[[], Iterable[str]] = tuple) -> Iterator[None]:
    """Name the operation on every line logged inside, say how it ended, and when it took longer than SLOW_OPERATION_MS.

    `touched` are the stories it came to lock, once it is over.
    """
    more = {"stream": ",".join(streams[:STREAMS_NAMED_MAX])} if streams else {}
    began = time.perf_counter()
    with structlog.contextvars.bound_contextvars(operation=name, actor=f"{actor.type}:{actor.id}", **more):
        undone = ""
        try:
            yield
        except BaseException as error:
            undone = type(error).__name__
            raise
        finally:
            took_ms = (time.perf_counter() - began) * 1000
            _say(took_ms, undone, touched)
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


def _say(took_ms: float, undone: str, touched: Callable[[], Iterable[str]]) -> None:
    """One line at level INFO: `operation.done`, or `operation.undone` with what it was refused or broken by. Its words are not made where nobody reads them."""
    if not logging.getLogger(OPERATIONS).isEnabledFor(logging.INFO):
        return
    stories = ",".join(sorted(touched())[:STREAMS_NAMED_MAX])
    more = {"stream": stories} if stories else {}
    if undone:
        operations.info("operation.undone", took_ms=round(took_ms), error=undone, **more)
    else:
        operations.info("operation.done", took_ms=round(took_ms), **more)


def attach(connection: Any, **_: Any) -> None:
    """Put the wrapper around a connection that was just made, once."""
    if time_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(time_statement)
