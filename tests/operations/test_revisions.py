"""An order after an edit: its sums, its versions, its stock, its money, and that nothing else may change them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, transaction

from config import doctor
from inventory import queries as shelves
from orders import outstanding, queries
from orders.models import Line, Order, OrderHold, OrderPayment, OrderRevision, RefundPart
from orders.operations import balance, documents, fulfil, holds, pay, process, refund, revise
from orders.operations.edit_rules import NotEditable, PaymentUnderWay, UnitsPacked
from orders.operations.holds import OnHold
from orders.operations.refund_parts import GivenBackMeanwhile
from payments import journal
from payments import operations as money
from payments.models import Payment, Refund
from shipping.models import Shipment
from tests import makers
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.django_db(transaction=True)


def run(order: Order, work: Any) -> Any:
    with operation("test.edit", actor=makers.STAFF, stream=str(order.pk)) as op:
        return work(op)


def lines_of(order: Order) -> list[Line]:
    return list(Line.objects.filter(order=order).order_by("place"))


def lower(order: Order, items: Mapping[uuid.UUID, int]) -> Order:
    run(order, lambda op: revise.revise_units(op, order_id=order.pk, items=items))
    return makers.again(order)


def add(order: Order, sku_price: int, units: int) -> Order:
    variant = makers.product(price_minor=sku_price)

    def work(op: Any) -> None:
        now, lines = makers.again(order), lines_of(order)
        added = [revise.Added(key="new", variant=variant, quantity=units, metadata={})]
        draft = revise.draw(order=now, lines=lines, quantities={}, added=added)
        revise.write(op, order=now, lines=lines, draft=draft)

    run(order, work)
    return makers.again(order)


def finish_refunds(order: Order) -> None:
    for row in Refund.objects.filter(stream=str(order.pk), status="pending"):
        run(order, lambda op, pk=row.pk: money.finish_refund(op, refund_id=pk, gateway_refund_id=f"rfnd_{pk.hex[-14:]}"))


def payments_of(order: Order) -> list[Payment]:
    return [link.payment for link in OrderPayment.objects.filter(order=order).select_related("payment").order_by("id")]


def capture(order: Order, payment: Payment) -> None:
    def work(op: Any) -> None:
        money.accept(op, payment_id=payment.pk, gateway_order_id=f"order_{payment.pk.hex[-14:]}")
        money.capture(
            op, payment_id=payment.pk, gateway_payment_id=f"pay_{uuid.uuid4().hex[:14]}", amount_minor=payment.amount_minor,
            currency="INR", method="upi",
        )
        pay.follow(op, order_id=order.pk)

    run(order, work)


def sound() -> None:
    found = [*doctor.orders_add_up(), *doctor.stock_adds_up(), *doctor.money_adds_up(), *doctor.books_balance(), *doctor.documents_add_up()]
    assert found == []


def account(order: Order) -> int:
    return sum(row.amount_minor for row in journal.of_stream(str(order.pk)) if row.account_id == journal.CUSTOMERS)


def test_d6_units_taken_off_a_paid_order_go_back_at_what_they_cost() -> None:
    order = makers.paid_order(lines=2, quantity=2)
    line = lines_of(order)[0]
    edited = lower(order, {line.pk: 1})
    now = lines_of(order)[0]
    assert (now.quantity, now.total_minor * 2, edited.item_count, edited.revision) == (1, line.total_minor, 3, 1)
    (back,) = Refund.objects.filter(stream=str(order.pk))
    assert (back.amount_minor, back.reason_code) == (order.total_minor - edited.total_minor, "order_edited")
    assert not RefundPart.objects.exists(), "the lines themselves were lowered"
    assert balance.of(edited) == 0
    assert sum(held.quantity for held in shelves.holds(str(order.pk))) == 3
    finish_refunds(order)
    assert -account(order) == edited.total_minor
    sound()


def test_d6_the_invoice_of_an_edited_order_closes_the_account() -> None:
    order = makers.processing_order(lines=2, quantity=3)
    one, two = lines_of(order)
    lower(order, {one.pk: 3, two.pk: 1})
    finish_refunds(order)
    run(order, lambda op: fulfil.ship_all(op, order_id=order.pk))
    invoice = run(order, lambda op: documents.issue_invoice(op, order_id=order.pk))
    edited = makers.again(order)
    assert (invoice.total_minor, account(order), edited.status) == (edited.total_minor, 0, "shipped")
    assert [row.quantity for row in documents.rows_of(invoice) if row.sku] == [2]
    sound()


def test_b26_every_version_is_kept_and_computes_to_its_own_total() -> None:
    order = makers.paid_order(lines=2, quantity=3)
    placed = order.total_minor
    one = lines_of(order)[0]
    lower(order, {one.pk: 1})
    lower(order, {one.pk: 2})
    edited = add(order, 19_900, 2)
    assert (edited.revision, edited.pricing_snapshot["totals"]["total"]) == (3, placed)
    kept = list(OrderRevision.objects.filter(order=order).order_by("number"))
    assert [row.number for row in kept] == [1, 2, 3]
    assert kept[-1].total_minor == edited.total_minor
    assert [len(row.pricing["lines"]) for row in kept] == [2, 1, 2]
    assert edited.prices() == kept[-1].pricing
    event = Event.objects.filter(stream=str(order.pk), kind="order.edited").latest("id")
    assert event.facts["after"]["total_minor"] == edited.total_minor
    assert event.facts["before"]["total_minor"] == kept[1].total_minor
    assert event.facts["lines"][0]["quantity_before"] == 0
    sound()


def test_the_sums_change_with_their_event_only() -> None:
    """B25: on both engines, whoever asks."""
    order = makers.paid_order()
    for change in ({"total_minor": 1, "subtotal_minor": 1}, {"item_count": 9}, {"destination_state": "IN-MH"}, {"revision": 4}):
        with pytest.raises(DatabaseError, match="with its event only"), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(**change)
    with pytest.raises(DatabaseError, match="with its event only"), transaction.atomic():
        Line.objects.filter(order=order).update(quantity=1)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(shipping_minor=0)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        Line.objects.filter(order=order).update(price_minor=1)
    lower(order, {lines_of(order)[0].pk: 1})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        OrderRevision.objects.update(total_minor=0)


def test_pains_5_edited_back_nothing_moves() -> None:
    order = makers.paid_order(lines=1, quantity=2)
    before = makers.again(order).total_minor
    dearer = add(order, 10_000, 1)
    further = payments_of(order)[-1]
    assert (further.is_further, further.amount_minor, balance.of(dearer)) == (True, dearer.total_minor - before, further.amount_minor)
    assert dearer.on_hold
    assert [row.pk for row in outstanding.underpaid()] == [order.pk]
    back = lower(order, {lines_of(order)[-1].pk: 1})
    assert (back.total_minor, balance.of(back), back.on_hold) == (before, 0, False)
    assert not Refund.objects.exists()
    assert payments_of(order)[-1].is_superseded
    assert not outstanding.underpaid()
    assert queries.payment_of(order.pk) == payments_of(order)[0]
    sound()


def test_what_a_dearer_order_still_costs_is_paid_and_kept() -> None:
    """PAINS 5: a payment for more is no duplicate of the first."""
    order = makers.paid_order(lines=1, quantity=2)
    dearer = add(order, 10_000, 1)
    with pytest.raises(OnHold):
        run(order, lambda op: fulfil.ship_all(op, order_id=order.pk))
    capture(order, payments_of(order)[-1])
    now = makers.again(order)
    assert (now.paid_minor, now.refunded_minor, now.on_hold, balance.of(now)) == (dearer.total_minor, 0, False, 0)
    assert not Refund.objects.exists()
    lower(order, {line.pk: line.quantity for line in lines_of(order)[:1]})
    assert sum(row.amount_minor for row in Refund.objects.all()) == dearer.total_minor - makers.again(order).total_minor
    assert balance.of(makers.again(order)) == 0
    sound()


def test_staff_may_send_the_goods_before_the_rest_is_paid() -> None:
    order = makers.processing_order(lines=1, quantity=2)
    add(order, 10_000, 1)
    (hold,) = OrderHold.objects.filter(order=order, released_at=None)
    run(order, lambda op: holds.release(op, order_id=order.pk, hold_id=hold.pk))
    assert not makers.again(order).on_hold
    assert outstanding.underpaid().count() == 1


def test_an_unpaid_order_asks_for_its_new_total_and_late_money_counts() -> None:
    """The old payment is superseded; if it is paid all the same nothing of it is lost."""
    order = makers.placed_order(lines=1, quantity=2)
    first = payments_of(order)[0]
    cheaper = lower(order, {lines_of(order)[0].pk: 1})
    second = payments_of(order)[-1]
    assert (second.amount_minor, second.is_further, payments_of(order)[0].is_superseded) == (cheaper.total_minor, False, True)
    assert queries.payment_of(order.pk) == second
    capture(order, first)
    now = makers.again(order)
    assert (now.status, now.paid_minor) == ("confirmed", first.amount_minor)
    (row,) = outstanding.overpaid()
    assert row.pk == order.pk
    assert payments_of(order)[-1].is_superseded
    capture(order, second)
    assert Refund.objects.get().reason_code == "duplicate_payment"
    sound()


def test_late_money_of_a_dearer_order_leaves_the_rest_to_pay() -> None:
    order = makers.placed_order(lines=1, quantity=2)
    first = payments_of(order)[0]
    dearer = add(order, 10_000, 1)
    assert payments_of(order)[-1].amount_minor == dearer.total_minor
    capture(order, first)
    rest = payments_of(order)[-1]
    assert (makers.again(order).status, rest.amount_minor, rest.is_further) == ("pending", dearer.total_minor - first.amount_minor, True)
    capture(order, rest)
    now = makers.again(order)
    assert (now.status, now.paid_minor, balance.of(now)) == ("confirmed", dearer.total_minor, 0)
    sound()


def test_cash_on_delivery_collects_the_new_total() -> None:
    order = makers.placed_order(lines=1, quantity=3, payment_method="cod")
    cheaper = lower(order, {lines_of(order)[0].pk: 2})
    assert [(row.amount_minor, row.status) for row in payments_of(order)] == [
        (order.total_minor, "failed"), (cheaper.total_minor, "created"),
    ]
    run(order, lambda op: process.start_processing(op, order_id=order.pk))
    run(order, lambda op: fulfil.ship_all(op, order_id=order.pk))
    assert Shipment.objects.get().cod_amount_minor == cheaper.total_minor
    run(order, lambda op: fulfil.deliver_all(op, order_id=order.pk))
    run(order, lambda op: documents.issue_invoice(op, order_id=order.pk))
    done = makers.again(order)
    assert (done.status, done.paid_minor, account(order)) == ("delivered", cheaper.total_minor, 0)
    sound()


def test_pains_4_what_has_gone_back_is_not_given_back_again() -> None:
    """A price reduction counts on both sides, a gift on neither."""
    order = makers.paid_order(lines=1, quantity=2)
    run(order, lambda op: refund.give(op, order_id=order.pk, amount_minor=1_000, reason="late"))
    run(order, lambda op: refund.give(op, order_id=order.pk, amount_minor=500, reason="sorry", goodwill=True))
    line = lines_of(order)[0]
    edited = lower(order, {line.pk: 1})
    back = Refund.objects.get(reason_code="order_edited")
    assert back.amount_minor == order.total_minor - edited.total_minor
    assert balance.of(edited) == 0
    sound()


def test_units_that_were_refunded_are_not_taken_off_as_well() -> None:
    order = makers.paid_order(lines=2, quantity=2)
    one, _ = lines_of(order)
    run(order, lambda op: refund.give(op, order_id=order.pk, items={one.pk: 2}, reason="sorry"))
    with pytest.raises(revise.MoneyWentBack):
        lower(order, {one.pk: 1})
    assert makers.again(order).revision == 0


def test_a_refund_of_an_edit_that_failed_is_not_repeated_once_it_is_owed_no_more() -> None:
    order = makers.paid_order(lines=1, quantity=2)
    lower(order, {lines_of(order)[0].pk: 1})
    row = Refund.objects.get()
    run(order, lambda op: money.fail_refund(op, refund_id=row.pk, code="no", reason="no"))
    assert balance.of(makers.again(order)) == -row.amount_minor
    add(order, 49_900, 1)
    with pytest.raises(GivenBackMeanwhile):
        run(order, lambda op: refund.retry(op, order_id=order.pk, refund_id=row.pk))
    sound()


def test_what_cannot_be_taken_off_is_refused_and_nothing_changes() -> None:
    order = makers.processing_order(lines=2, quantity=2)
    one, two = lines_of(order)
    with pytest.raises(revise.NothingLeft):
        lower(order, {one.pk: 2, two.pk: 2})
    for items in ({one.pk: 3}, {uuid.uuid4(): 1}, {one.pk: 0}, {}):
        with pytest.raises(revise.UnitsNotThere):
            lower(order, items)
    run(order, lambda op: fulfil.book(op, order_id=order.pk, items={one.pk: 1}))
    with pytest.raises(UnitsPacked):
        lower(order, {one.pk: 2})
    lower(order, {one.pk: 1})
    assert makers.again(order).revision == 1


def test_after_the_first_label_units_go_by_refund() -> None:
    order = makers.shipped_order()
    with pytest.raises(NotEditable, match="return"):
        lower(order, {lines_of(order)[0].pk: 1})
    early = makers.paid_order()
    run(early, lambda op: documents.issue_by_hand(op, order_id=early.pk))
    with pytest.raises(NotEditable, match="invoice"):
        lower(early, {lines_of(early)[0].pk: 1})


def test_while_a_payment_is_taken_the_order_waits() -> None:
    order = makers.placed_order()
    payment = payments_of(order)[0]

    def work(op: Any) -> None:
        money.accept(op, payment_id=payment.pk, gateway_order_id="order_under_way")
        money.authorise(
            op, payment_id=payment.pk, gateway_payment_id="pay_under_way", amount_minor=payment.amount_minor, currency="INR", method="card"
        )

    run(order, work)
    with pytest.raises(PaymentUnderWay):
        lower(order, {lines_of(order)[0].pk: 1})
