"""A guest signs in: the cart and the orders they have are the customer's from then on (C15 to C17).

Note [What moves and what stays]
    An open cart moves: its contact is sealed anew, under the customer's key. Orders stay where they are, with all that was
    sealed for them, and the guest gets an owner (`Person.owner`), by which everything of the guest's is the customer's. The
    story of the guest is locked first and an owner is set once, so a second transfer finds it done, and another
    customer's is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orders import locks
from orders.models import Checkout, Order, Person
from orders.operations import people
from timeline.errors import Invalid, Refused
from timeline.models import Event

if TYPE_CHECKING:
    from uuid import UUID

    from timeline.operations import Operation

MOVED_MAX = 100


class AlreadyTransferred(Refused):
    """This guest has signed in as somebody else already."""


class NotAGuest(Invalid):
    """The token is no guest's."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """What came to the customer, and the session it came with."""

    checkout_ids: list[str]
    order_ids: list[str]
    session_id: str
    is_new: bool


def identify(op: Operation, *, customer_id: UUID) -> Event:
    """A customer has signed in, and nothing comes along."""
    op.open_stream(str(customer_id))
    customer = people.ensure(op, person_id=customer_id, kind=Person.Kind.CUSTOMER)
    return op.record(customer, "session.identified", stream=str(customer_id), targets=[("customer", customer_id)])


def transfer(op: Operation, *, guest_id: UUID, customer_id: UUID) -> Transferred:
    """Make the guest's cart and orders the customer's, exactly once. Raises AlreadyTransferred, NotAGuest."""
    op.open_stream(str(guest_id))
    op.open_stream(str(customer_id))
    customer = people.ensure(op, person_id=customer_id, kind=Person.Kind.CUSTOMER)
    guest = people.ensure(op, person_id=guest_id, kind=Person.Kind.GUEST)
    if guest.kind != Person.Kind.GUEST or guest.pk == customer.pk:
        raise NotAGuest
    if guest.owner_id is not None:
        return _known(guest, customer)

    checkouts = _move_carts(op, guest, customer)
    orders = _move_orders(op, guest, customer)
    facts = {"guest_id": guest.pk, "checkouts": checkouts, "orders": orders}
    op.record(customer, "session.identified", stream=str(customer_id), facts=facts, targets=[("customer", customer_id), ("guest", guest_id)])
    Person.objects.filter(pk=guest.pk).update(owner=customer)
    return Transferred(checkouts, orders, op.actor.session_id, is_new=True)


def _known(guest: Person, customer: Person) -> Transferred:
    """The answer of the first time, read from its event."""
    if guest.owner_id != customer.pk:
        raise AlreadyTransferred
    first = Event.objects.filter(stream=str(customer.pk), kind="session.identified", facts__guest_id=str(guest.pk)).first()
    facts = first.facts if first is not None else {}
    return Transferred(facts.get("checkouts", []), facts.get("orders", []), first.session_id if first is not None else "", is_new=False)


def _move_carts(op: Operation, guest: Person, customer: Person) -> list[str]:
    moved = []
    for pk in sorted(Checkout.objects.filter(person=guest, status__in=Checkout.GOING_ON).values_list("pk", flat=True)[:MOVED_MAX]):
        op.open_stream(str(pk))
        cart = locks.checkout(pk)
        if cart.status not in Checkout.GOING_ON:
            continue
        contact = cart.contact()
        facts = {"from_id": guest.pk, "to_id": customer.pk}
        op.record(cart, "checkout.transferred", stream=str(pk), facts=facts, targets=[("customer", customer.pk)])
        cart.person = customer
        Checkout.objects.filter(pk=pk).update(person=customer, sealed=cart.seal_contact(contact) if contact else None)
        moved.append(str(pk))
    return moved


def _move_orders(op: Operation, guest: Person, customer: Person) -> list[str]:
    moved = []
    for pk in sorted(Order.objects.filter(person=guest).values_list("pk", flat=True)[:MOVED_MAX]):
        op.open_stream(str(pk))
        facts = {"from_id": guest.pk, "to_id": customer.pk}
        op.record(Order(pk=pk), "order.transferred", stream=str(pk), facts=facts, targets=[("customer", customer.pk)])
        moved.append(str(pk))
    return moved
