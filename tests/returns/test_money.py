"""Money for goods that came back: worth less fee, to the paisa; documents, ledger and the customer's account (B27, B32, A17)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Document, KeptPart, Order, OrderPayment, RefundPart, Return
from orders.operations import refund, refund_parts, return_money, returns
from orders.operations.return_goods import Graded, inspect, receive
from orders.operations.return_money import FeeTooHigh, GivenAlready, NotApproved, NothingToGive
from payments import journal
from payments import operations as money
from payments.models import Refund
from tests import makers as shop
from tests.returns import makers
from tests.standing import Stand
from tests.thorough import many
from timeline import relay
from timeline.errors import DomainError, TransitionRefused
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(shop.delivered_order, quantity=3)


def pay_back(ret: Return, **wish: Any) -> Refund:
    with operation("test.refund", actor=shop.STAFF, stream=str(ret.order_id)) as op:
        return return_money.give(op, return_id=ret.pk, reason="came back", **wish)


def finish(made: Refund) -> None:
    with operation("test.finish", actor=shop.TESTER, stream=made.stream) as op:
        money.finish_refund(op, refund_id=made.pk, gateway_refund_id=f"rfnd_{uuid.uuid4().hex[:14]}")
    relay.drain()


def inspected(order: Order, *, disposition: str = "restock", **wish: Any) -> Return:
    ret = makers.approved(order, **wish)
    ret = makers.do(ret, lambda op: receive(op, return_id=ret.pk))
    units = [Graded(row.line_id, row.received, "B", disposition) for row in ret.lines.all()]
    return makers.do(ret, lambda op: inspect(op, return_id=ret.pk, units=units))


def test_a17_the_refund_says_which_return_it_is_for_and_closes_it(order: Order) -> None:
    ret = inspected(order, units=2)
    assert return_money.quote(return_id=ret.pk).amount_minor == ret.worth_minor
    made = pay_back(ret)
    assert (made.return_id, made.amount_minor, made.reason_code, made.status) == (ret.pk, ret.worth_minor, "return", "pending")
    assert makers.fresh(ret).status == "inspected"
    finish(made)
    closed = makers.fresh(ret)
    assert (closed.status, closed.outcome) == ("closed", "refunded")
    facts = Event.objects.get(kind="refund.processed").facts
    assert (facts["return_id"], facts["amount_minor"], facts["currency"]) == (str(ret.pk), ret.worth_minor, "INR")


def test_pains_23_a_return_needs_no_refund_and_a_refund_no_return(order: Order) -> None:
    ret = inspected(order)
    closed = makers.do(ret, lambda op: return_money.close(op, return_id=ret.pk))
    assert (closed.status, closed.outcome, Refund.objects.count()) == ("closed", "nothing_given", 0)
    with operation("test.refund", actor=shop.STAFF, stream=str(order.pk)) as op:
        refund.give(op, order_id=order.pk, reason="x", amount_minor=100)
    early = makers.approved(order)
    pay_back(early)
    kept = makers.do(early, lambda op: return_money.close(op, return_id=early.pk, outcome="customer_keeps"))
    assert (kept.status, kept.outcome, makers.lines_of(order)[0].quantity_returned) == ("closed", "customer_keeps", 1)


def test_the_fee_is_kept_exactly_and_the_next_unit_is_worth_what_it_was(order: Order, settings: Any) -> None:
    """PAINS 4: what is kept of one unit makes no other unit dearer."""
    settings.RETURN_FEES_BP = ["size:1000"]
    first = inspected(order, reason="size")
    made = pay_back(first)
    assert made.amount_minor == first.worth_minor - first.fee_minor
    assert KeptPart.objects.get().total_minor == first.fee_minor
    rest = inspected(order, units=2)
    assert rest.worth_minor == makers.lines_of(order)[0].total_minor - first.worth_minor
    assert pay_back(rest).amount_minor == rest.worth_minor
    assert shop.again(order).status == "delivered"  # the fee and the shipping stayed with us


@pytest.mark.parametrize("fee", [0, 1, 777])
def test_a_person_may_take_another_fee(order: Order, fee: int) -> None:
    ret = inspected(order, reason="size")
    assert pay_back(ret, fee_minor=fee).amount_minor == ret.worth_minor - fee
    with pytest.raises(GivenAlready):
        pay_back(ret)


def test_what_cannot_be_given_is_refused(order: Order) -> None:
    waiting = makers.asked(order)
    with pytest.raises(NotApproved):
        pay_back(waiting)
    with pytest.raises(TransitionRefused):
        makers.do(waiting, lambda op: return_money.close(op, return_id=waiting.pk))
    makers.do(waiting, lambda op: returns.approve(op, return_id=waiting.pk))
    with pytest.raises(FeeTooHigh):
        pay_back(waiting, fee_minor=10**9)
    back = inspected(order, units=2, disposition="back_to_customer")
    with pytest.raises(NothingToGive):
        pay_back(back)


def test_units_refunded_before_give_nothing_again(order: Order) -> None:
    """PAINS 6."""
    line = makers.lines_of(order)[0]
    with operation("test.refund", actor=shop.STAFF, stream=str(order.pk)) as op:
        refund.give(op, order_id=order.pk, reason="x", items={line.pk: 3})
    ret = inspected(order, units=2)
    assert ret.worth_minor == 0
    with pytest.raises(NothingToGive):
        pay_back(ret)


def test_pains_7_a_failed_refund_is_tried_again_and_the_return_waits(order: Order) -> None:
    ret = inspected(order)
    made = pay_back(ret)
    with operation("test.fail", actor=shop.TESTER, stream=made.stream) as op:
        money.fail_refund(op, refund_id=made.pk, code="no", reason="no")
    relay.drain()
    assert makers.fresh(ret).status == "inspected"
    with operation("test.retry", actor=shop.STAFF, stream=made.stream) as op:
        refund.retry(op, order_id=order.pk, refund_id=made.pk)
    finish(made)
    assert makers.fresh(ret).status == "closed"


def test_above_the_limit_another_person_approves(order: Order) -> None:
    ret = inspected(order)
    made = pay_back(ret, limit_minor=1)
    assert (made.status, makers.fresh(ret).status) == ("requested", "inspected")


def test_cash_collected_at_the_door_goes_back_by_other_means_and_closes_at_once() -> None:
    order = shop.delivered_order_at_door()
    ret = inspected(order)
    made = pay_back(ret, initiate_payment_refund=False)
    assert (made.status, makers.fresh(ret).outcome) == ("processed", "refunded")


def accounts(order: Order) -> dict[str, int]:
    rows = journal.of_stream(str(order.pk)).order_by().values("account_id").annotate(sum=Sum("amount_minor"))
    return {row["account_id"]: int(row["sum"]) for row in rows}


GOODS = st.lists(
    st.tuples(st.integers(100, 200_000), st.sampled_from([0, 500, 1800]), st.booleans()), min_size=1, max_size=2
)
ROUNDS = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["size", "defective", "other"]), st.booleans()), min_size=1, max_size=4)


@settings(max_examples=many(5), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(goods=GOODS, rounds=ROUNDS, state=st.sampled_from(["IN-KA", "IN-MH"]))
def test_b27_random_returns_with_fees_close_to_the_paisa(
    goods: list[tuple[int, int, bool]], rounds: list[tuple[int, str, bool]], state: str, settings: Any
) -> None:
    settings.RETURN_FEES_BP = ["size:1234", "other:500"]
    skus = [shop.product(price_minor=price, gst_rate_bp=rate, price_includes_gst=with_gst).sku for price, rate, with_gst in goods]
    order = shop.delivered_order(skus=skus, quantity=3, shippingAddress=shop.address(state=state))
    relay.drain()
    for units, reason, with_fee in rounds:
        try:
            ret = inspected(order, units=units, reason=reason)
            made = pay_back(ret, fee_minor=None if with_fee else 0)
        except DomainError:
            continue
        assert made.amount_minor == ret.worth_minor - (ret.fee_minor if with_fee else 0)
        finish(made)
        assert makers.fresh(ret).status == "closed"
    hold_together(order)


def hold_together(order: Order) -> None:
    for row in Refund.objects.filter(stream=str(order.pk)):
        assert sum(RefundPart.objects.filter(refund=row).values_list("total_minor", flat=True)) == row.amount_minor
    payment = OrderPayment.objects.select_related("payment").get(order=order).payment
    assert payment.refunded_minor <= payment.captured_minor
    lines = makers.lines_of(order)
    left = {row.key: row for row in refund_parts.left_of(order, lines).lines}
    for line in lines:
        gone = RefundPart.objects.filter(line=line).aggregate(units=Sum("units"), total=Sum("total_minor"))
        kept = KeptPart.objects.filter(line=line).aggregate(total=Sum("total_minor"))["total"] or 0
        assert left[str(line.pk)].units == line.quantity - (gone["units"] or 0) == line.quantity - line.quantity_returned
        assert left[str(line.pk)].total_minor == line.total_minor - (gone["total"] or 0) - kept
    documents = list(Document.objects.filter(order=order))
    said = sum(doc.total_minor if doc.kind == "invoice" else -doc.total_minor for doc in documents)
    assert said == payment.captured_minor - payment.refunded_minor
    assert accounts(order)["customers"] == 0
