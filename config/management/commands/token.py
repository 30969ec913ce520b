"""A customer's bearer token for a local shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.api.authentication import issue_token
from orders.operations import accounts, people
from timeline.actors import system
from timeline.operations import operation


class Command(BaseCommand):
    """`token customer EMAIL [--create]` prints a token that is good for thirty days."""

    help = "Print a customer's bearer token."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who it is for."""
        parser.add_argument("kind", choices=["customer"])
        parser.add_argument("email")
        parser.add_argument("--create", action="store_true", help="make the customer when there is none")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Print the token alone, so that a script can take it."""
        email = people.normal(options["email"])
        if "@" not in email:
            message = "That is not an e-mail address."
            raise CommandError(message)
        person_id = accounts.person_id_of(email)
        if person_id is None:
            if not options["create"]:
                message = f"No customer has {email}; --create makes one."
                raise CommandError(message)
            with operation("person.add", actor=system("console")) as op:
                person_id = accounts.know(op, email=email).pk
        token, _ = issue_token(person_id, "customer", ttl=timedelta(days=30))
        self.stdout.write(token)
