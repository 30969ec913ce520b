"""Single lines and units cancelled with their money and stock; parcels that never arrive (B30, D6, PAINS 15, Z4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Level
from orders.documents import audit
from orders.models import Document, Order
from orders.operations import cancel_units, disposition, fulfil, packing, process, revise
from orders.operations.parting import TooManyUnits
from payments import journal
from payments.books import Posting
from payments.models import Refund
from shipping import operations as parcels
from tests import makers as shop
from tests.fulfilment import makers
from tests.thorough import many
from timeline import queries, relay
from timeline.errors import DomainError
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def on_shelf(order: Order) -> dict[str, tuple[int, int]]:
    skus = list(order.lines.values_list("sku", flat=True))
    return {row.variant.sku: (row.on_hand, row.held) for row in Level.objects.filter(variant__sku__in=skus).select_related("variant")}


def test_one_unit_of_a_paid_order_goes_with_exactly_its_money_and_its_stock() -> None:
    order = shop.paid_order(lines=2, quantity=3)
    makers.planned(order)
    first, second = order.lines.order_by("place")
    makers.do(order, cancel_units.cancel_units, items={first.pk: 1}, code="out_of_stock", reason="the last one is torn")
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.reason_code) == (round(first.total_minor / 3), "units_cancelled")
    assert makers.layout(order) == [("released", shop.WAREHOUSE, {first.sku: 2, second.sku: 3})]
    assert on_shelf(order)[first.sku] == (1000, 2)
    assert order.lines.get(pk=first.pk).quantity_cancelled == 1
    makers.require_sums(order)
    event = next(event for event in queries.story(str(order.pk)) if event.kind == "order.units_cancelled")
    assert "torn" not in json.dumps(event.facts), "what a person says is sealed"


def test_the_last_unit_cancels_the_order_with_all_its_money() -> None:
    order = shop.paid_order(quantity=2)
    line = order.lines.get()
    makers.do(order, cancel_units.cancel_units, items={line.pk: 1}, code="other")
    makers.do(order, cancel_units.cancel_units, items={line.pk: 1}, code="other")
    assert shop.again(order).status == "cancelled"
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == order.total_minor, "the delivery charge too"
    assert on_shelf(order)[line.sku] == (1000, 0)
    makers.require_sums(order)


def test_cancelling_what_is_left_ships_the_order() -> None:
    """A short shipment: what is in its parcel goes on, the rest is given back, and the order is shipped."""
    order = shop.processing_order(quantity=3)
    line = order.lines.get()
    parcel = makers.do(order, fulfil.book, items={line.pk: 2})
    with operation("test.label", actor=makers.ASHA, stream=str(order.pk)) as op:
        parcels.label_by_hand(op, shipment_id=parcel.pk)
    makers.do(order, fulfil.dispatch, shipment_id=parcel.pk)
    assert shop.again(order).status == "processing"
    makers.do(order, cancel_units.cancel_units, items={line.pk: 1}, code="out_of_stock")
    assert (shop.again(order).status, shop.again(order).fulfilment_state) == ("shipped", "fulfilled")
    makers.do(order, fulfil.deliver_all)
    assert (shop.again(order).status, shop.again(order).fulfilment_state) == ("delivered", "delivered")
    makers.require_sums(order)


@pytest.mark.parametrize("units", [0, 3])
def test_more_than_there_is_is_refused(units: int) -> None:
    order = shop.paid_order(quantity=2)
    line = order.lines.get()
    items = {line.pk: units} if units else {}
    with pytest.raises(TooManyUnits):
        makers.do(order, cancel_units.cancel_units, items=items)
    assert Refund.objects.count() == 0


def test_units_in_a_parcel_are_refused_with_what_to_do() -> None:
    order = shop.processing_order(quantity=2)
    line = order.lines.get()
    makers.do(order, fulfil.book, items={line.pk: 1})
    with pytest.raises(cancel_units.UnitsPacked, match="call the parcel off first"):
        makers.do(order, cancel_units.cancel_units, items={line.pk: 2})
    makers.do(order, cancel_units.cancel_units, items={line.pk: 1})
    makers.require_sums(order)


def test_the_customer_may_until_the_units_are_being_packed() -> None:
    order = shop.paid_order(lines=2, quantity=2)
    first, second = order.lines.order_by("place")
    makers.do(order, cancel_units.cancel_units_by_customer, items={first.pk: 1})
    makers.do(order, process.start_processing)
    makers.do(order, cancel_units.cancel_units_by_customer, items={first.pk: 1})
    (row,) = makers.opened(order)
    makers.do(order, packing.start, fulfilment_id=row.pk)
    with pytest.raises(cancel_units.UnitsPacked, match="being packed"):
        makers.do(order, cancel_units.cancel_units_by_customer, items={second.pk: 1})
    makers.do(order, cancel_units.cancel_units, items={second.pk: 1})
    makers.require_sums(order)


def test_over_the_api_with_its_key_and_for_the_customer() -> None:
    order = shop.paid_order(lines=2, quantity=2)
    boss = shop.staff()
    path = f"/admin/orders/{order.pk}/cancel-units"
    first, second = order.lines.order_by("place")
    body = {"items": [{"orderItemId": str(first.pk), "quantity": 1}], "code": "customer_request"}
    assert boss.post(path, body).status_code == 428
    answers = [boss.post(path, body, key="cancel-one-unit-of-it") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert Refund.objects.count() == 1
    caller = shop.Caller({"Authorization": f"Bearer {shop.customer_token(order.person_id)}"})
    wish = {"items": [{"orderItemId": str(second.pk), "quantity": 2}]}
    answer = caller.post(f"/storefront/orders/{order.pk}/cancel", wish)
    assert answer.status_code == 200, answer.content
    assert [item["quantityCancelled"] for item in json.loads(answer.content)["items"]] == [1, 2]
    assert shop.customer().post(f"/storefront/orders/{order.pk}/cancel", wish).status_code == 404
    assert boss.post(path, {"items": [], "code": "other"}, key=True).status_code == 422
    assert boss.post(path, {"items": wish["items"], "code": "because"}, key=True).status_code == 400
    makers.require_sums(order)


def lost_or_back(order: Order, verb: str) -> Any:
    """The order's only parcel is lost, or came back to us."""
    parcel = order.fulfilments.get().shipment
    assert parcel is not None
    with operation("test.fail", actor=makers.ASHA, stream=str(order.pk)) as op:
        if verb == "lost":
            parcels.lose(op, shipment_id=parcel.pk)
        else:
            parcels.bring_back(op, shipment_id=parcel.pk)
    if verb == "lost":
        makers.do(order, fulfil.settle)
    else:
        makers.do(order, fulfil.take_back, shipment_id=parcel.pk)
    return order.fulfilments.get()


