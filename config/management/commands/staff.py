"""Accounts of staff and their roles, from the shell: the first administrator is made here."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from timeline import rights, staffing
from timeline.actors import system
from timeline.errors import DomainError
from timeline.models import StaffMember
from timeline.operations import operation

PASSWORD_CHARS_MIN = 8


class Command(BaseCommand):
    """`staff add NAME --role ROLE …`, `staff give NAME --role ROLE …`, `staff take NAME --role ROLE …`, `staff list`."""

    help = "Make accounts of staff, give and take roles, list who has which."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, with whom, and which roles."""
        parser.add_argument("verb", choices=["add", "give", "take", "list"])
        parser.add_argument("name", nargs="?", default="")
        parser.add_argument("--role", action="append", default=[], choices=list(rights.ROLES))
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument("--email", default="")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """One operation; what is refused is said in a line."""
        if options["verb"] == "list":
            for user in staffing.people():
                roles = ", ".join(staffing.kept_roles(user)) or "no role"
                self.stdout.write(f"{user.get_username()}: {roles}{'' if user.is_active else ' (may not sign in)'}")
            return
        if not options["name"] or not options["role"]:
            message = f"Name somebody, and at least one --role of {', '.join(rights.ROLES)}."
            raise CommandError(message)
        try:
            self._do(**options)
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _do(self, *, verb: str, name: str, role: list[str], first_name: str, last_name: str, email: str, **_: Any) -> None:
        by = frozenset(rights.RIGHTS)
        password = _password(name) if verb == "add" else None
        user_id = 0 if verb == "add" else int(staffing.of_name(name).pk)
        with operation(f"staff.{verb}", actor=system("console"), stream=StaffMember.STORY) as op:
            if verb == "add":
                staffing.add(
                    op, username=name, roles=role, password=password, by=by, first_name=first_name, last_name=last_name, email=email,
                )
            for word in role if verb != "add" else ():
                (staffing.give if verb == "give" else staffing.take)(op, user_id=user_id, role=word, by=by)
        self.stdout.write(f"{name}: {', '.join(staffing.kept_roles(staffing.of_name(name))) or 'no role'}")


def _password(name: str) -> str:
    """Asked for twice at a terminal; the first line of what is piped in otherwise."""
    if sys.stdin.isatty():
        found = getpass.getpass(f"Password of {name}: ")
        if found != getpass.getpass("Again: "):
            message = "The two are not the same."
            raise CommandError(message)
    else:
        found = sys.stdin.readline().rstrip("\n")
    if len(found) < PASSWORD_CHARS_MIN:
        message = f"A password has at least {PASSWORD_CHARS_MIN} characters."
        raise CommandError(message)
    return found
