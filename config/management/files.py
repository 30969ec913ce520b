"""What commands that take a file share: its text, and a refusal in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.core.management.base import CommandError

if TYPE_CHECKING:
    from timeline.errors import DomainError

FILE_BYTES_MAX = 10 * 1024 * 1024


def read_text(name: str) -> str:
    """The text of a UTF-8 file. Raises CommandError when it is absent, too large or something else."""
    path = Path(name)
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise CommandError(f"{name} is larger than {FILE_BYTES_MAX // 1024 // 1024} MB.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error


def said(error: DomainError) -> CommandError:
    """A refusal with each place it names."""
    places = [f"  line {pointer.rpartition('/')[2]}: {detail}" for pointer, detail in error.errors]
    return CommandError("\n".join([error.detail, *places]))
