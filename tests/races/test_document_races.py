"""Documents under many hands, on a real server (Z6, PAINS 24): consecutive numbers, whatever is rolled back between."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection

from orders import locks
from orders.models import Document, DocumentSeries, Line, Order
from orders.operations import documents
from payments.books import Entry
from tests import makers
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
INVOICES = 64
EVERY = 5
HANDS = 8


class ThoughtBetterOfIt(Exception):
    """What rolls an operation back after its number was taken."""


def race(jobs: list[Callable[[], Any]]) -> list[Any]:
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            barrier.wait(30)
            return retried(job)()
        except (ThoughtBetterOfIt, DatabaseError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def orders(count: int) -> list[UUID]:
    sku = makers.product().sku
    return [makers.placed_order(skus=[sku], quantity=1, payment_method="cod").pk for _ in range(count)]


def issue(order_id: UUID, *, roll_back: bool = False) -> str:
    with operation("invoice.issue", actor=makers.STAFF, stream=str(order_id)) as op:
        document = documents.issue_by_hand(op, order_id=order_id)
        if roll_back:
            raise ThoughtBetterOfIt
        return document.number


def jobs_for(ids: list[UUID], *, every: int = 0) -> list[Callable[[], Any]]:
    return [
        lambda pk=pk, bad=bool(every) and place % every == 0: issue(pk, roll_back=bad)  # type: ignore[misc]
        for place, pk in enumerate(ids, start=1)
    ]


def test_z6_many_invoices_at_once_have_consecutive_numbers_and_rollbacks_leave_no_gap() -> None:
    results = race(jobs_for(orders(INVOICES), every=EVERY))
    issued = sorted(result for result in results if isinstance(result, str))
    refused = [result for result in results if not isinstance(result, str)]
    assert len(issued) == INVOICES - INVOICES // EVERY
    assert {type(error) for error in refused} == {ThoughtBetterOfIt}
    series = DocumentSeries.objects.get()
    assert issued == [f"{series.series}/{number:06d}" for number in range(1, len(issued) + 1)]
    assert (series.last, Document.objects.count()) == (len(issued), len(issued))
    assert Entry.objects.filter(kind="invoice.issued").count() == len(issued)


def test_many_hands_issue_one_invoice_of_one_order() -> None:
    (order_id,) = orders(1)
    assert len(set(race([lambda: issue(order_id)] * HANDS))) == 1
    assert (Document.objects.count(), DocumentSeries.objects.get().last) == (1, 1)


def test_control_a_number_read_without_the_lock_is_given_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same race with the lock off: two hands hold one number, and only the database's constraint stands between."""
    issue(orders(1)[0])
    looked = threading.Barrier(HANDS)

    def careless(name: str) -> DocumentSeries:
        found = DocumentSeries.objects.get(pk=name)
        looked.wait(10)
        return found

    ids = orders(HANDS)
    monkeypatch.setattr(locks, "series", careless)
    results = race(jobs_for(ids))
    assert sum(isinstance(result, DatabaseError) for result in results) == HANDS - 1


def test_control_one_order_without_its_story_locked_is_refused_by_the_constraint(monkeypatch: pytest.MonkeyPatch) -> None:
    (order_id,) = orders(1)
    looked = threading.Barrier(2)
    real = documents.invoice_of

    def careless(pk: UUID) -> Document | None:
        found = real(pk)
        looked.wait(10)
        return found

    def unlocked(seq: int) -> str:
        with operation("invoice.issue", actor=makers.STAFF) as op:
            op._streams[str(order_id)] = seq  # as if the story were locked
            return documents.issue_by_hand(op, order_id=order_id).number

    monkeypatch.setattr(documents, "invoice_of", careless)
    monkeypatch.setattr(locks, "order", lambda pk: Order.objects.get(pk=pk))
    monkeypatch.setattr(locks, "lines", lambda pk: list(Line.objects.filter(order_id=pk)))
    results = race([lambda: unlocked(1_000), lambda: unlocked(2_000)])
    assert sum(isinstance(result, DatabaseError) for result in results) == 1
