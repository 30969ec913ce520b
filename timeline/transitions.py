"""The one door through which a state may change, and the guard in front of it."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django_fsm import TransitionNotAllowed

from timeline.errors import Stale, TransitionRefused
from timeline.operations import Operation, OperationRequired, current
from timeline.states import StateModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from timeline.models import Event

_RECORD_WORDS = frozenset({"private", "person", "targets", "public", "occurred_at", "stream"})


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of a machine."""

    verb: str
    source: str
    target: str
    event: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as a table: its states, where it may begin, its arrows."""

    states: tuple[str, ...]
    initial: tuple[str, ...]
    steps: tuple[Step, ...]

    def verbs(self) -> tuple[str, ...]:
        """The transitions' names."""
        return tuple(dict.fromkeys(step.verb for step in self.steps))

    def from_state(self, state: str) -> tuple[Step, ...]:
        """The arrows that leave this state."""
        return tuple(step for step in self.steps if step.source == state)


def begin(op: Operation, instance: StateModel, kind: str, **words: Any) -> Event:
    """Book the birth of a machine, then insert its row. `words` are those of `Operation.record`."""
    event = op.record(instance, kind, to_state=str(instance.status), **words)
    instance.save(force_insert=True)
    return event


def advance(op: Operation, bound: Callable[..., Any], /, **words: Any) -> Event:
    """Run a transition: django-fsm checks, the event is booked, then the row is changed.

    Words of `Operation.record` (private, person, targets, public, occurred_at, stream) go to the event; all others are
    facts, and those the transition method names are its arguments too. Only the fields which the method set are
    written. Raises `TransitionRefused` naming the allowed verbs, `Stale` when the row moved meanwhile.
    """
    instance: StateModel = bound.__self__  # type: ignore[attr-defined]
    record = {word: words.pop(word) for word in _RECORD_WORDS & words.keys()}
    before = str(instance.status)
    held = _values(instance)
    op.advancing = instance
    try:
        bound(**{name: value for name, value in words.items() if name in _arguments(_method(bound))})
    except TransitionNotAllowed as error:
        raise _refused(instance, before, bound) from error
    finally:
        op.advancing = None

    event = op.record(
        instance, _kind(bound, before), facts=words, from_state=before, to_state=str(instance.status), **record
    )
    # A step to where it is already may set nothing; the state is written all the same, so that the row answers.
    changed = {name: value for name, value in _values(instance).items() if name == "status" or held[name] != value}
    where: dict[str, Any] = {"pk": instance.pk, "status": before}
    rows = type(instance)._base_manager.filter(**where).update(**changed)
    if rows != 1:
        raise Stale
    return event


def require_step(bound: Callable[..., Any]) -> None:
    """That the machine allows the step from where it is, before its arguments are looked at. Raises `TransitionRefused`."""
    instance: StateModel = bound.__self__  # type: ignore[attr-defined]
    if bound.__name__ not in allowed(instance):
        raise _refused(instance, str(instance.status), bound)


def allowed(instance: StateModel) -> list[str]:
    """The verbs this machine allows from where it is."""
    return list(allowed_from(type(instance), str(instance.status)))


@functools.cache
def allowed_from(model: type[StateModel], state: str) -> tuple[str, ...]:
    """The verbs a machine of this model allows from a state, by name."""
    return tuple(sorted({step.verb for step in machine(model).from_state(state)}))


@functools.cache
def machine(model: type[StateModel]) -> Machine:
    """The model's machine as a table, for triggers, documents and tests."""
    field: Any = next(field for field in model._meta.concrete_fields if field.name == "status")
    steps = tuple(
        sorted(
            (
                Step(item.name, str(item.source), str(item.target), str(item.custom.get("event", "")))
                for item in field.get_all_transitions(model)
            ),
            key=lambda step: (step.source, step.target, step.verb),
        )
    )
    states = tuple(str(value) for value, _ in field.choices)
    initial = tuple(str(state) for state in getattr(model, "INITIAL", (field.default,)))
    return Machine(states=states, initial=initial, steps=steps)


def machines() -> tuple[type[StateModel], ...]:
    """Every machine of the project."""
    from django.apps import apps

    return tuple(model for model in apps.get_models() if issubclass(model, StateModel))


def refuse_unrecorded(sender: type[models.Model], instance: models.Model, name: str, **_: Any) -> None:
    """Refuse any transition that does not run inside `advance`, for every machine, present and future."""
    if current().advancing is not instance:
        message = f"call advance(op, {sender.__name__.lower()}.{name}, …), not .{name}()"
        raise OperationRequired(message)


def _refused(instance: StateModel, state: str, bound: Callable[..., Any]) -> TransitionRefused:
    return TransitionRefused(
        f"{type(instance).__name__} is {state}; {bound.__name__} is not possible from there.", allowed=allowed(instance)
    )


def _method(bound: Callable[..., Any]) -> Callable[..., Any]:
    return bound.__func__  # type: ignore[attr-defined,no-any-return]


@functools.cache
def _arguments(method: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(method).parameters) - {"self"}


def _kind(bound: Callable[..., Any], before: str) -> str:
    transition = bound._django_fsm.get_transition(before)  # type: ignore[attr-defined]
    return str(transition.custom["event"])


def _values(instance: models.Model) -> dict[str, Any]:
    known = instance.__dict__
    return {field.attname: known[field.attname] for field in instance._meta.concrete_fields if field.attname in known}
