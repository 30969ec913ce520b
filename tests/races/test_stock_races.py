"""Stock under many hands, on a real server: each race with its control, the same race with the guard switched off."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from inventory import locks
from inventory import operations as stock
from inventory.operations import holding, moving, shelves
from inventory.reconciliation import differences
from inventory.stock import Hold, Level, Movement
from tests.inventory import makers
from timeline.errors import Busy
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

THREADS = 8
ATTEMPTS = 64
UNITS = 20
WAIT_SECONDS = 60


def race(*jobs: Callable[[], Any], threads: int = THREADS) -> list[Any]:
    """Run the jobs on so many threads that start together; gives what each returned or raised."""
    barrier = threading.Barrier(min(threads, len(jobs)))
    waiting = threading.local()

    def run(job: Callable[[], Any]) -> Any:
        try:
            if not getattr(waiting, "over", False):
                waiting.over = True
                barrier.wait(WAIT_SECONDS)
            return job()
        except (stock.OutOfStock, stock.StockPromised, Busy, DatabaseError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(barrier.parties) as pool:
        return list(pool.map(run, jobs))


def order(units: dict[uuid.UUID, int]) -> Callable[[], list[Hold]]:
    """One customer who commits these units in a story of their own."""
    return retried(lambda: makers.commit(uuid.uuid4().hex, units))


def unlocked(*, variant_ids: Any) -> list[Level]:
    """`locks.levels` without the lock, and slow enough for another to come between."""
    found = list(Level.objects.select_related("warehouse", "variant").filter(variant_id__in=list(variant_ids)))
    time.sleep(0.01)
    return found


def read_modify_save(op: Any, *, steps: Sequence[moving.Step], reason: str = "", **_: Any) -> list[Level]:
    """`moving.move` as it is written by hand everywhere: compute in Python, write the number back."""
    for step in steps:
        Level.objects.filter(pk=step.level.pk).update(
            on_hand=step.level.on_hand + step.on_hand, held=step.level.held + step.held
        )
    Movement.objects.bulk_create(
        Movement(
            id=op.new_id(),
            warehouse_id=step.level.warehouse_id,
            variant_id=step.level.variant_id,
            kind=step.kind,
            on_hand_delta=step.on_hand,
            held_delta=step.held,
            stream=step.stream,
            operation_id=op.id,
            hold_id=step.hold_id,
            at=op.now,
        )
        for step in steps
    )
    return []


@pytest.fixture
def no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "levels", unlocked)
    monkeypatch.setattr(holding, "move", read_modify_save)
    monkeypatch.setattr(shelves, "move", read_modify_save)


def sell_out() -> tuple[int, list[Any]]:
    """64 customers for 20 units; gives how many got one, and all answers."""
    makers.warehouse()
    tea = makers.on_shelf({"TEA": UNITS})["TEA"]
    answers = race(*[order({tea: 1}) for _ in range(ATTEMPTS)])
    return sum(isinstance(answer, list) for answer in answers), answers


def test_f01_the_last_units_are_sold_exactly_once() -> None:
    sold, answers = sell_out()
    assert sold == UNITS
    assert sum(isinstance(answer, stock.OutOfStock) for answer in answers) == ATTEMPTS - UNITS
    assert makers.level("TEA") == (UNITS, UNITS)
    makers.assert_adds_up()


def test_f01_the_condition_alone_sells_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "levels", unlocked)
    sold, _ = sell_out()
    assert sold == UNITS
    makers.assert_adds_up()


@pytest.mark.usefixtures("no_guard")
def test_control_f01_without_the_guard_too_much_is_sold() -> None:
    sold, _ = sell_out()
    assert sold > UNITS
    assert differences()


def test_f02_the_same_sku_twice_cannot_slip_past_the_check() -> None:
    makers.warehouse()
    tea = makers.on_shelf({"TEA": UNITS})["TEA"]

    def twice() -> list[Hold]:
        stream = uuid.uuid4().hex
        with makers.story(stream) as op:
            return stock.commit(op, stream=stream, wants=[stock.Want(tea, 1), stock.Want(tea, 2)])

    answers = race(*[retried(twice) for _ in range(24)])
    assert sum(isinstance(answer, list) for answer in answers) == UNITS // 3
    assert makers.level("TEA") == (UNITS, UNITS - UNITS % 3)
    makers.assert_adds_up()


def test_control_f02_unmerged_lines_are_checked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_wins(wants: Any) -> dict[uuid.UUID, int]:
        return {want.variant_id: want.quantity for want in wants}

    monkeypatch.setattr(holding, "merged", last_wins)
    makers.warehouse()
    tea = makers.on_shelf({"TEA": 5})["TEA"]
    with makers.story("o") as op:
        held = stock.commit(op, stream="o", wants=[stock.Want(tea, 4), stock.Want(tea, 2)])
    assert sum(h.quantity for h in held) < 6


def crossing(rounds: int) -> list[Any]:
    """Customers who want the same two things, named in opposite order; nobody tries again."""
    makers.warehouse()
    ids = makers.on_shelf({"AAA": 1000, "BBB": 1000})
    forward = {ids["AAA"]: 1, ids["BBB"]: 1}
    backward = {ids["BBB"]: 1, ids["AAA"]: 1}

    def one(units: dict[uuid.UUID, int]) -> Callable[[], list[Hold]]:
        return lambda: makers.commit(uuid.uuid4().hex, units)

    return race(*[one(units) for _ in range(rounds) for units in (forward, backward)])


def test_f03_opposite_orders_never_wait_for_each_other() -> None:
    answers = crossing(16)
    assert all(isinstance(answer, list) for answer in answers), answers
    assert makers.level("AAA") == (1000, 32)
    makers.assert_adds_up()


def test_control_f03_locks_taken_as_they_come_are_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = itertools.count()

    def as_they_come(*, variant_ids: Any) -> list[Level]:
        found: list[Level] = []
        for variant_id in sorted(variant_ids, reverse=next(turn) % 2 == 1):
            shelf = Level.objects.select_for_update(no_key=True, of=("self",)).select_related("warehouse", "variant")
            found += shelf.filter(variant_id=variant_id)
            time.sleep(0.1)
        return found

    monkeypatch.setattr(locks, "levels", as_they_come)
    answers = crossing(1)
    assert any(isinstance(answer, DatabaseError) for answer in answers), answers


def recount_while_selling() -> list[Any]:
    """Staff take away 1 and put back 1, 16 times each, while customers buy."""
    makers.warehouse()
    tea = makers.on_shelf({"TEA": 100})["TEA"]
    staff = [retried(lambda delta=delta: makers.adjust("TEA", delta)) for _ in range(16) for delta in (-1, 3)]
    customers = [order({tea: 1}) for _ in range(32)]
    return race(*[job for pair in zip(staff, customers, strict=True) for job in pair])


def test_f06_no_count_is_lost_while_stock_is_adjusted() -> None:
    answers = recount_while_selling()
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert makers.level("TEA") == (100 + 16 * 2, 32)
    makers.assert_adds_up()


@pytest.mark.usefixtures("no_guard")
def test_control_f06_without_the_guard_counts_are_lost() -> None:
    recount_while_selling()
    assert makers.level("TEA") != (100 + 16 * 2, 32)
    assert differences()


def expire_while_placing() -> tuple[list[Any], int]:
    """16 checkouts whose time is over are placed while the sweep runs; gives the answers and the units on the shelf."""
    makers.warehouse()
    tea = makers.on_shelf({"TEA": 16})["TEA"]
    now = timezone.now()
    for number in range(16):
        makers.hold(f"c{number}", {tea: 1}, until=now)
    placing = [
        retried(lambda number=number: makers.commit(f"o{number}", {tea: 1}, hold_stream=f"c{number}"))
        for number in range(16)
    ]
    sweeping = [lambda: stock.expire_due(now) for _ in range(4)]
    return race(*placing[:8], *sweeping, *placing[8:]), 16


def test_f04_expiry_and_placement_never_both_have_the_units() -> None:
    answers, units = expire_while_placing()
    placed = sum(isinstance(answer, list) for answer in answers)
    assert placed == units
    assert makers.level("TEA") == (units, units)
    assert Hold.objects.filter(status="committed").count() == units
    makers.assert_adds_up()


def test_control_f04_without_the_lock_of_the_story_expired_units_are_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    from timeline.operations import Operation

    def pretend(self: Operation, stream: str) -> None:
        self._streams[stream] = 0

    def stale_holds(*, stream: str) -> list[Hold]:
        found = list(Hold.objects.filter(stream=stream, status__in=Hold.LIVE))
        started.set()
        swept.wait(WAIT_SECONDS)
        return found

    started, swept = threading.Event(), threading.Event()
    makers.warehouse()
    tea = makers.on_shelf({"TEA": 1})["TEA"]
    now = timezone.now()
    makers.hold("c", {tea: 1}, until=now)
    monkeypatch.setattr(Operation, "open_stream", pretend)
    monkeypatch.setattr(locks, "live_holds", stale_holds)
    monkeypatch.setattr(Operation, "record", lambda *_, **__: None)

    def sweep() -> int:
        started.wait(WAIT_SECONDS)
        try:
            return stock.expire_due(now)
        finally:
            swept.set()

    answers = race(lambda: makers.commit("o", {tea: 1}, hold_stream="c"), sweep)
    assert any(isinstance(answer, DatabaseError) for answer in answers) or differences(), answers
