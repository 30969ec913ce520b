"""Demo traffic: a shop in which something happens."""

from __future__ import annotations

import signal
import threading
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser

from config.local import demo
from config.local.selfcheck import CheckFailed
from timeline.errors import DomainError

EVERY_S = 20.0
log = structlog.get_logger("bahi.traffic")


class Command(BaseCommand):
    """Place a demo order every 20 seconds at a local shop until told to stop; `up` starts it when DEMO_TRAFFIC is 1."""

    help = "Place demo orders at a local shop."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the shop is."""
        parser.add_argument("base", help="address of the shop, as `up` prints it")
        parser.add_argument("--once", action="store_true", help="place one order and stop")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Order by order; a refusal (empty shelves, a busy gateway) is part of the day."""
        stopped = threading.Event()
        if not options["once"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            try:
                order = demo.one_more(options["base"])
                self.stdout.write(f"{order.number}")
            except (DomainError, CheckFailed, OSError) as error:
                log.warning("traffic.refused", reason=str(error))
            if options["once"]:
                return
            stopped.wait(EVERY_S)
