"""Random orders and random refunds: nothing goes back twice, and all of it is exactly what was paid (PAINS 4, F24)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Line, Order, OrderPayment, RefundPart
from orders.operations import refund, refund_parts
from orders.operations.refund import Wish
from orders.pricing import giving_back
from payments import journal
from payments import operations as money
from payments.models import Refund
from tests import makers
from tests.thorough import many
from timeline.errors import DomainError
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)
COLUMNS = ("units", "taxable_minor", "cgst_minor", "sgst_minor", "igst_minor", "total_minor")
RATES = (0, 25, 500, 1800, 2800)

GOODS = st.lists(
    st.tuples(st.integers(1, 200_000), st.sampled_from(RATES), st.booleans(), st.integers(1, 5)), min_size=1, max_size=3
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["items", "items", "amount", "both", "goodwill", "finish", "fail", "retry", "otherwise"]),
        st.integers(0, 10**6), st.integers(1, 3), st.booleans(),
    ),
    max_size=10,
)


def run(order: Order, work: Any) -> Any:
    with operation("test.refund", actor=makers.STAFF, stream=str(order.pk)) as op:
        return work(op)


def bought(goods: list[tuple[int, int, bool, int]], state: str) -> Order:
    wants = []
    for price_minor, rate_bp, with_gst, quantity in goods:
        made = makers.product(price_minor=price_minor, gst_rate_bp=rate_bp, price_includes_gst=with_gst)
        wants.append((made.sku, quantity))
    return makers.paid_order(skus=[sku for sku, _ in wants], quantity=wants[0][1], shippingAddress=makers.address(state=state))


def wish_of(order: Order, what: str, size: int, units: int, with_shipping: bool) -> Wish:
    lines = list(Line.objects.filter(order=order).order_by("place"))
    items = {lines[size % len(lines)].pk: units}
    amount = 1 + size % max(1, order.total_minor)
    match what:
        case "items":
            return Wish(items=items, with_shipping=with_shipping)
        case "both":
            return Wish(items=items, amount_minor=amount)
        case "goodwill":
            return Wish(amount_minor=1 + amount % 500, goodwill=True)
    return Wish(amount_minor=amount)


def give(order: Order, wish: Wish) -> None:
    """The dry run is the committed result, also where both are refused."""
    nouns: dict[str, Any] = {"items": wish.items or None, "amount_minor": wish.amount_minor, "with_shipping": wish.with_shipping}
    try:
        dry = refund.quote(order_id=order.pk, wish=wish)
    except DomainError as refused:
        with pytest.raises(type(refused)):
            run(order, lambda op: refund.give(op, order_id=order.pk, reason="x", goodwill=wish.goodwill, **nouns))
        return
    made = run(order, lambda op: refund.give(op, order_id=order.pk, reason="x", goodwill=wish.goodwill, **nouns))
    kept = [refund_parts.part_of(row) for row in RefundPart.objects.filter(refund=made).order_by("id")]
    assert (made.amount_minor, kept) == (dry.amount_minor, list(dry.parts))


def move(order: Order, what: str, size: int) -> None:
    """Something happens to one of the refunds, if it can."""
    rows = list(Refund.objects.filter(stream=str(order.pk)).order_by("created_at", "id"))
    if not rows:
        return
    row = rows[size % len(rows)]
    deeds: dict[str, Any] = {
        "finish": lambda op: money.finish_refund(op, refund_id=row.pk, gateway_refund_id=f"rfnd_{row.pk.hex[-14:]}"),
        "fail": lambda op: money.fail_refund(op, refund_id=row.pk, code="no", reason="no"),
        "retry": lambda op: refund.retry(op, order_id=order.pk, refund_id=row.pk),
        "otherwise": lambda op: refund.settle_by_other_means(
            op, order_id=order.pk, refund_id=row.pk, reference="UTR1", reason="x"
        ),
    }
    try:
        run(order, deeds[what])
    except DomainError:
        return


def hold_together(order: Order) -> None:
    payment = OrderPayment.objects.select_related("payment").get(order=order).payment
    assert payment.refunded_minor + payment.pending_refund_minor <= payment.captured_minor
    wholes = {str(line.pk): refund_parts.whole(line) for line in Line.objects.filter(order=order)}
    shipping = giving_back.shipping_of(order.pricing_snapshot)
    sums: dict[str | None, dict[str, int]] = {}
    for part in RefundPart.objects.filter(order=order, refund__status__in=refund_parts.COUNTED):
        into = sums.setdefault(str(part.line_id) if part.line_id else None, dict.fromkeys(COLUMNS, 0))
        for column in COLUMNS:
            into[column] += getattr(part, column)
    for key, found in sums.items():
        whole = wholes[key] if key else shipping
        assert all(found[column] <= getattr(whole, column) for column in COLUMNS)
    for row in Refund.objects.filter(stream=str(order.pk)):
        parts = RefundPart.objects.filter(refund=row)
        assert sum(part.total_minor for part in parts) == (0 if row.reason_code == "goodwill" else row.amount_minor)


@settings(max_examples=many(15), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(goods=GOODS, state=st.sampled_from(["IN-KA", "IN-MH"]), steps=STEPS)
def test_b27_whatever_is_given_back_and_however_it_closes(goods: Any, state: str, steps: Any) -> None:
    order = bought(goods, state)
    for what, size, units, with_shipping in steps:
        if what in ("finish", "fail", "retry", "otherwise"):
            move(order, what, size)
        else:
            give(order, wish_of(order, what, size, units, with_shipping))
        hold_together(order)

    for row in Refund.objects.filter(stream=str(order.pk), status="pending"):
        run(order, lambda op, pk=row.pk: money.finish_refund(op, refund_id=pk, gateway_refund_id=f"rfnd_{uuid.uuid4().hex[:14]}"))
    payment = OrderPayment.objects.select_related("payment").get(order=order).payment
    if payment.refundable_minor:
        give(order, Wish(amount_minor=payment.refundable_minor))
    hold_together(order)
    goodwill = sum(
        Refund.objects.filter(stream=str(order.pk), reason_code="goodwill", status="processed").values_list("amount_minor", flat=True)
    )
    parts = RefundPart.objects.filter(order=order, refund__status__in=refund_parts.COUNTED)
    assert sum(part.total_minor for part in parts) + goodwill == order.total_minor
    assert sum(row.amount_minor for row in journal.of_stream(str(order.pk))) == 0
