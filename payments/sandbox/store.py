"""The sandbox's own database file: entities, the outbox of webhooks, work due later, scripted faults."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Entity = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS entity (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, parent TEXT, receipt TEXT,
    created_at INTEGER NOT NULL, settlement_id TEXT, body TEXT NOT NULL, hidden TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS entity_by_parent ON entity (kind, parent);
CREATE INDEX IF NOT EXISTS entity_by_receipt ON entity (kind, receipt);
CREATE INDEX IF NOT EXISTS entity_by_time ON entity (kind, created_at);
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, event TEXT NOT NULL, subject TEXT NOT NULL,
    body BLOB NOT NULL, state TEXT NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    copies INTEGER NOT NULL, released INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (state, due_at);
CREATE TABLE IF NOT EXISTS job (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL, due_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS claim (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, refund_id TEXT, claimed_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A webhook waiting in the outbox; ``copies`` is how often it is still to be delivered."""

    seq: int
    event_id: str
    subject: str
    body: bytes
    attempts: int
    copies: int


class Store:
    """The file. One writer at a time: every transaction holds the lock of the process and of the database."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """All or nothing of what happens inside."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Ledger(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file once whoever is writing has finished."""
        with self._lock:
            self._connection.close()


class Ledger:
    """What can be read and written inside one transaction; ``now`` is unix seconds and stands still."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.now = time.time()

    def add(self, entity: Entity, *, parent: str | None = None, hidden: Entity | None = None) -> None:
        """Write a new entity; ``hidden`` is what the API never shows."""
        self._connection.execute(
            "INSERT INTO entity (id, kind, parent, receipt, created_at, body, hidden) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (entity["id"], entity["entity"], parent, entity.get("receipt"), entity["created_at"],
             json.dumps(entity), json.dumps(hidden or {})),
        )  # fmt: skip

    def save(self, entity: Entity) -> None:
        """Write an entity that changed."""
        self._connection.execute("UPDATE entity SET body = ? WHERE id = ?", (json.dumps(entity), entity["id"]))

    def get(self, kind: str, entity_id: str) -> Entity | None:
        """An entity by its id, or None."""
        row = self._connection.execute(
            "SELECT body FROM entity WHERE kind = ? AND id = ?", (kind, entity_id)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def hidden(self, entity_id: str) -> Entity:
        """What the API never shows of an entity."""
        row = self._connection.execute("SELECT hidden FROM entity WHERE id = ?", (entity_id,)).fetchone()
        return json.loads(row[0]) if row else {}

    def hide(self, entity_id: str, hidden: Entity) -> None:
        """Write what the API never shows of an entity."""
        self._connection.execute("UPDATE entity SET hidden = ? WHERE id = ?", (json.dumps(hidden), entity_id))

    def page(
        self,
        kind: str,
        *,
        parent: str | None = None,
        receipt: str | None = None,
        since: int | None = None,
        until: int | None = None,
        count: int = 100,
        skip: int = 0,
    ) -> list[Entity]:
        """Entities, newest first, within the given bounds (unix seconds, both included)."""
        where = ["kind = ?"]
        values: list[Any] = [kind]
        for clause, value in (("parent = ?", parent), ("receipt = ?", receipt),
                              ("created_at >= ?", since), ("created_at <= ?", until)):  # fmt: skip
            if value is not None:
                where.append(clause)
                values.append(value)
        rows = self._connection.execute(
            f"SELECT body FROM entity WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ? OFFSET ?",  # noqa: S608
            [*values, count, skip],
        )
        return [json.loads(body) for (body,) in rows]

    def unsettled(self, before: int) -> list[Entity]:
        """Payments, refunds and adjustments made before a moment that no settlement has paid out."""
        rows = self._connection.execute(
            "SELECT body FROM entity WHERE kind IN ('payment', 'refund', 'adjustment') AND settlement_id IS NULL AND created_at < ?"
            " ORDER BY seq", (before,))  # fmt: skip
        return [json.loads(body) for (body,) in rows]

    def settle(self, ids: Sequence[str], settlement_id: str) -> None:
        """Mark entities as paid out."""
        self._connection.executemany(
            "UPDATE entity SET settlement_id = ? WHERE id = ?", [(settlement_id, entity_id) for entity_id in ids]
        )

    def settled(self, settlement_id: str) -> list[Entity]:
        """What one settlement paid out."""
        rows = self._connection.execute(
            "SELECT body FROM entity WHERE settlement_id = ? ORDER BY seq", (settlement_id,)
        )
        return [json.loads(body) for (body,) in rows]

    def claim(self, key: str) -> tuple[str, str | None, float] | None:
        """Who holds an idempotency key: fingerprint of the body, refund id once made, and since when."""
        row = self._connection.execute(
            "SELECT fingerprint, refund_id, claimed_at FROM claim WHERE key = ?", (key,)
        ).fetchone()
        return (str(row[0]), row[1], float(row[2])) if row else None

    def hold_claim(self, key: str, fingerprint: str, refund_id: str | None = None) -> None:
        """Hold a key for a body, with the refund once it is made."""
        self._connection.execute(
            "INSERT OR REPLACE INTO claim (key, fingerprint, refund_id, claimed_at) VALUES (?, ?, ?, ?)",
            (key, fingerprint, refund_id, self.now),
        )

    def drop_claim(self, key: str) -> None:
        """Give a key back, because its request was refused."""
        self._connection.execute("DELETE FROM claim WHERE key = ?", (key,))

    def setting(self, name: str) -> Entity:
        """A stored setting; empty when there is none."""
        row = self._connection.execute("SELECT body FROM setting WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else {}

    def set_setting(self, name: str, body: Entity) -> None:
        """Store a setting."""
        self._connection.execute("INSERT OR REPLACE INTO setting (name, body) VALUES (?, ?)", (name, json.dumps(body)))

    def post(self, letter: Letter, *, event: str, state: str, due_at: float) -> None:
        """Put a webhook into the outbox."""
        self._connection.execute(
            "INSERT INTO outbox (event_id, event, subject, body, state, due_at, copies) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (letter.event_id, event, letter.subject, letter.body, state, due_at, letter.copies),
        )

    def due_letters(self, *, paused: bool, most: int) -> list[Letter]:
        """Webhooks due now, oldest first; while paused only those released by hand."""
        rows = self._connection.execute(
            "SELECT seq, event_id, subject, body, attempts, copies FROM outbox"
            " WHERE state = 'pending' AND due_at <= ? AND released >= ? ORDER BY seq LIMIT ?",
            (self.now, int(paused), most),
        )
        return [Letter(*row) for row in rows]

    def reschedule(self, seq: int, *, state: str, due_at: float, attempts: int, copies: int) -> None:
        """Write down how a delivery went."""
        self._connection.execute(
            "UPDATE outbox SET state = ?, due_at = ?, attempts = ?, copies = ? WHERE seq = ?",
            (state, due_at, attempts, copies, seq),
        )

    def release_letters(self) -> int:
        """Make every waiting webhook due now, also while paused; says how many."""
        return self._connection.execute(
            "UPDATE outbox SET released = 1, due_at = ? WHERE state = 'pending'", (self.now,)
        ).rowcount

    def outbox_counts(self) -> dict[str, int]:
        """How many webhooks are in each state."""
        return dict(self._connection.execute("SELECT state, count(*) FROM outbox GROUP BY state"))

    def later(self, kind: str, subject: str, due_at: float) -> None:
        """Note work to be done at a moment."""
        self._connection.execute("INSERT INTO job (kind, subject, due_at) VALUES (?, ?, ?)", (kind, subject, due_at))

    def take_job(self) -> tuple[str, str] | None:
        """The next work due, taken off the list, as (kind, subject)."""
        row = self._connection.execute(
            "DELETE FROM job WHERE seq = (SELECT seq FROM job WHERE due_at <= ? ORDER BY due_at, seq LIMIT 1)"
            " RETURNING kind, subject", (self.now,)).fetchone()  # fmt: skip
        return (str(row[0]), str(row[1])) if row else None
