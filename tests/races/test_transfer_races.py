"""A guest signs in as several at once: what they had goes to one of them (C17)."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest

from orders.models import Person
from orders.operations import identify, people
from tests import makers
from tests.races.test_order_races import race, won
from timeline.models import Event, Stream
from timeline.operations import Operation, operation

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS = 8


@pytest.fixture
def guest_id() -> uuid.UUID:
    """A guest who was seen before."""
    pk = uuid.uuid4()
    with operation("test.guest", actor=makers.TESTER, stream=str(pk)) as op:
        people.ensure(op, person_id=pk, kind="guest")
    return pk


def signed_in(guest_id: uuid.UUID) -> identify.Transferred:
    customer_id = uuid.uuid4()
    with operation("test.transfer", actor=makers.shopper(customer_id), stream=[str(guest_id), str(customer_id)]) as op:
        return identify.transfer(op, guest_id=guest_id, customer_id=customer_id)


def test_c17_one_customer_has_it(guest_id: uuid.UUID) -> None:
    results = race(*[lambda: signed_in(guest_id)] * THREADS)
    assert won(results) == 1
    assert {type(error) for error in results if isinstance(error, Exception)} == {identify.AlreadyTransferred}
    assert Event.objects.filter(kind="session.identified").count() == 1
    assert Person.objects.get(pk=guest_id).owner_id is not None


def test_control_without_the_lock_two_have_it(guest_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)
    honest = identify._move_carts

    def unlocked(self: Operation, stream: str) -> None:
        found = Stream.objects.filter(pk=stream).first()
        self._streams.setdefault(stream, found.seq if found is not None else 0)

    def slow(*words: Any) -> list[str]:
        both.wait(10)
        return honest(*words)

    monkeypatch.setattr(Operation, "open_stream", unlocked)
    monkeypatch.setattr(identify, "_move_carts", slow)
    assert won(race(*[lambda: signed_in(guest_id)] * 2)) == 2
