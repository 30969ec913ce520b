"""Write the generated pages, or compare them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import env, generated


class Command(BaseCommand):
    """`docs` writes; `docs --check` fails naming each page that is stale."""

    help = "Write the generated pages, or check them."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--check` writes nothing."""
        parser.add_argument("--check", action="store_true", help="only compare")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Write or compare."""
        if not options["check"]:
            self.stdout.write(f"{generated.write()} pages written.")
            return
        old = [str(path.relative_to(env.ROOT)) for path in generated.stale()]
        if old:
            message = f"stale, run `make docs`: {', '.join(old)}"
            raise CommandError(message)
