"""What rows said before they were changed, in the database's own files: how soon it is gone.

Note [Bytes that stay]
    PostgreSQL never writes over a row: the old one lies in its page until it is vacuumed, and its bytes lie in the page's free
    room until another row needs that. A row that any running transaction could still see is kept even when its table is written
    anew, so `wipe` first waits for those. What they are is ciphertext, and a key that is wrapped by `VAULT_KEYS`. So the tables
    from which an erasure takes anything are vacuumed early (`tune`, by whoever migrates), and their owner can have them
    written anew (`wipe`): then no page of them holds a byte of what was. SQLite overwrites what it frees (`secure_delete`).
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import OperationalError, connection

from timeline.errors import Refused
from timeline.models import Attempt, Receipt, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

DEAD_ROWS_MAX = 1000  # of a table that is written all day
READERS_WAIT_S, READERS_LOOK_S = 60.0, 0.5
_MARK = "written anew "
_PEOPLE: dict[str, None] = {}
_BODIES: dict[str, None] = {}


class NotOwner(Refused):
    """Only who owns the tables can have them written anew."""


@dataclass(slots=True)
class Wiped:
    """Which tables were written anew, and which were in use."""

    tables: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)


def register(*, people: tuple[type[Model], ...] = (), bodies: tuple[type[Model], ...] = ()) -> None:
    """Say which tables an erasure takes from: `people` are small and quickly written anew, `bodies` grow with the shop."""
    _PEOPLE.update({model._meta.db_table: None for model in people})
    _BODIES.update({model._meta.db_table: None for model in bodies})


def register_own() -> None:
    """Keys, answers once given, what receivers of webhooks replied."""
    register(people=(SubjectKey,), bodies=(Receipt, Attempt))


def forget() -> None:
    """After an erasure: cut off SQLite's log; on PostgreSQL vacuum the tables that are ours. Inside a transaction there is nothing to do yet."""
    if connection.in_atomic_block:
        return
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    if _is_owner():
        with connection.cursor() as cursor:
            for table in _PEOPLE:
                cursor.execute(f'VACUUM "{table}"')


def tune(**_: Any) -> None:
    """Receiver of `post_migrate`: dead rows of these tables do not wait until a fifth of the table is dead, as they would by default."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reloptions FROM pg_class WHERE oid = ANY(%s::regclass[])", [_there()])
        options = {name: set(found or ()) for name, found in cursor.fetchall()}
        for table, found in options.items():
            dead = 0 if table in _PEOPLE else DEAD_ROWS_MAX
            if f"autovacuum_vacuum_threshold={dead}" not in found:
                cursor.execute(f'ALTER TABLE "{table}" SET (autovacuum_vacuum_threshold = {dead}, autovacuum_vacuum_scale_factor = 0)')


def wipe(*, now: datetime, everything: bool = False) -> Wiped:
    """Write anew the tables of keys and people, if anybody was erased since they last were; with `everything` the large ones too.

    Each is locked while it is written; one that is in use is left for the next time, and all are while somebody still sees rows
    of before. Raises NotOwner. Nothing on SQLite.
    """
    done = Wiped()
    if connection.vendor != "postgresql":
        return done
    if not _is_owner():
        raise NotOwner
    if not everything and not SubjectKey.objects.filter(destroyed_at__gte=_last()).exists():
        return done
    tables = [*_PEOPLE, *(_BODIES if everything else ())]
    if not _unseen():
        done.busy = tables
        return done
    with _patient(), connection.cursor() as cursor:
        for table in tables:
            try:
                cursor.execute(f'VACUUM (FULL, ANALYZE) "{table}"')
                done.tables.append(table)
            except OperationalError:
                done.busy.append(table)
        if not done.busy:
            cursor.execute(f"COMMENT ON TABLE {SubjectKey._meta.db_table} IS '{_MARK}{now.isoformat()}'")
    return done


@contextlib.contextmanager
def _patient() -> Iterator[None]:
    """A large table takes as long as it takes; the wait for its lock stays short."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("RESET statement_timeout")


def _unseen() -> bool:
    """Wait until no running transaction began before now: Note [Bytes that stay]. Whether that is so."""
    until = time.monotonic() + READERS_WAIT_S
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        now = str(int(cursor.fetchone()[0]) % 2**32)
        while time.monotonic() < until:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND age(backend_xmin) > age(%s::xid)", [now],
            )
            if not cursor.fetchone()[0]:
                return True
            time.sleep(READERS_LOOK_S)
    return False


def _last() -> datetime:
    """When the tables were last written anew, as the comment of the first one says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(%s::regclass)", [SubjectKey._meta.db_table])
        said = str((cursor.fetchone() or ("",))[0] or "")
    return datetime.fromisoformat(said.removeprefix(_MARK) if said.startswith(_MARK) else "1970-01-01T00:00:00+00:00")


def _is_owner() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class WHERE oid = ANY(%s::regclass[])", [_there()])
        return bool((cursor.fetchone() or (False,))[0])


def _there() -> list[str]:
    here = set(connection.introspection.table_names())
    return [table for table in (*_PEOPLE, *_BODIES) if table in here]
