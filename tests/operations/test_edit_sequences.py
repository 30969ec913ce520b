"""Random edits, refunds, captures and units taken off, in any order: every sum holds after every step (PAINS 4, 5, 6)."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import queries as shelves
from orders.models import Order, OrderPayment, OrderRevision, RefundPart
from orders.operations import balance, edit, refund, refund_parts, revise
from orders.operations.edit import Wish
from orders.pricing import revision, snapshot
from payments import journal
from payments import operations as money
from payments.models import Payment, Refund
from tests import makers
from tests.operations.test_revisions import capture, lines_of, run
from tests.thorough import many
from timeline.errors import DomainError

pytestmark = pytest.mark.django_db(transaction=True)

GOODS = st.lists(
    st.tuples(st.integers(1, 200_000), st.sampled_from([0, 25, 500, 1800]), st.booleans()), min_size=1, max_size=2
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["keep", "keep", "add", "move", "off", "back", "money", "units", "gift", "pay", "done", "failed", "retry"]
        ),
        st.integers(0, 10**6), st.integers(0, 3),
    ),
    max_size=9,
)
STATES = ("IN-KA", "IN-MH")


def edited(order: Order, wish: Wish) -> None:
    """What is shown is what is done."""
    staged = run(order, lambda op: edit.stage(op, order_id=order.pk, wish=wish))
    run(order, lambda op: edit.commit(op, order_id=order.pk, edit_id=staged.pk))
    assert makers.again(order).total_minor == staged.preview["after"]["total"]


def change(order: Order, what: str, size: int, units: int, sku: str) -> None:
    lines = lines_of(order)
    line = lines[size % len(lines)]
    match what:
        case "keep":
            edited(order, Wish(quantities={line.pk: units}))
        case "add":
            edited(order, Wish(add=((sku, 1 + units),)))
        case "move":
            edited(order, Wish(shipping=makers.address(state=STATES[size % 2], line1=f"{size} Lake View")))
        case "off":
            run(order, lambda op: revise.revise_units(op, order_id=order.pk, items={line.pk: 1 + units}))
        case "back" if line.quantity < 3:
            edited(order, Wish(quantities={line.pk: 3}))
        case "money":
            run(order, lambda op: refund.give(op, order_id=order.pk, reason="x", amount_minor=1 + size % max(1, order.total_minor)))
        case "units":
            run(order, lambda op: refund.give(op, order_id=order.pk, reason="x", items={line.pk: 1 + units}, restock=True))
        case "gift":
            run(order, lambda op: refund.give(op, order_id=order.pk, reason="x", amount_minor=1 + size % 500, goodwill=True))


def happen(order: Order, what: str, size: int) -> None:
    """Money moves: a payment is captured, a refund ends or is tried again."""
    pay = [row for row in payments_of(order) if not row.captured_minor]
    rows = list(Refund.objects.filter(stream=str(order.pk)).order_by("created_at", "id"))
    if what == "pay" and pay:
        capture(order, pay[size % len(pay)])
    if what == "pay" or not rows:
        return
    pk = rows[size % len(rows)].pk
    deeds: dict[str, Any] = {
        "done": lambda op: money.finish_refund(op, refund_id=pk, gateway_refund_id=f"rfnd_{pk.hex[-14:]}"),
        "failed": lambda op: money.fail_refund(op, refund_id=pk, code="no", reason="no"),
        "retry": lambda op: refund.retry(op, order_id=order.pk, refund_id=pk),
    }
    run(order, deeds[what])


def payments_of(order: Order) -> list[Payment]:
    return [link.payment for link in OrderPayment.objects.filter(order=order).select_related("payment").order_by("id")]


def hold_together(order: Order) -> None:
    now, lines, payments = makers.again(order), lines_of(order), payments_of(order)
    assert now.total_minor == sum(line.total_minor for line in lines) + now.shipping_minor
    assert now.gst_minor == sum(line.gst_minor for line in lines) == now.cgst_minor + now.sgst_minor + now.igst_minor
    assert all(row.refunded_minor + row.pending_refund_minor <= row.captured_minor for row in payments)
    parts = [refund_parts.part_of(row) for row in RefundPart.objects.filter(order=order, refund__status__in=refund_parts.COUNTED)]
    for line in lines:
        refund_parts.whole(line).less(parts)
    due = refund_parts.due_payments(order.pk)
    given = Refund.objects.filter(payment__in=[row.pk for row in due], status__in=refund_parts.COUNTED).exclude(reason_code="goodwill")
    came_in = sum(row.captured_minor for row in due) - sum(row.amount_minor for row in given)
    owed = now.total_minor - sum(part.total_minor for part in parts)
    assert balance.of(now) == owed - came_in
    open_ = [row.amount_minor for row in due if not row.captured_minor and not row.is_superseded and row.status != "failed"]
    if now.status in balance.OPEN and now.revision:
        assert len(open_) <= 1
        assert sum(open_) in (0, max(0, balance.of(now)))
    if now.status in balance.OPEN:
        assert sum(held.quantity for held in shelves.holds(str(order.pk))) == sum(line.to_ship for line in lines)
    versions = list(OrderRevision.objects.filter(order=order).order_by("number"))
    assert [row.number for row in versions] == list(range(1, now.revision + 1))
    assert all(revision.recompute_revision(row.pricing).total_minor == row.total_minor for row in versions)
    assert snapshot.recompute(now.pricing_snapshot, now.discount_snapshot).total_minor == order.total_minor
    assert sum(row.amount_minor for row in journal.of_stream(str(order.pk))) == 0


@settings(max_examples=many(12), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(goods=GOODS, paid=st.booleans(), state=st.sampled_from(STATES), steps=STEPS)
def test_d6_whatever_is_changed_every_sum_holds(goods: Any, paid: bool, state: str, steps: Any) -> None:
    made = [makers.product(price_minor=price, gst_rate_bp=rate, price_includes_gst=marked).sku for price, rate, marked in goods]
    more = makers.product(price_minor=12_345, gst_rate_bp=500).sku
    order = makers.placed_order(skus=made, quantity=3, shippingAddress=makers.address(state=state))
    if paid:
        makers.capture(order, gateway_order_id=f"order_{uuid.uuid4().hex[:14]}")
    for what, size, units in steps:
        with contextlib.suppress(DomainError):
            if what in ("pay", "done", "failed", "retry"):
                happen(order, what, size)
            else:
                change(order, what, size, units, more)
        hold_together(order)


