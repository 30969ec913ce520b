"""API keys of machines that call us."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from timeline.actors import system
from timeline.api.authentication import make_client
from timeline.models import ApiClient
from timeline.operations import operation


class Command(BaseCommand):
    """`apikey create NAME --scope SCOPE …` prints a key once; `apikey revoke NAME` ends it."""

    help = "Create or revoke an API key."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, for whom, with which scopes."""
        parser.add_argument("verb", choices=["create", "revoke"])
        parser.add_argument("name")
        parser.add_argument("--scope", action="append", default=[], help="orders:read, orders:write, inventory:… or *")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Print the key alone, so that a script can take it."""
        name = options["name"]
        if options["verb"] == "revoke":
            with operation("apikey.revoke", actor=system("console")):
                if not ApiClient.objects.filter(name=name).update(is_active=False):
                    message = f"There is no API client {name}."
                    raise CommandError(message)
            return
        if not options["scope"]:
            message = "Name at least one --scope; * opens everything."
            raise CommandError(message)
        if ApiClient.objects.filter(name=name).exists():
            message = f"There is an API client {name} already."
            raise CommandError(message)
        with operation("apikey.create", actor=system("console")) as op:
            key = make_client(op, name=name, scopes=options["scope"])
        self.stdout.write(key)