@pytest.mark.parametrize("verb", ["lost", "returned"])
def test_a_parcel_that_never_arrived_is_sent_again(verb: str) -> None:
    """Z4: what came back is stock again, what is lost is not; either way the units go out anew."""
    order = shop.shipped_order(quantity=2)
    line = order.lines.get()
    row = lost_or_back(order, verb)
    line = order.lines.get()
    assert (line.quantity_lost, line.quantity_returned) == ((2, 0) if verb == "lost" else (0, 2))
    makers.do(order, disposition.reship, fulfilment_id=row.pk)
    line = order.lines.get()
    assert (line.to_ship, line.quantity_shipped, line.quantity_lost, line.quantity_returned) == (2, 0, 0, 0)
    assert makers.layout(order) == [("released", shop.WAREHOUSE, {line.sku: 2})]
    makers.require_sums(order)
    with pytest.raises(disposition.NothingToDecide):
        makers.do(order, disposition.reship, fulfilment_id=row.pk)
    parcel = makers.do(order, fulfil.book, items=None)
    with operation("test.label", actor=makers.ASHA, stream=str(order.pk)) as op:
        parcels.label_by_hand(op, shipment_id=parcel.pk)
    makers.do(order, fulfil.dispatch, shipment_id=parcel.pk)
    makers.do(order, fulfil.deliver, shipment_id=parcel.pk)
    assert shop.again(order).status == "delivered"
    assert on_shelf(order)[line.sku] == ((996, 0) if verb == "lost" else (998, 0))
    makers.require_sums(order)


@pytest.mark.parametrize("verb", ["lost", "returned"])
@pytest.mark.parametrize("way", ["give_back", "close"])
def test_an_order_is_complete_when_every_unit_has_its_last_word(verb: str, way: str) -> None:
    """D6: one parcel delivered, the other lost or back; only the decision about it completes the order."""
    order = shop.processing_order(quantity=3)
    line = order.lines.get()
    shipped = []
    for units in (1, 2):
        parcel = makers.do(order, fulfil.book, items={line.pk: units})
        with operation("test.label", actor=makers.ASHA, stream=str(order.pk)) as op:
            parcels.label_by_hand(op, shipment_id=parcel.pk)
        makers.do(order, fulfil.dispatch, shipment_id=parcel.pk)
        shipped.append(parcel)
    makers.do(order, fulfil.deliver, shipment_id=shipped[0].pk)
    with operation("test.fail", actor=makers.ASHA, stream=str(order.pk)) as op:
        (parcels.lose if verb == "lost" else parcels.bring_back)(op, shipment_id=shipped[1].pk)
    if verb == "lost":
        makers.do(order, fulfil.settle)
    else:
        makers.do(order, fulfil.take_back, shipment_id=shipped[1].pk)
    assert shop.again(order).status == "shipped", "nothing is decided yet"
    row = order.fulfilments.get(shipment=shipped[1])
    makers.do(order, getattr(disposition, way), fulfilment_id=row.pk, reason="the courier lost it")
    assert shop.again(order).status == "delivered"
    assert list(Refund.objects.values_list("amount_minor", flat=True)) == ([line.total_minor - round(line.total_minor / 3)] if way == "give_back" else [])
    makers.require_sums(order)


