"""Stock against the ledger that explains it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory import reconciliation
from inventory.models import Variant, Warehouse
from inventory.operations import rebuild_all


class Command(BaseCommand):
    """`stock rebuild --check` compares; `stock rebuild --apply` puts right what differs, each change as an event."""

    help = "Compare the levels with the ledger, and rebuild them from it."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("what", choices=["rebuild"])
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--check", action="store_true", help="say what differs, change nothing")
        way.add_argument("--apply", action="store_true", help="rebuild what differs")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Say every difference; fail when one is left."""
        found = reconciliation.differences()
        skus = dict(Variant.objects.filter(id__in={row.variant_id for row in found}).values_list("id", "sku"))
        codes = dict(Warehouse.objects.values_list("id", "code"))
        for row in found:
            place = codes[row.warehouse_id] if row.warehouse_id else "all warehouses"
            self.stdout.write(f"{skus[row.variant_id]} at {place}: {row.what} is {row.found}, explained are {row.expected}")
        if not found:
            self.stdout.write("Every level is the sum of its movements, every promise has its hold.")
            return
        if options["check"]:
            raise CommandError(f"{len(found)} differences; put them right with stock rebuild --apply.")
        done = rebuild_all()
        self.stdout.write(f"{done.changed} put right, each with an event stock.rebuilt.")
        if done.left:
            raise CommandError("Left for a count: " + "; ".join(done.left))
