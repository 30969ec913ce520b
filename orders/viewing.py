"""Who looked at a customer's data: itself an event of the customer's story, once per person, reader and hour.

It is written before anything is shown, and never on the order's own story: looking changes no version of an order.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from timeline.models import Event
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from orders.models import Person
    from timeline.actors import Actor

KIND: Final = "personal_data.viewed"
WINDOW: Final = timedelta(hours=1)


@retried
def record(person: Person, *, actor: Actor, what: str, now: datetime, order_id: UUID | None = None) -> bool:
    """Book that `actor` sees this person's data in `what` (a page or a call); False when it was booked within the hour."""
    if _is_known(person, actor, now):
        return False
    story = str(person.pk)
    with operation("personal_data.view", actor=actor, stream=story) as op:
        if _is_known(person, actor, now):
            return False
        op.record(
            person, KIND, stream=story, facts={"what": what, "order_id": order_id},
            targets=[("customer", person.pk), *([("order", order_id)] if order_id is not None else [])],
        )
    return True


def _is_known(person: Person, actor: Actor, now: datetime) -> bool:
    said = Event.objects.filter(subject_type=person._meta.label_lower, subject_id=person.pk.hex, kind=KIND)
    return said.filter(actor_type=actor.type, actor_id=actor.id, recorded_at__gt=now - WINDOW).exists()
