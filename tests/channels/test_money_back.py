"""What a channel gave back is booked, also while a person looks at the rest of what it said (D5)."""

from __future__ import annotations

import json

import pytest

from orders.channels import ingest, resolving
from orders.channels.reading import loads
from orders.models import ChannelImport, Order
from orders.operations import cancel
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
