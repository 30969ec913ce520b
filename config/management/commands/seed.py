"""`manage.py seed --orders 1000000`: a shop of very many orders."""

from __future__ import annotations

import os
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.seeding import many
from payments.models import ClosedDay


class Command(BaseCommand):
    """Make many orders of every state, channel and customer over many days (docs/seeding.md)."""

    help = "Make many orders, in minutes, through the database's own guard."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many, over how many days, by which chance."""
        parser.add_argument("--orders", type=int, required=True, help="how many, up to ten million")
        parser.add_argument("--days", type=int, default=365, help="over so many days before now")
        parser.add_argument("--chance", type=int, default=1, help="the same number makes the same choices")
        parser.add_argument("--workers", type=int, default=(os.cpu_count() or 1) + 1, help="processes that share the work (PostgreSQL); one more than there are cores")

    def handle(self, *args: Any, orders: int, days: int, chance: int, workers: int, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Print how far it is, and how fast."""
        if not 1 <= orders <= many.ORDERS_MAX or not 1 <= days <= many.DAYS_MAX or not 1 <= workers <= many.WORKERS_MAX:
            message = f"Between 1 and {many.ORDERS_MAX} orders, over 1 to {many.DAYS_MAX} days, by 1 to {many.WORKERS_MAX} workers."
            raise CommandError(message)
        if settings.RAZORPAY_KEY_ID.startswith("rzp_live_") or ClosedDay.objects.exists():
            message = "This shop takes live payments or has closed its books for a day: it is no place for invented orders."
            raise CommandError(message)
        started = time.monotonic()
        for done, events in many.seed(orders=orders, days=days, chance=chance, workers=workers):
            seconds = time.monotonic() - started
            self.stdout.write(f"{done:>9} orders, {events:>10} events, {done / seconds:,.0f} orders/s")
