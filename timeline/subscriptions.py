"""Who listens to which event. Inside handlers write to the database only; exchanges talk to the outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from timeline.vocabulary import require_known

if TYPE_CHECKING:
    from timeline.models import Event
    from timeline.operations import Operation

Inside = Callable[["Operation", "Event"], None]
Outside = Callable[["Event", int], None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One listener: `inside` commits its writes with the mark "delivered", the others may repeat."""

    name: str
    kinds: tuple[str, ...]
    handler: Callable[..., Any]
    inside: bool


_by_kind: dict[str, tuple[Subscriber, ...]] = {}
_by_name: dict[str, Subscriber] = {}


def subscribe(*kinds: str) -> Callable[[Inside], Inside]:
    """Hear of events of these kinds: `handler(op, event)`, effect exactly once, database only."""

    def register(handler: Inside) -> Inside:
        _add(kinds, handler, inside=True)
        return handler

    return register


def exchange(*kinds: str) -> Callable[[Outside], Outside]:
    """Speak to the outside about events of these kinds: `handler(event, delivery_id)`, with no transaction open.

    It may be called again after a crash: send the delivery's or the intent's own id as idempotency key.
    """

    def register(handler: Outside) -> Outside:
        _add(kinds, handler, inside=False)
        return handler

    return register


def of_kind(kind: str) -> tuple[Subscriber, ...]:
    """Everyone who listens to this kind of event."""
    return _by_kind.get(kind, ())


def named(name: str) -> Subscriber:
    """The subscriber of this name. Raises LookupError when it was removed since the delivery was written."""
    try:
        return _by_name[name]
    except KeyError:
        message = f"nobody answers to {name}"
        raise LookupError(message) from None


def everyone() -> dict[str, Subscriber]:
    """All subscribers by name."""
    return dict(_by_name)


def _add(kinds: tuple[str, ...], handler: Callable[..., Any], *, inside: bool) -> None:
    for kind in kinds:
        require_known(kind)
    name = f"{handler.__module__}.{handler.__qualname__}"
    if name in _by_name:
        message = f"{name} is subscribed twice"
        raise ValueError(message)
    subscriber = Subscriber(name=name, kinds=kinds, handler=handler, inside=inside)
    _by_name[name] = subscriber
    for kind in kinds:
        _by_kind[kind] = (*_by_kind.get(kind, ()), subscriber)
