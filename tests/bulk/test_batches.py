"""Batches of up to a hundred rows (A3, A18-A20, B58): one answer per row, sent again without harm (F11 to F15)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from orders.models import Order
from shipping.models import Shipment
from tests import makers
from tests.books.dying import Death, Died, dying
from timeline.models import Event

if TYPE_CHECKING:
    from tests.makers import Caller

STATUS, SHIPMENTS = "/admin/orders/batch/status", "/admin/shipments/batch"
pytestmark = pytest.mark.django_db


def read(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, (response.status_code, response.content[:2000])
    return json.loads(response.content)


def send(boss: Caller, rows: Any, *, path: str = STATUS, key: str | bool = True, expect: int = 200) -> Any:
    return read(boss.post(path, {"rows": rows}, key=key), expect)


def statuses(answer: Any) -> list[int]:
    return [row["status"] for row in answer["data"]]


def test_f11_one_bad_row_stops_no_other_and_says_why() -> None:
    boss = makers.staff()
    first, second = makers.paid_order(), makers.placed_order()
    answer = send(boss, [
        {"orderId": str(first.pk), "status": "processing"},
        {"orderId": "ORD-19990101-00001", "status": "processing"},
        {"orderId": second.number, "status": "delivered"},
        {"orderId": second.number, "status": "refunded!", "colour": "red"},
        "not a row",
        {"orderId": second.number.lower(), "status": "cancelled", "note": "Asked by telephone"},
    ])
    assert statuses(answer) == [200, 404, 409, 400, 400, 200]
    assert (answer["succeeded"], answer["failed"]) == (2, 4)
    assert [row["row"] for row in answer["data"]] == [0, 1, 2, 3, 4, 5]
    done, absent, refused, malformed, nothing, _ = answer["data"]
    assert (done["orderNumber"], done["order"]["status"]) == (first.number, "processing")
    assert (absent["problem"]["type"], absent["orderId"]) == ("/problems/not-found", None)
    assert refused["problem"]["type"] == "/problems/transition-not-allowed"
    assert refused["problem"]["allowed"] == ["confirmed", "cancelled"]
    assert {error["pointer"] for error in malformed["problem"]["errors"]} == {"#/rows/3/status", "#/rows/3/colour"}
    assert nothing["problem"]["errors"][0]["pointer"] == "#/rows/4"
    assert makers.again(second).status == "cancelled"


def test_a20_the_same_order_twice_goes_in_the_order_of_the_rows() -> None:
    boss, order = makers.staff(), makers.paid_order()
    rows = [{"orderId": order.number, "status": word} for word in ("shipped", "processing", "shipped", "delivered")]
    answer = send(boss, rows)
    assert statuses(answer) == [409, 200, 200, 200]
    assert answer["data"][3]["order"]["version"] == read(boss.get(f"/admin/orders/{order.pk}"))["version"]


def test_a18_a_hundred_rows_are_taken_and_101_are_refused_whole() -> None:
    boss, order = makers.staff(), makers.paid_order()
    row = {"orderId": order.number, "status": "processing"}
    refused = send(boss, [row] * 101, expect=400)
    assert "100" in refused["errors"][0]["detail"]
    assert makers.again(order).status == "confirmed"
    assert send(boss, [row] * 100)["succeeded"] == 1


@pytest.mark.parametrize("body", [{}, [], {"rows": []}, {"rows": {}}, {"rows": None}, {"rows": [{}], "more": 1}, "rows"])
def test_another_outline_is_refused_whole(body: Any) -> None:
    assert makers.staff().post(STATUS, body, key=True).status_code == 400


def test_a_key_is_required_and_another_body_under_it_is_refused() -> None:
    """F14: also when the first batch never came to its end."""
    boss, order, other = makers.staff(), makers.paid_order(), makers.paid_order()
    row = {"orderId": order.number, "status": "processing"}
    assert boss.post(STATUS, {"rows": [row]}).status_code == 428
    first = boss.post(STATUS, {"rows": [row]}, key="batch-key-1")
    again = boss.post(STATUS, {"rows": [row]}, key="batch-key-1")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    send(boss, [{"orderId": other.number, "status": "processing"}], key="batch-key-1", expect=422)
    assert makers.again(other).status == "confirmed"


def test_f15_the_same_key_of_another_client_is_another_batch() -> None:
    one, two, order = makers.staff(), makers.staff(), makers.paid_order()
    assert statuses(send(one, [{"orderId": order.number, "status": "processing"}], key="shared-key-1")) == [200]
    assert statuses(send(two, [{"orderId": order.number, "status": "shipped"}], key="shared-key-1")) == [200]


def test_a_scope_is_needed() -> None:
    reader = makers.staff("orders:read")
    assert reader.post(STATUS, {"rows": [{}]}, key=True).status_code == 403
    assert makers.customer().post(STATUS, {"rows": [{}]}, key=True).status_code in {401, 403}


def test_parcels_are_booked_and_handed_over_by_the_hundred() -> None:
    boss = makers.staff()
    own, other, half, done = (makers.processing_order() for _ in range(4))
    line = half.lines.get()
    answer = send(boss, [
        {"orderId": own.number, "carrier": "own_fleet"},
        {"orderId": other.number, "carrier": "Blue Dart", "trackingNumber": "BD1", "dispatch": True},
        {"orderId": half.number, "carrier": "own_fleet", "dispatch": True,
         "items": [{"orderItemId": str(line.pk), "quantity": 1}]},
        {"orderId": done.number, "carrier": "carrier nobody knows"},
        {"orderId": done.number, "carrier": "Blue Dart", "dispatch": True},
        {"orderId": own.number, "carrier": "own_fleet"},
        {"orderId": half.number, "carrier": "own_fleet", "items": [{"orderItemId": str(line.pk), "quantity": 2}]},
    ], path=SHIPMENTS)
    assert statuses(answer) == [201, 201, 201, 422, 422, 409, 422]
    booked, away, part, *refused = answer["data"]
    assert (booked["shipment"]["status"], booked["shipment"]["trackingNumber"]) == ("booked", None)
    assert (away["shipment"]["status"], away["shipment"]["trackingNumber"]) == ("shipped", "BD1")
    assert part["shipment"]["items"] == [{"orderItemId": str(line.pk), "quantity": 1}]
    assert refused[0]["problem"]["errors"][0]["pointer"] == "#/rows/3/carrier"
    assert (makers.again(other).status, makers.again(half).fulfilment_state) == ("shipped", "partial")


def test_a_batch_costs_the_same_number_of_statements_per_row(django_assert_max_num_queries: Any) -> None:
    boss = makers.staff()
    rows = [{"orderId": makers.paid_order().number, "status": "processing"} for _ in range(10)]
    with django_assert_max_num_queries(10 * 14 + 12):
        assert send(boss, rows)["succeeded"] == 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_f11_a_batch_killed_at_any_row_is_sent_again_and_does_nothing_twice(after: bool) -> None:
    """Die at each commit, send the same again: the same answers as of a batch that lived, and each step once."""
    boss = makers.staff()
    makers.product("TEA-1", units=10_000)
    at = 0
    while True:
        at += 1
        orders = [makers.placed_order(payment_method="cod", skus=["TEA-1"]) for _ in range(2)]
        one, two = orders
        rows = [
            {"orderId": one.number, "status": "shipped"},  # refused at first, and still refused when sent again
            {"orderId": one.number, "status": "processing", "note": "Begun"},
            {"orderId": "ORD-19990101-00001", "status": "processing"},
            {"orderId": two.number, "status": "nonsense"},
            {"orderId": one.number, "status": "shipped", "carrier": "Blue Dart", "trackingNumber": f"BD{at}"},
            {"orderId": two.number, "status": "processing"},
        ]
        death = Death(at, after)
        with dying(death):
            try:
                answer = send(boss, rows, key=f"kill-{after}-{at}")
            except Died:
                answer = send(boss, rows, key=f"kill-{after}-{at}")
        assert statuses(answer) == [409, 200, 404, 400, 200, 200], f"died at commit {at}"
        assert [makers.again(order).status for order in orders] == ["shipped", "processing"]
        assert Shipment.objects.filter(stream=str(one.pk)).count() == 1
        assert Event.objects.filter(stream=str(one.pk), kind="note.added").count() == 1
        if not death.died:
            break
    assert at > len(rows)
    assert Order.objects.count() == 2 * at
