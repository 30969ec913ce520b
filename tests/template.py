"""The migrated database of the tests, kept in `build/`, so that the next run need not migrate an empty one again.

It is of use for one state of the migrations only: its name is a digest of them, of the engine that runs them and of Django. What
follows every migrate, the triggers above all, is made anew each time. Only SQLite in memory; PostgreSQL is migrated as ever.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent


def _place() -> Path:
    told = hashlib.sha256(django.__version__.encode() + sqlite3.sqlite_version.encode())
    sources = [*ROOT.glob("*/migrations/*.py"), ROOT / "timeline" / "concurrently.py", *ROOT.glob("tests/settings.py"), *ROOT.glob("tests/door/models.py")]
    told.update(os.environ["VAULT_KEYS"].encode())  # what is there from the first migration on is wrapped with them
    for path in sorted(sources):
        told.update(path.name.encode() + path.read_bytes())
    return ROOT / "build" / f"migrated-{told.hexdigest()[:16]}.sqlite3"


def _filled(make: Callable[..., str]) -> Callable[..., str]:
    """Django's making of an empty test database, which is then filled from the template."""

    def made(*args: Any, **kwargs: Any) -> str:
        name = make(*args, **kwargs)
        connection.close()
        connection.settings_dict["NAME"] = name
        with closing(sqlite3.connect(_place())) as template:
            connection.ensure_connection()
            template.backup(connection.connection)
        return name

    return made


_making: list[int] = []


def use() -> None:
    """Begin with the template of this state of the migrations. Where there is none yet, one process makes it; others wait for it."""
    if connection.vendor != "sqlite":
        return
    if not _place().exists():
        _place().parent.mkdir(exist_ok=True)
        lock = os.open(_place().with_name("migrated.lock"), os.O_CREAT | os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        _making.append(lock)
    if _place().exists():
        _made()
        creation: Any = connection.creation
        creation._create_test_db = _filled(creation._create_test_db)


def keep() -> None:
    """Keep the database that was just migrated, in place of those of other states, and let the others go on."""
    if connection.vendor != "sqlite" or _place().exists():
        return
    place = _place()
    for old in place.parent.glob("migrated-*.sqlite3"):
        old.unlink(missing_ok=True)
    own = place.with_suffix(f".{os.getpid()}")
    with closing(sqlite3.connect(own)) as template:
        connection.connection.backup(template)
    own.replace(place)
    _made()


def _made() -> None:
    """Let the others go on."""
    while _making:
        os.close(_making.pop())
