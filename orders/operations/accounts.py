"""Customers' accounts: an e-mail address that was proved by a code is a person.

Note [Whose address it is]
    A customer's id is chance. That an address is theirs is one row, a keyed hash that points to the person, unique over all.
    Erasing the person takes the row away, and with it the last way from the address to what they did: who comes back with the
    same address is somebody new. An account from before ids were chance has a keyed hash of the address as its id, and is
    found by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from orders.models import Message, Person, PersonToken
from orders.operations import people
from timeline import vault

if TYPE_CHECKING:
    from timeline.operations import Operation

ACCOUNT = "account"


def person_id_of(email: str) -> UUID | None:
    """The id of the customer who owns this address; None for one nobody has shown yet. At most two statements."""
    owner = PersonToken.objects.filter(kind=ACCOUNT, token=_token(email)).values_list("person_id", flat=True).first()
    if owner is not None:
        return owner
    old = UUID(bytes=vault.blind("customer", people.normal(email))[:16], version=5)
    return old if Person.objects.filter(pk=old, erased_at=None).exists() else None


def know(op: Operation, *, email: str) -> Person:
    """The customer of this address, from the first sight on; Note [Whose address it is]."""
    person_id = person_id_of(email) or op.new_id()
    # The row is the claim: a twin waits here, and finds the address taken.
    PersonToken.objects.bulk_create([PersonToken(person_id=person_id, kind=ACCOUNT, token=_token(email))], ignore_conflicts=True)
    owner = PersonToken.objects.get(kind=ACCOUNT, token=_token(email)).person_id
    op.open_stream(str(owner))
    person = people.ensure(op, person_id=owner, kind=Person.Kind.CUSTOMER)
    return people.remember(op, person=person, profile={"email": people.normal(email)})


def write_code(op: Operation, *, person: Person, email: str, subject: str, body: str) -> Message:
    """The message that carries a sign-in code, sealed as every message is."""
    message = Message(id=op.new_id(), person=person, template="sign_in_code", medium="email", created_at=op.now)
    message.sealed = message.seal({"to": people.normal(email), "subject": subject, "body": body})
    message.save(force_insert=True)
    return message


def code_sent(op: Operation, *, message: Message) -> None:
    """The code's message has left the house."""
    Message.objects.filter(pk=message.pk, state="asked").update(state="sent", sent_at=op.now)


def _token(email: str) -> bytes:
    return vault.blind(ACCOUNT, people.normal(email))
