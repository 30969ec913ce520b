"""A row that is born further on in its machine: with every step to there in the book, or not at all. Held on both engines."""

from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError

from tests.door.models import Ticket
from timeline.actors import system
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)
TESTS = system("tests")
REFUSED = "no such step|no step from"
BROKEN = {
    "no birth": [("pending", "confirmed"), ("confirmed", "cancelled")],
    "a step left out": [("", "pending"), ("confirmed", "cancelled")],
    "a step no machine knows": [("", "confirmed"), ("confirmed", "cancelled")],
    "it goes on after": [("", "pending"), ("pending", "cancelled"), ("cancelled", "pending")],
    "not so far": [("", "pending"), ("pending", "confirmed")],
    "nothing": [],
}


def bear(steps: list[tuple[str, str]], state: str = "cancelled") -> Ticket:
    ticket = Ticket(id=uuid.uuid4(), number="T-4", status=state)
    with operation("x", actor=TESTS, stream="t") as op:
        for before, after in steps:
            op.record(ticket, "checkout.held", from_state=before, to_state=after)
        ticket.save(force_insert=True)
    return ticket


@pytest.mark.parametrize("between", [[], [("", "")]])
def test_a_row_is_born_further_on_with_its_whole_history(between: list[tuple[str, str]]) -> None:
    ticket = bear([("", "pending"), *between, ("pending", "confirmed"), ("confirmed", "cancelled")])
    assert Ticket.objects.get(pk=ticket.pk).status == "cancelled"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_history_gives_birth_to_nothing(name: str) -> None:
    with pytest.raises(DatabaseError, match=REFUSED):
        bear(BROKEN[name])
    assert not Ticket.objects.exists()


@pytest.mark.postgres
def test_a_history_of_another_transaction_gives_birth_to_nothing() -> None:
    ticket = Ticket(id=uuid.uuid4(), number="T-5", status="confirmed")
    with operation("x", actor=TESTS, stream="t") as op:
        op.record(ticket, "checkout.started", to_state="pending")
    with pytest.raises(DatabaseError, match=REFUSED), operation("x", actor=TESTS, stream="t") as op:
        op.record(ticket, "checkout.held", from_state="pending", to_state="confirmed")
        ticket.save(force_insert=True)
