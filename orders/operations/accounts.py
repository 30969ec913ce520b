"""Customers' accounts: an e-mail address that was proved by a code is a person."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from orders.models import Message, Person
from orders.operations import people
from timeline import vault

if TYPE_CHECKING:
    from timeline.operations import Operation


def person_id_of(email: str) -> UUID:
    """The id of the customer who owns this address: keyed, so that an id tells nothing of the address."""
    return UUID(bytes=vault.blind("customer", people.normal(email))[:16], version=5)


def know(op: Operation, *, email: str) -> Person:
    """The customer of this address, from the first sight on."""
    person_id = person_id_of(email)
    op.open_stream(str(person_id))
    person = people.ensure(op, person_id=person_id, kind=Person.Kind.CUSTOMER)
    return people.remember(op, person=person, profile={"email": people.normal(email)})


def write_code(op: Operation, *, email: str, subject: str, body: str) -> Message:
    """The message that carries a sign-in code, sealed as every message is."""
    person = know(op, email=email)
    message = Message(id=op.new_id(), person=person, template="sign_in_code", medium="email", created_at=op.now)
    message.sealed = message.seal({"to": people.normal(email), "subject": subject, "body": body})
    message.save(force_insert=True)
    return message


def code_sent(op: Operation, *, message: Message) -> None:
    """The code's message has left the house."""
    Message.objects.filter(pk=message.pk, state="asked").update(state="sent", sent_at=op.now)
