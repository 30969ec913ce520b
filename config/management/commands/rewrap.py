"""Wrap every person's key with the newest master key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from timeline import vault
from timeline.actors import system
from timeline.operations import operation


class Command(BaseCommand):
    """Run after a new key was put first into VAULT_KEYS and before the old one is dropped."""

    help = "Wrap every person's key with the newest of VAULT_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Say how many were changed."""
        with operation("vault.rewrap", actor=system("vault")) as op:
            self.stdout.write(f"{vault.rewrap(op)} keys re-wrapped.")