def test_cash_that_was_not_collected_is_not_given_back() -> None:
    order = shop.placed_order(payment_method="cod")
    makers.do(order, process.start_processing)
    makers.do(order, fulfil.ship_all)
    row = lost_or_back(order, "lost")
    with pytest.raises(disposition.NotPaidYet):
        makers.do(order, disposition.close, fulfilment_id=row.pk, reason="x")
    with pytest.raises(revise.NothingLeft):
        makers.do(order, disposition.give_back, fulfilment_id=row.pk, reason="x")
    makers.do(order, disposition.reship, fulfilment_id=row.pk)
    parcel = makers.do(order, fulfil.book, items=None)
    assert parcel.cod_amount_minor == order.total_minor


def cash_order_in_parcels(*parts: int) -> tuple[Order, list[Any]]:
    """An order paid at the door, on its way in parcels of so many units of its one line."""
    order = shop.placed_order(payment_method="cod", quantity=sum(parts))
    makers.do(order, process.start_processing)
    line = order.lines.get()
    sent = []
    for units in parts:
        parcel = makers.do(order, fulfil.book, items={line.pk: units})
        with operation("test.label", actor=makers.ASHA, stream=str(order.pk)) as op:
            parcels.label_by_hand(op, shipment_id=parcel.pk)
        makers.do(order, fulfil.dispatch, shipment_id=parcel.pk)
        sent.append(parcel)
    relay.drain()
    return order, sent


def require_books(order: Order) -> None:
    """Documents say what the ledger says, the customer owes nothing once the order has arrived."""
    relay.drain()
    assert list(audit.differences()) == []
    left = Posting.objects.filter(entry__stream=str(order.pk), account_id=journal.CUSTOMERS).aggregate(sum=Sum("amount_minor"))
    assert left["sum"] == 0


@pytest.mark.parametrize("verb", ["lost", "returned"])
def test_what_was_not_taken_in_at_the_door_is_owed_no_more(verb: str) -> None:
    """Z6: the invoice was over all of it, so a credit note says what did not arrive; the cash is what the other parcel collected."""
    order, (first, second) = cash_order_in_parcels(1, 2)
    makers.do(order, fulfil.deliver, shipment_id=first.pk)
    with operation("test.fail", actor=makers.ASHA, stream=str(order.pk)) as op:
        (parcels.lose if verb == "lost" else parcels.bring_back)(op, shipment_id=second.pk)
    if verb == "lost":
        makers.do(order, fulfil.settle)
    else:
        makers.do(order, fulfil.take_back, shipment_id=second.pk)
    row = order.fulfilments.get(shipment=second)
    makers.do(order, disposition.give_back, fulfilment_id=row.pk, reason="refused at the door")
    now = shop.again(order)
    assert (now.status, now.payment_state, now.paid_minor) == ("delivered", "paid", now.total_minor)
    assert abs(now.paid_minor - first.cod_amount_minor) <= 1, "half a paisa is rounded once for each parcel"
    assert order.lines.get().quantity == 1
    makers.require_sums(order)
    require_books(order)


def test_units_of_an_invoiced_cash_order_are_cancelled_with_a_credit_note_each() -> None:
    order = shop.placed_order(payment_method="cod", quantity=4)
    makers.do(order, process.start_processing)
    line = order.lines.get()
    first = makers.do(order, fulfil.book, items={line.pk: 1})
    with operation("test.label", actor=makers.ASHA, stream=str(order.pk)) as op:
        parcels.label_by_hand(op, shipment_id=first.pk)
    relay.drain()
    for _ in range(2):
        makers.do(order, cancel_units.cancel_units, items={line.pk: 1}, code="out_of_stock")
    relay.drain()
    assert Document.objects.filter(order=order, kind="credit_note").count() == 2
    makers.do(order, fulfil.ship_all)
    collected = sum(row.shipment.cod_amount_minor for row in order.fulfilments.exclude(shipment=None) if row.shipment)
    assert collected == shop.again(order).total_minor
    makers.do(order, fulfil.deliver_all)
    now = shop.again(order)
    assert (now.status, now.paid_minor, order.lines.get().quantity) == ("delivered", now.total_minor, 2)
    makers.require_sums(order)
    require_books(order)


