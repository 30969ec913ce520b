"""System checks of the kernel: the triggers are there, each machine says its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from timeline.transitions import machine, machines
from timeline.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Sequence


def register_all() -> None:
    """Register the checks with Django."""
    checks.register(machines_speak)
    checks.register(triggers_present, checks.Tags.database)
    checks.register(trigrams_present, checks.Tags.database)


def machines_speak(**_: Any) -> list[checks.CheckMessage]:
    """Every arrow of every machine has its event in the vocabulary."""
    return [
        checks.Error(f"{model.__name__}.{step.verb} says no event of the vocabulary", id="timeline.E001")
        for model in machines()
        for step in machine(model).steps
        if step.event not in VOCABULARY
    ]


def triggers_present(*, databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """The database's guard is complete."""
    from timeline import triggers

    if not databases:
        return []
    try:
        gone = triggers.missing()
    except DatabaseError as error:
        return [checks.Warning(f"cannot look for the triggers: {error}", id="timeline.W001")]
    if gone and _is_behind():  # `migrate` itself asks these checks first, and is what attaches the triggers
        return [checks.Warning(f"{len(gone)} triggers are missing until this database is migrated", id="timeline.W002")]
    return [checks.Error(f"trigger {name} is missing; run migrate", id="timeline.E002") for name in gone]


def trigrams_present(*, databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """A search for a part of a word has its indexes."""
    from timeline import trigrams

    try:
        gone = trigrams.missing() if databases else []
    except DatabaseError:
        return []  # the check of the triggers says that the database cannot be asked
    if not gone or _is_behind():
        return []
    hint = f"Run CREATE EXTENSION {trigrams.EXTENSION} as the database's owner, then migrate."
    return [checks.Warning(f"search for part of a word is slow without {', '.join(gone)}", hint=hint, id="timeline.W003")]


def _is_behind() -> bool:
    """Whether migrations wait for this database."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
