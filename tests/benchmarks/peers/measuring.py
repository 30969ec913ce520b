"""What the three shops have in common: they are asked by a line, and answer with milliseconds. No library but Python's own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

LINES, SKUS, UNITS, PAGE, PRICE = 3, 20, 1_000_000, 50, 499


def answer(works: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]]) -> None:
    """Read `work times` from standard input and print a JSON list of milliseconds each; a work is (prepare, do)."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        work, times = line.split()
        prepare, do = works[work]
        took = []
        for _ in range(int(times)):
            ready = prepare()
            began = time.perf_counter()
            do(ready)
            took.append((time.perf_counter() - began) * 1000)
        sys.stdout.write(json.dumps(took) + "\n")
        sys.stdout.flush()


def page(client: Any, path: str, **words: Any) -> Callable[[Any], Any]:
    """A GET that must be answered with 200."""

    def get(_: Any) -> None:
        reply = client.get(path, **words)
        if reply.status_code != 200:
            raise SystemExit(f"{path}: {reply.status_code} {reply.get('Location', '')} {reply.content[:300]!r}")

    return get


def nothing() -> None:
    """No preparation."""
