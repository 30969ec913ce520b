"""The state field and the base of every model that is a machine.

Note [A guard that does not flicker]
    `FSMField(protected=True)` is no guard in a threaded server: `refresh_from_db()` of django-fsm-2 4.2.4 switches the
    protection off on the field, which all threads share, and leaves it off when the row is gone. So the flag is kept on
    the instance, for the length of one reload, and setting the value a row already has is no change.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.signals import class_prepared
from django_fsm import FSMField, FSMFieldDescriptor

_RELOADING = "_state_is_reloading"
_OF_A_MIGRATION = "__fake__"  # the module of every class that a migration renders


class StateDescriptor(FSMFieldDescriptor):
    """Refuses assignment of another state, except while this very instance is being reloaded."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        known = instance.__dict__
        if self.field.name in known and known[self.field.name] != value and not known.get(_RELOADING):
            message = f"{type(instance).__name__}.{self.field.name} changes only through advance(op, …)"
            raise AttributeError(message)
        self.field.set_state(instance, value)


class StateField(FSMField):
    """A django-fsm field whose protection holds in threads."""

    descriptor_class = StateDescriptor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault("protected", True)
        super().__init__(*args, **kwargs)

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False, **kwargs: Any) -> None:
        """As ever; a class of a migration has no verbs, and its field looks for none.

        django-fsm asks every class that is made from then on, for every such field: migrating from empty renders thousands of both.
        """
        super().contribute_to_class(cls, name, private_only=private_only, **kwargs)
        if cls.__module__ == _OF_A_MIGRATION:
            class_prepared.disconnect(self._collect_transitions)


class StateModel(models.Model):
    """A machine: its `status` moves only through `timeline.transitions.advance`.

    `FROZEN` names columns that never change after the insert, `CHANGED_BY` those that change only with an event of a
    kind; the database refuses anything else (timeline.triggers).
    """

    FROZEN: ClassVar[tuple[str, ...]] = ()
    CHANGED_BY: ClassVar[dict[str, tuple[str, ...]]] = {}
    status: Any

    class Meta:
        abstract = True

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Read the row again; Note [A guard that does not flicker]."""
        self.__dict__[_RELOADING] = True
        try:
            super().refresh_from_db(*args, **kwargs)
        finally:
            self.__dict__.pop(_RELOADING, None)
