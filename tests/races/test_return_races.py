"""Returns under many hands: a unit is asked for once (E21)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import DatabaseError

from orders import locks as order_locks
from orders import return_queries
from orders.models import Line, Order, ReturnLine
from orders.operations.returns import ReturnNotPossible
from tests import makers as shop
from tests.races.test_order_races import race, won
from tests.returns import makers
from timeline.models import Stream
from timeline.operations import Operation

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS = 8


@pytest.fixture
def order() -> Order:
    return shop.delivered_order(quantity=2)


def test_a_unit_is_asked_for_once(order: Order) -> None:
    results = race(*[lambda: makers.asked(order)] * THREADS)
    assert won(results) == 2
    assert {type(error) for error in results if isinstance(error, Exception)} == {ReturnNotPossible}
    assert sum(ReturnLine.objects.values_list("quantity", flat=True)) == 2


def test_control_without_the_lock_more_is_asked_for_than_there_is(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the story's lock both see the same two units; the numbering of the story alone stands between them."""
    both = threading.Barrier(2)
    honest = return_queries.bought

    def unlocked(self: Operation, stream: str) -> None:
        self._streams.setdefault(stream, Stream.objects.get(pk=stream).seq)

    def slow(lines: list[Line]) -> Any:
        found = honest(lines)
        both.wait(10)
        return found

    monkeypatch.setattr(Operation, "open_stream", unlocked)
    monkeypatch.setattr(order_locks, "order", lambda pk: Order.objects.select_related("person__key").get(pk=pk))
    monkeypatch.setattr(order_locks, "lines", lambda pk: list(Line.objects.filter(order_id=pk).order_by("place")))
    monkeypatch.setattr(return_queries, "bought", slow)
    results = race(lambda: makers.asked(order, units=2), lambda: makers.asked(order, units=2))
    refused = [result for result in results if isinstance(result, Exception)]
    assert not any(isinstance(error, ReturnNotPossible) for error in refused)  # nobody saw that it is too much
    assert any(isinstance(error, DatabaseError) for error in refused) or sum(ReturnLine.objects.values_list("quantity", flat=True)) > 2
