"""Changes of one order under many hands, on a real server: each race with its control (F50, PAINS 5)."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from inventory.models import Level
from orders.models import Order, OrderEdit, OrderRevision
from orders.operations import balance, edit, edit_preview
from orders.operations.edit import Wish
from payments.models import Refund
from tests import makers
from tests.operations.test_revisions import capture, lines_of, payments_of, run
from tests.races.test_order_races import race, won
from timeline.operations import operation

if TYPE_CHECKING:
    from uuid import UUID

    from payments.models import Payment

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS = 6


def commit(order: Order, edit_id: UUID, stream: str | None = None) -> OrderEdit:
    with operation("race.edit", actor=makers.STAFF, stream=stream or str(order.pk)) as op:
        op.open_stream(str(order.pk))
        return edit.commit(op, order_id=order.pk, edit_id=edit_id)


def stage(order: Order, **wish: Any) -> OrderEdit:
    found: OrderEdit = run(order, lambda op: edit.stage(op, order_id=order.pk, wish=Wish(**wish)))
    return found


def test_f50_of_many_changes_of_one_line_one_is_made() -> None:
    order = makers.paid_order(quantity=3)
    line = lines_of(order)[0]
    staged = [stage(order, quantities={line.pk: 1}) for _ in range(THREADS)]
    results = race(*[partial(commit, order, row.pk) for row in staged])
    now = makers.again(order)
    assert (won(results), now.revision, OrderRevision.objects.count(), balance.of(now)) == (1, 1, 1, 0)
    assert sum(row.amount_minor for row in Refund.objects.all()) == order.total_minor - now.total_minor


def test_control_f50_without_a_look_under_the_lock_both_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was shown is taken for what is: the second change is made though nobody saw what it comes to."""
    order = makers.paid_order(quantity=3, skus=[makers.product(units=10).sku])
    line = lines_of(order)[0]
    staged = [stage(order, quantities={line.pk: units}) for units in (2, 1)]
    monkeypatch.setattr(edit_preview, "money_of", lambda _: {})
    results = race(*[partial(commit, order, row.pk) for row in staged])
    assert (won(results), makers.again(order).revision) == (2, 2)


def test_the_last_unit_is_added_to_one_order() -> None:
    makers.product("LAST-1", units=1)
    orders = [makers.paid_order() for _ in range(THREADS)]
    staged = [stage(order, add=(("LAST-1", 1),)) for order in orders]
    results = race(*[partial(commit, order, row.pk) for order, row in zip(orders, staged, strict=True)])
    assert won(results) == 1
    assert Level.objects.get(variant__sku="LAST-1").held == 1
    assert Order.objects.filter(revision=1).count() == 1


def test_a_change_and_the_capture_of_what_it_replaces_meet_and_nothing_is_lost() -> None:
    """The old payment is paid while the order is being changed: whoever comes first, the balance says the rest."""
    for _ in range(3):
        order = makers.placed_order(quantity=2)
        row = stage(order, quantities={lines_of(order)[0].pk: 1})
        meet = threading.Barrier(2)

        first = payments_of(order)[0]

        def take(order: Order = order, first: Payment = first, meet: threading.Barrier = meet) -> None:
            meet.wait(10)
            capture(order, first)

        def alter(order: Order = order, pk: Any = row.pk, meet: threading.Barrier = meet) -> None:
            meet.wait(10)
            commit(order, pk)

        race(take, alter)
        now = makers.again(order)
        back = sum(refund.amount_minor for refund in Refund.objects.filter(stream=str(order.pk)))
        assert now.paid_minor == order.total_minor
        assert balance.of(now) == now.total_minor - (now.paid_minor - back)
        assert now.status == "confirmed"
