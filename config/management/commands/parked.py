"""Deliveries that failed too often and wait for a person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from timeline import queries, relay
from timeline.actors import system
from timeline.operations import operation


class Command(BaseCommand):
    """`parked list`, `parked retry ID`, `parked drop ID`."""

    help = "List, retry or drop deliveries that failed too often."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and with which."""
        parser.add_argument("verb", choices=["list", "retry", "drop"])
        parser.add_argument("delivery", type=int, nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """List, or carry out the person's word."""
        if options["verb"] == "list":
            for delivery in queries.parked():
                event = delivery.event
                self.stdout.write(f"{delivery.pk}  {event.kind}  {delivery.stream}  {delivery.subscriber}  {delivery.error}")
            return
        if options["delivery"] is None:
            message = "Name the delivery; `parked list` shows them."
            raise CommandError(message)
        carry_out = relay.retry if options["verb"] == "retry" else relay.give_up
        try:
            with operation(f"parked.{options['verb']}", actor=system("console")) as op:
                carry_out(op, delivery_id=options["delivery"])
        except relay.NotParked as error:
            message = f"Delivery {options['delivery']} is not parked."
            raise CommandError(message) from error
