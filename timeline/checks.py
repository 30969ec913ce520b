"""System checks of the kernel: the triggers are there, each machine says its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import DatabaseError

from timeline.transitions import machine, machines
from timeline.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Sequence


def register_all() -> None:
    """Register the checks with Django."""
    checks.register(machines_speak)
    checks.register(triggers_present, checks.Tags.database)


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
    return [checks.Error(f"trigger {name} is missing; run migrate", id="timeline.E002") for name in gone]
