"""Promises beyond what is there, under many hands: the limit, the queue, the word that stock is low."""

from __future__ import annotations

import time
import uuid
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from inventory import locks
from inventory import operations as stock
from inventory.catalogue import Variant
from inventory.stock import Backorder, Level
from tests.inventory import makers
from tests.races.test_stock_races import order, race, unlocked
from timeline.models import Event
from timeline.operations import Operation
from timeline.retries import retried

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

LIMIT = 20
ATTEMPTS = 48


def unlocked_variants(*, variant_ids: Any) -> list[Variant]:
    found = list(Variant.objects.filter(id__in=list(variant_ids)))
    time.sleep(0.01)
    return found


def preorder_rush() -> int:
    """48 customers for 20 units that lie nowhere yet; gives how many were promised one."""
    makers.warehouse()
    new = makers.variant("NEW")
    makers.policy("NEW", "preorder", limit=LIMIT)
    answers = race(*[order({new: 1}) for _ in range(ATTEMPTS)])
    assert all(isinstance(answer, list | stock.OutOfStock) for answer in answers), answers
    return sum(isinstance(answer, list) for answer in answers)


def test_the_limit_of_a_preorder_is_exact() -> None:
    assert preorder_rush() == LIMIT
    assert (Variant.objects.get().backordered, Backorder.objects.count()) == (LIMIT, LIMIT)
    makers.assert_adds_up()


def test_control_without_the_lock_of_the_variant_too_much_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "variants", unlocked_variants)
    assert preorder_rush() > LIMIT


def test_stock_comes_while_customers_order_cancel_and_sweeps_run() -> None:
    """No unit is given twice, none is left while somebody waits, and the oldest are served first."""
    makers.warehouse()
    tea = makers.on_shelf({"TEA": 4})["TEA"]
    makers.policy("TEA", "backorder")
    for number in range(8):
        makers.commit(f"w{number}", {tea: 2})
    jobs: list[Any] = []
    for number in range(4):
        jobs += [
            order({tea: 1}),
            retried(partial(makers.receive, "TEA", 2)),
            makers.fill,
            retried(partial(makers.release, f"w{2 * number + 1}")),
            makers.fill,
        ]
    answers = race(*jobs)
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    makers.fill()
    makers.assert_adds_up()
    level = Level.objects.get()
    waits = Backorder.objects.filter(status="waiting")
    assert level.held == level.on_hand or not waits.exists()
    served = set(Backorder.objects.filter(status="filled").values_list("created_at", flat=True))
    assert all(row.created_at > at for row in waits for at in served if row.filled == 0)


def look_together() -> list[Any]:
    """A level runs low and eight sweeps see it at once."""
    makers.warehouse()
    makers.on_shelf({"TEA": 3})
    makers.watch("TEA", reorder_at=5)
    now = timezone.now()
    return race(*[lambda: stock.watch_due(now)] * 8)


def test_low_stock_is_said_once_by_eight_sweeps() -> None:
    answers = look_together()
    assert sum(answers) == 1
    assert Event.objects.filter(kind="stock.ran_low").count() == 1


def test_control_without_the_locks_low_stock_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def apart(self: Operation, stream: str) -> None:  # every operation believes to be in a story of its own
        self._streams[stream] = uuid.uuid4().int % 10**8

    monkeypatch.setattr(Operation, "open_stream", apart)
    monkeypatch.setattr(locks, "levels", unlocked)
    answers = look_together()
    assert sum(answer for answer in answers if isinstance(answer, int)) > 1 or any(
        isinstance(answer, DatabaseError) for answer in answers
    )
