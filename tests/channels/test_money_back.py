"""What a channel gave back is booked, also while a person looks at the rest of what it said (D5)."""

from __future__ import annotations

import json

import pytest

from orders.channels import ingest
from orders.channels.reading import loads
from orders.models import Order
from tests import makers
from tests.channels.bodies import body

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("word", "code"), [("partially_refunded", "partly_cancelled"), ("refunded", "refund_incomplete")])
def test_a_conflict_about_goods_or_status_hides_no_refund(word: str, code: str) -> None:
    makers.product("KURTA-M", units=50)
    makers.product("STOLE-1", units=50)

    def told(**changes: object) -> ingest.Outcome:
        return ingest.take(channel="shopify", said=loads(json.dumps(body("shopify", **changes)).encode()), actor=makers.TESTER)

    told()
    lines = body("shopify")["line_items"]
    lines[0]["current_quantity"] = 1
    back = [{"transactions": [{"kind": "refund", "status": "success", "amount": "500.00"}]}]
    changes = {"line_items": lines, "refunds": back, "financial_status": word, "updated_at": "2026-11-20T12:00:00+05:30"}
    outcome = told(**changes)
    assert (outcome.outcome, [reason["code"] for reason in outcome.reasons if reason["holds"]]) == ("conflict", [code])
    assert Order.objects.get().refunded_minor == 50000
    assert told(**changes).outcome == "unchanged"
    assert Order.objects.get().refunded_minor == 50000
