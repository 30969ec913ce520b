"""Who looked at a customer's data: itself an event of the customer's story, once per person, reader and hour.

It is written before anything is shown, and never on the order's own story: looking changes no version of an order.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from orders.models import Order, Person
from shipping.models import Shipment
from timeline.models import Event
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from timeline.actors import Actor

KIND: Final = "personal_data.viewed"
WINDOW: Final = timedelta(hours=1)


@retried
def record(person: Person, *, actor: Actor, what: str, now: datetime, order_id: UUID | None = None) -> bool:
    """Book that `actor` sees this person's data in `what` (a page or a call); False when it was booked within the hour."""
    if _known([person.pk], actor, now):
        return False
    story = str(person.pk)
    with operation("personal_data.view", actor=actor, stream=story) as op:
        if _known([person.pk], actor, now):
            return False
        op.record(
            person, KIND, stream=story, facts={"what": what, "order_id": order_id},
            targets=[("customer", person.pk), *([("order", order_id)] if order_id is not None else [])],
        )
    return True


@retried
def of_orders(order_ids: Iterable[UUID], *, actor: Actor, what: str, now: datetime) -> int:
    """The same for paper that names the customers of these orders, such as labels and invoices; returns how many were not booked yet."""
    found = Order.objects.filter(pk__in=set(order_ids)).select_related("person").order_by("pk")
    orders = {order.person_id: order for order in found}
    fresh = sorted(orders.keys() - _known(orders, actor, now))
    if not fresh:
        return 0
    with operation("personal_data.view", actor=actor, stream=[str(person_id) for person_id in fresh]) as op:
        fresh = sorted(set(fresh) - _known(fresh, actor, now))
        for person_id in fresh:
            order = orders[person_id]
            op.record(
                order.person, KIND, stream=str(person_id), facts={"what": what, "order_id": order.pk},
                targets=[("customer", person_id), ("order", order.pk)],
            )
    return len(fresh)


def of_parcels(shipment_ids: Iterable[UUID], *, actor: Actor, what: str, now: datetime) -> int:
    """The same for the recipients of these parcels."""
    stories = Shipment.objects.filter(pk__in=set(shipment_ids)).values_list("stream", flat=True)
    return of_orders([UUID(story) for story in stories], actor=actor, what=what, now=now)


def _known(people: Iterable[UUID], actor: Actor, now: datetime) -> set[UUID]:
    """Whom this reader was booked to have seen within the hour. One statement."""
    said = Event.objects.filter(subject_type=Person._meta.label_lower, subject_id__in=[pk.hex for pk in people], kind=KIND)
    seen = said.filter(actor_type=actor.type, actor_id=actor.id, recorded_at__gt=now - WINDOW)
    return {UUID(hex=subject) for subject in seen.values_list("subject_id", flat=True)}
