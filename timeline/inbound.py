"""Raw messages from outside, kept before anything is done with them: each once, however often and however many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError

from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

    from timeline.actors import Actor
    from timeline.operations import Operation


@retried
def keep_once(
    known: QuerySet[Any], *, name: str, actor: Actor, take: Callable[[Operation], object], repeat: Callable[..., object]
) -> None:
    """Keep the message (`take(op)`) unless `known` has it; then it is counted (`repeat(op, notice_id=…)`). Raises Busy.

    Of two that come at once the unique constraint lets one in, and the other is counted.
    """
    if _count(known, name, actor, repeat):
        return
    try:
        with operation(f"{name}.take", actor=actor) as op:
            take(op)
    except IntegrityError:
        if not _count(known, name, actor, repeat):
            raise


def _count(known: QuerySet[Any], name: str, actor: Actor, repeat: Callable[..., object]) -> bool:
    notice_id = known.values_list("pk", flat=True).first()
    if notice_id is None:
        return False
    with operation(f"{name}.repeat", actor=actor) as op:
        repeat(op, notice_id=notice_id)
    return True
