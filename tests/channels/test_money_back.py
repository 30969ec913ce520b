"""What a channel gave back is booked, also while a person looks at the rest of what it said (D5)."""

from __future__ import annotations

import json

import pytest

from orders.channels import ingest, resolving
from orders.channels.reading import loads
from orders.models import ChannelImport, Order
from orders.operations import cancel, confirm, fulfil, process
from payments.models import Payment
from tests import makers
from tests.channels.bodies import body
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def tell(**changes: object) -> ingest.Outcome:
    return ingest.take(channel="shopify", said=loads(json.dumps(body("shopify", **changes)).encode()), actor=makers.TESTER)


def resolve(outcome: ingest.Outcome, status: str = "") -> None:
    assert outcome.row is not None
    with operation("test.resolve", actor=makers.STAFF, stream=outcome.row.story) as op:
        resolving.decide(op, import_id=outcome.row.pk, skus={}, status=status, accept=[])


def stocked() -> None:
    makers.product("KURTA-M", units=50)
    makers.product("STOLE-1", units=50)


BACK = [{"transactions": [{"kind": "refund", "status": "success", "amount": "500.00"}]}]
LATER = "2026-11-20T12:00:00+05:30"


def test_a_settled_conflict_leaves_no_refund_behind() -> None:
    """The body that changed a line also gave money back, and no further body comes."""
    stocked()
    tell()
    lines = body("shopify")["line_items"]
    lines[1]["title"], lines[1]["sku"] = "Shawl", "SHAWL-1"
    conflict = tell(line_items=lines, refunds=BACK, financial_status="partially_refunded", updated_at=LATER)
    assert (conflict.outcome, Order.objects.get().refunded_minor) == ("conflict", 0)
    resolve(conflict)
    assert Order.objects.get().refunded_minor == 50000


def test_a_settled_word_takes_the_order_as_far_as_a_person_says() -> None:
    stocked()
    tell()
    conflict = tell(fulfillment_status="odd", updated_at=LATER)
    assert [reason["code"] for reason in conflict.reasons] == ["unknown_status"]
    resolve(conflict, "shipped")
    assert Order.objects.get().status == "shipped"


def test_an_order_that_ended_here_can_be_settled() -> None:
    stocked()
    tell()
    order = Order.objects.get()
    with operation("test.cancel", actor=makers.STAFF, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk, code="customer_request")
    conflict = tell(fulfillment_status="fulfilled", refunds=BACK, financial_status="partially_refunded", updated_at=LATER)
    assert [reason["code"] for reason in conflict.reasons if reason["holds"]] == ["status_went_back"]
    resolve(conflict)
    assert ChannelImport.objects.get().state == "imported"


def test_an_amount_of_another_currency_is_never_booked() -> None:
    """Also when a person said that the order stands as it is: 500.00 of another currency are not 500.00 of this one."""
    stocked()
    tell()
    abroad = {"currency": "USD", "refunds": BACK, "financial_status": "partially_refunded"}
    resolve(tell(**abroad, updated_at=LATER))
    again = tell(**abroad, note="anew", fulfillment_status="partial", updated_at="2026-11-20T13:00:00+05:30")
    assert [reason["code"] for reason in again.reasons if reason["holds"]] == ["several_currencies"]
    assert Order.objects.get().refunded_minor == 0


@pytest.mark.parametrize(("word", "code"), [("partially_refunded", "partly_cancelled"), ("refunded", "refund_incomplete")])
def test_a_conflict_about_goods_or_status_hides_no_refund(word: str, code: str) -> None:
    stocked()
    tell()
    lines = body("shopify")["line_items"]
    lines[0]["current_quantity"] = 1
    changes = {"line_items": lines, "refunds": BACK, "financial_status": word, "updated_at": LATER}
    outcome = tell(**changes)
    assert (outcome.outcome, [reason["code"] for reason in outcome.reasons if reason["holds"]]) == ("conflict", [code])
    assert Order.objects.get().refunded_minor == 50000
    assert tell(**changes).outcome == "unchanged"
    assert Order.objects.get().refunded_minor == 50000


def cod(**changes: object) -> ingest.Outcome:
    return tell(financial_status="pending", payment_gateway_names=["Cash on Delivery (COD)"], **changes)


def booked() -> list[tuple[str, str, int]]:
    return [(row.gateway, str(row.status), row.amount_minor) for row in Payment.objects.order_by("created_at", "id")]


@pytest.mark.parametrize(("changes", "rows"), [
    ({"financial_status": "paid"}, [("cod", "failed", 109900), ("channel", "captured", 109900)]),
    ({"financial_status": "partially_paid", "total_outstanding": "400.00"},
     [("cod", "failed", 109900), ("channel", "captured", 69900), ("cod", "captured", 40000)]),
])
def test_what_was_paid_at_the_channel_after_the_parcel_left_is_no_cash_once_more(changes: dict[str, object], rows: list[tuple[str, str, int]]) -> None:
    """The books hold the order's total once; that the parcel may still collect is said."""
    stocked()
    cod()
    order = Order.objects.get()
    with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        confirm.confirm(op, order_id=order.pk)
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk)
    outcome = tell(payment_gateway_names=["shopify_payments"], updated_at=LATER, **changes)
    assert [reason["code"] for reason in outcome.reasons] == ["cash_still_out"]
    with operation("test.deliver", actor=makers.STAFF, stream=str(order.pk)) as op:
        fulfil.deliver_all(op, order_id=order.pk)
    assert (makers.again(order).paid_minor, booked()) == (109900, rows)


def test_control_cash_nobody_else_paid_is_collected_at_the_door() -> None:
    stocked()
    cod()
    order = Order.objects.get()
    with operation("test.deliver", actor=makers.STAFF, stream=str(order.pk)) as op:
        confirm.confirm(op, order_id=order.pk)
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk)
        fulfil.deliver_all(op, order_id=order.pk)
    assert booked() == [("cod", "captured", 109900)]
