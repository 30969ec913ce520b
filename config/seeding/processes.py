"""One piece of work shared by several processes, each with a connection of its own (PostgreSQL)."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.process import BaseProcess

T = TypeVar("T")


class WorkerStopped(RuntimeError):
    """A process of the work ended before its part was done; what it said why stands above."""


def shared(work: Callable[[int], Iterable[T]], workers: int) -> Iterator[T]:
    """What `work(place)` gives, of all places at once, as it comes. When one stops, or nobody listens any more, all stop.

    They are copies of this process, so what it has in memory they have too. Raises WorkerStopped.
    """
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's
    context = multiprocessing.get_context("fork")
    children: list[BaseProcess] = []
    ends: dict[Any, BaseProcess] = {}
    for place in range(workers):
        here, there = context.Pipe(duplex=False)
        child: BaseProcess = context.Process(target=_work, args=(work, place, there, [*ends, here]), daemon=True)
        child.start()
        there.close()
        children.append(child)
        ends[here] = child
    try:
        while ends:
            end: Any
            for end in wait(list(ends)):
                try:
                    yield end.recv()
                except EOFError:
                    child = ends.pop(end)
                    child.join()
                    if child.exitcode != 0:
                        raise WorkerStopped from None
    finally:
        for child in children:
            child.terminate()
            child.join()


def _work(work: Callable[[int], Iterable[T]], place: int, end: Connection, others: Iterable[Connection]) -> None:
    for other in others:  # so that it is seen here when the process that listens is gone
        other.close()
    for thing in work(place):
        end.send(thing)
