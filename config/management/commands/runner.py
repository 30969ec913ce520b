"""Background work without a broker: the very task bodies that Celery runs.

Note [The relay waits for nobody]
    What is handed over several times a second has a thread of its own: behind a comparison of the books of a large shop an order
    would wait for minutes to be confirmed. What is long has a thread for as long as it takes, all else takes turns in one loop.
"""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils.module_loading import import_string

from config.observability import say_operations
from config.schedule import SCHEDULE, Tick

IDLE_S = 0.1
RELAY = "relay"
log = structlog.get_logger("bahi.runner")


class Command(BaseCommand):
    """Run what is due, again and again, until told to stop. Any number of runners may run."""

    help = "Run background work without a broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--once` runs every task one time."""
        parser.add_argument("--once", action="store_true", help="run every task once and stop")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Loop until SIGTERM or SIGINT; a task in hand is finished first."""
        say_operations()
        if options["once"]:
            for tick in SCHEDULE:
                run(tick)
            return
        stopped: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda which, _: stopped.append(which))
        relays = [threading.Thread(target=_again, args=(tick, stopped), name=tick.task, daemon=True) for tick in SCHEDULE if tick.queue == RELAY]
        for thread in relays:
            thread.start()
        due = {tick: time.monotonic() for tick in SCHEDULE if tick.queue != RELAY}
        beside: dict[Tick, threading.Thread] = {}
        while not stopped:
            for tick, at in due.items():
                if at <= time.monotonic() and not stopped:
                    if tick.long:
                        _beside(tick, beside)
                    else:
                        run(tick)
                    due[tick] = time.monotonic() + tick.every_s
            time.sleep(IDLE_S)
        for thread in relays:
            thread.join()


def run(tick: Tick) -> None:
    """One task, whatever comes of it: its rows say what failed, the next tick tries again."""
    close_old_connections()
    try:
        import_string(tick.task)()
    except Exception:  # the runner outlives every task
        log.exception("task.failed", task=tick.task)
    finally:
        close_old_connections()


def _beside(tick: Tick, threads: dict[Tick, threading.Thread]) -> None:
    """Start a long task in a thread of its own, unless the last one is at it still. It dies with the runner: a lease runs out."""
    if tick not in threads or not threads[tick].is_alive():
        threads[tick] = threading.Thread(target=run, args=(tick,), name=tick.task, daemon=True)
        threads[tick].start()


def _again(tick: Tick, stopped: list[int]) -> None:
    """Note [The relay waits for nobody]: several times a second here, where no message has to travel; what is in hand is finished first."""
    while not stopped:
        run(tick)
        time.sleep(IDLE_S)
