"""Two comparisons at once, and a day closed by two people: each with its control, the same race without the lock."""

from __future__ import annotations

import itertools
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate

from orders.models import Case
from orders.operations import cases
from orders.operations.cases import Found
from orders.reconciliation import closing, runs
from payments.models import ClosedDay
from tests.makers import STAFF
from tests.races.test_payment_races import errors, race
from timeline.models import Event
from timeline.operations import Operation, operation
from timeline.retries import retried

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
RUNS = 6
_far_apart = itertools.count(1000, 1000)


def differences() -> list[Found]:
    return [
        Found(
            root=f"stuck_processing:{number}", kind="status", cause="stuck_processing", owner="warehouse", severity="medium",
            amount_minor=0, currency="INR", fact_day=localdate(), stream="", order_id=None,
        )
        for number in range(10)
    ]


def write_at_once() -> list[Any]:
    @retried
    def write() -> list[str]:
        with operation("reconciliation.write", actor=runs.SYSTEM, stream=cases.STREAM) as op:
            return cases.write(op, found=differences())

    return race([write] * RUNS)


def test_runs_at_once_make_one_case_of_each_difference() -> None:
    results = write_at_once()
    assert errors(results) == []
    assert sorted(len(roots) for roots in results) == [0] * (RUNS - 1) + [10]
    assert (Case.objects.count(), Event.objects.filter(kind="case.opened").count()) == (10, 10)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No story is locked, and there is time between looking and writing."""

    def open_stream(self: Operation, stream: str) -> None:
        self._streams.setdefault(stream, next(_far_apart))

    known = cases._known

    def slowly(roots: list[str]) -> dict[str, Case]:
        found = known(roots)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(Operation, "open_stream", open_stream)
    monkeypatch.setattr(cases, "_known", slowly)


@pytest.mark.usefixtures("unlocked")
def test_control_without_the_lock_runs_run_into_each_other() -> None:
    assert errors(write_at_once()) != []


def test_a_day_closed_at_once_is_closed_once() -> None:
    day = localdate() - timedelta(days=2)
    runs.perform(runs.ask_day(day).pk)

    @retried
    def close() -> str:
        with operation("day.close", actor=STAFF) as op:
            return str(closing.close_day(op, day=day).digest)

    results = race([close] * RUNS)
    assert errors(results) == []
    assert len(set(results)) == 1
    assert (ClosedDay.objects.count(), Event.objects.filter(kind="day.closed").count()) == (1, 1)