@pytest.mark.parametrize("payment_method", ["razorpay", "cod"])
def test_an_unpaid_order_owes_less_by_exactly_the_units_worth(payment_method: str) -> None:
    order = shop.placed_order(payment_method=payment_method, quantity=3)
    line = order.lines.get()
    makers.do(order, cancel_units.cancel_units, items={line.pk: 1})
    now = shop.again(order)
    assert now.total_minor == order.total_minor - round(line.total_minor / 3)
    assert (now.status, order.lines.get().quantity, Refund.objects.count()) == (order.status, 2, 0)
    assert on_shelf(order)[line.sku] == (1000, 2)
    if payment_method == "cod":
        assert makers.layout(order) == [("released", shop.WAREHOUSE, {line.sku: 2})]
        makers.do(order, process.start_processing)
        makers.do(order, fulfil.ship_all)
        parcel = order.fulfilments.get(status="handed_over").shipment
        assert parcel is not None
        assert parcel.cod_amount_minor == now.total_minor
        makers.do(order, fulfil.deliver_all)
        assert (shop.again(order).status, shop.again(order).paid_minor) == ("delivered", now.total_minor)
    makers.require_sums(order)


@settings(max_examples=many(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    quantities=st.lists(st.integers(1, 4), min_size=1, max_size=3), price=st.integers(101, 99_999),
    steps=st.lists(st.tuples(st.sampled_from(["cancel", "book", "ship", "start"]), st.integers(0, 2), st.integers(1, 4)), max_size=6),
)
def test_whatever_is_cancelled_and_shipped_everything_adds_up(quantities: list[int], price: int, steps: list[tuple[str, int, int]]) -> None:
    """Σ over units, money and stock are right after each step; refused steps change nothing."""
    skus = [shop.product(price_minor=price + place).sku for place in range(len(quantities))]
    order = shop.processing_order(skus=skus, quantity=max(quantities))
    lines = list(order.lines.order_by("place"))
    for verb, place, units in steps:
        line = lines[place % len(lines)]
        try:
            if verb == "cancel":
                makers.do(order, cancel_units.cancel_units, items={line.pk: units})
            elif verb == "book":
                makers.do(order, fulfil.book, items={line.pk: units})
            elif verb == "ship":
                makers.do(order, fulfil.ship_all)
            else:
                makers.do(order, packing.start, fulfilment_id=makers.opened(order)[0].pk)
        except (DomainError, IndexError):
            pass
        makers.require_sums(order)
        back = sum(Refund.objects.filter(stream=str(order.pk)).values_list("amount_minor", flat=True))
        now = {row.pk: row for row in order.lines.all()}
        status = shop.again(order).status
        if status == "cancelled":
            assert back == order.total_minor
        else:
            worth = sum(round(row.total_minor * row.quantity_cancelled / row.quantity) for row in now.values())
            assert abs(back - worth) <= len(steps), "each part is rounded by itself"
        for row in now.values():
            kept = row.quantity - row.quantity_cancelled
            assert on_shelf(order)[row.sku][0] - on_shelf(order)[row.sku][1] == 1000 - kept, "what is kept is held or gone"


def test_units_that_wait_for_stock_are_waited_for_no_more() -> None:
    from inventory import operations as stock
    from inventory.models import Backorder

    sku = shop.product(units=1).sku
    with operation("test.policy", actor=shop.TESTER) as op:
        stock.set_policy(op, sku=sku, policy="backorder", backorder_units_max=10)
    order = shop.paid_order(skus=[sku], quantity=3)
    makers.planned(order)
    assert makers.layout(order) == [("awaiting_inventory", "", {sku: 2}), ("released", shop.WAREHOUSE, {sku: 1})]
    line = order.lines.get()
    makers.do(order, cancel_units.cancel_units, items={line.pk: 1})
    assert makers.layout(order) == [("awaiting_inventory", "", {sku: 1}), ("released", shop.WAREHOUSE, {sku: 1})]
    assert Backorder.objects.get().quantity == 1
    makers.receive(sku, shop.WAREHOUSE, 1)
    with operation("test.fill", actor=shop.TESTER, stream=str(order.pk)) as op:
        stock.fill(op, stream=str(order.pk), variant_id=line.variant_id)
    makers.planned(order)
    assert makers.layout(order) == [("released", shop.WAREHOUSE, {sku: 2})]
    makers.require_sums(order)
