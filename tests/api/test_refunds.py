"""Refunds over the API: quotes, limits by scope, approval by another hand, failures (B45, B49, A17)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orders.models import Line, Order
from payments import operations as money
from payments.models import Refund
from tests import makers
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


@pytest.fixture
def order() -> Order:
    return makers.paid_order(quantity=2)


def path(order: Order, what: str = "refund") -> str:
    return f"/admin/orders/{order.pk}/{what}"


def items(order: Order, units: int) -> list[dict[str, Any]]:
    return [{"orderItemId": str(Line.objects.get(order=order).pk), "quantity": units}]


def test_the_amount_may_be_left_out_with_items_and_is_what_the_quote_says(order: Order) -> None:
    boss, wish = makers.staff(), {"items": items(order, 1), "withShipping": True}
    said = read(boss.post(path(order, "refund/quote"), wish))
    assert said["amount"] == said["itemValue"] + said["gstAmount"] + said["shipping"] == said["itemsWorth"] + said["shipping"]
    assert (said["left"][0]["quantity"], said["needsApproval"], Refund.objects.count()) == (2, False, 0)
    made = read(boss.post(path(order), {**wish, "reason": "Torn", "speed": "instant"}, key=True), 201)
    assert (made["amount"], made["speed"], made["status"]) == (said["amount"], "optimum", "pending")
    assert read(boss.post(path(order, "refund/quote"), {"amount": 1}))["left"][0]["quantity"] == 1


@pytest.mark.parametrize(
    ("wish", "slug"),
    [
        ({}, "nothing-named"), ({"goodwill": True, "amount": 5, "withShipping": True}, "goodwill-stands-alone"),
        ({"items": 3}, "too-many-units-back"), ({"amount": 10**9}, "above-refundable"),
    ],
)
def test_what_cannot_be_is_422_and_says_which(order: Order, wish: dict[str, Any], slug: str) -> None:
    boss = makers.staff()
    body = {**wish, "items": items(order, 3)} if "items" in wish else wish
    for place, more in ((path(order, "refund/quote"), {}), (path(order), {"reason": "x"})):
        assert read(boss.post(place, {**body, **more}, key=True), 422)["type"] == f"/problems/{slug}"
    assert Refund.objects.count() == 0


def test_above_its_limit_a_key_asks_and_another_approves(order: Order, settings: Any) -> None:
    settings.REFUND_LIMIT_MINOR = 5_000
    small, other = makers.staff("refunds:write", "orders:read"), makers.staff("refunds:write", "refunds:unlimited")
    wish = {"amount": 5_001, "reason": "Late"}
    assert read(small.post(path(order, "refund/quote"), {"amount": 5_001}))["needsApproval"]
    made = read(small.post(path(order), wish, key=True), 201)
    assert made["status"] == "requested"
    approve = path(order, f"refunds/{made['id']}/approve")
    assert read(small.post(approve, {}), 409)["type"] == "/problems/maker-is-checker"
    assert read(makers.staff("refunds:write").post(approve, {}), 409)["type"] == "/problems/above-your-limit"
    assert read(other.post(approve, {}))["status"] == "pending"
    assert read(other.post(path(order), wish, key=True), 201)["status"] == "pending"


def test_a_failed_refund_is_retried_and_then_given_by_other_means(order: Order) -> None:
    boss = makers.staff()
    made = read(boss.post(path(order), {"amount": 900, "reason": "Late"}, key=True), 201)
    retry, settle = (f"/admin/refunds/{made['id']}/{verb}" for verb in ("retry", "settle-by-other-means"))
    words = {"reference": "UTR616012345678", "reason": "Paid by NEFT"}
    assert read(boss.post(retry, {}), 409)["type"] == "/problems/transition-not-allowed"
    for status in ("pending", "processed"):
        with operation("test.fail", actor=makers.TESTER, stream=str(order.pk)) as op:
            money.fail_refund(op, refund_id=Refund.objects.get().pk, code="no", reason="no")
        answer = boss.post(retry, {}) if status == "pending" else boss.post(settle, words)
        assert read(answer)["status"] == status
    row = read(boss.get(path(order, "")[:-1]))["refunds"][0]
    assert (row["byOtherMeans"], row["reference"], row["status"]) == (True, "UTR616012345678", "processed")
    assert read(boss.post(settle, words), 409)["type"] == "/problems/transition-not-allowed"
    assert read(boss.post("/admin/refunds/x/retry", {}), 404)
