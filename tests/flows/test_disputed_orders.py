"""A dispute over an order in whatever state: its payment says so, the order goes on, and the money ends where it belongs (Z2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orders import outstanding
from orders.models import Order
from orders.operations import cancel, refund
from payments import disputes, exchanges
from payments.models import Payment, Refund
from tests.flows import makers
from tests.reconciliation import makers as books
from timeline import relay
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)
MONEY = {"overpaid", "underpaid", "money_of_cancelled", "dispute_lost", "dispute_open", "dispute_after_refund", "axes_differ"}


def order_in(state: str, gateway: FakeGateway) -> Order:
    makers.product()
    order: Order = getattr(makers, f"{'delivered' if state == 'refunded' else state}_order")(gateway)
    if state == "refunded":
        with operation("refund.give", actor=makers.ASHA, stream=str(order.pk)) as op:
            refund.give(op, order_id=order.pk, amount_minor=order.total_minor, reason="all of it")
        relay.drain()
        for refund_id in list(gateway.refunds):
            gateway.move_refund(refund_id, "processed")
        exchanges.ask_about(str(order.pk))
        relay.drain()
    return makers.fresh(order)


def disputed(order: Order, gateway: FakeGateway) -> str:
    dispute_id = gateway.dispute(makers.payment_of(order).gateway_payment_id or "")
    hear()
    return dispute_id


def hear() -> None:
    disputes.sweep()
    relay.drain()


def call_off(order: Order) -> None:
    with operation("order.cancel", actor=makers.ASHA, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk, code="customer_request")
    relay.drain()


@pytest.mark.parametrize("end", ["won", "lost", "closed"])
@pytest.mark.parametrize(
    ("state", "said"),
    [("confirmed", "paid"), ("processing", "paid"), ("shipped", "paid"), ("delivered", "paid"), ("refunded", "refunded")],
)
def test_z2_disputed_while_it_runs_and_then_what_the_money_says(
    state: str, said: str, end: str, shop_gateway: FakeGateway
) -> None:
    order = order_in(state, shop_gateway)
    assert (order.status, order.payment_state) == (state, said)
    dispute_id = disputed(order, shop_gateway)
    assert (makers.fresh(order).status, makers.fresh(order).payment_state) == (state, "disputed")
    shop_gateway.move_dispute(dispute_id, "under_review")
    hear()
    assert makers.fresh(order).payment_state == "disputed"
    shop_gateway.move_dispute(dispute_id, end)
    hear()
    assert (makers.fresh(order).status, makers.fresh(order).payment_state) == (state, said)


@pytest.mark.parametrize(("end", "back"), [("won", True), ("lost", False)])
def test_f32_a_cancelled_order_gives_back_once_the_bank_has_decided(end: str, back: bool, shop_gateway: FakeGateway) -> None:
    """Called off while the dispute runs: nothing goes back before its verdict, and after it only what is still ours."""
    order = order_in("confirmed", shop_gateway)
    dispute_id = disputed(order, shop_gateway)
    call_off(order)
    assert not Refund.objects.exists()
    shop_gateway.move_dispute(dispute_id, end)
    hear()
    assert [refund.amount_minor for refund in Refund.objects.all()] == ([order.total_minor] if back else [])
    assert not outstanding.overpaid().exists()


def test_what_the_bank_took_of_a_cancelled_order_is_not_reported_as_overpaid(shop_gateway: FakeGateway) -> None:
    """Its one case is the lost dispute."""
    order = order_in("confirmed", shop_gateway)
    dispute_id = disputed(order, shop_gateway)
    call_off(order)
    shop_gateway.move_dispute(dispute_id, "lost")
    hear()
    assert Payment.objects.get().disputed_minor == order.total_minor
    books.run()
    assert {cause: many for cause, many in books.found().items() if cause in MONEY} == {"dispute_lost": 1}
