"""A list reads columns where an order by itself is read as models: both say the same, to whoever asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.http import QueryDict

from orders import searching
from orders.api import shapes
from orders.api.inputs import OrdersQuery
from orders.models import Order, Person
from orders.operations import holds, sorting, step
from tests import makers
from tests.returns import makers as returned
from timeline.models import SubjectKey
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

ALONE_IN_A_LIST = {"riskScore", "itemCount"}
OTHERS_WORDS = {"allowedActions": ["fly"]}


def shop() -> list[Order]:
    """An order of every state, some with tags, holds, refunds, returns, another payment, or nobody any more who ordered them."""
    found = [
        makers.placed_order(lines=3), makers.placed_order(payment_method="cod"), makers.paid_order(kind="guest"), makers.processing_order(lines=2),
        makers.shipped_order(), makers.delivered_order(name="मीरा कुमारी"), makers.delivered_order_at_door(), makers.paid_order(), makers.placed_order(),
        makers.paid_order(), makers.delivered_order(),
    ]
    returned.asked(found[5])
    do(found[0], lambda op: sorting.tag(op, order_id=found[0].pk, tags=["gift", "b2b", "urgent"]))
    asha = makers.member().get_username()
    do(found[0], lambda op: sorting.assign(op, order_id=found[0].pk, assignee=asha))
    do(found[3], lambda op: holds.hold(op, order_id=found[3].pk, reason="other", note="ask"))
    do(found[7], lambda op: step.take(op, order_id=found[7].pk, status="cancelled"))
    do(found[8], lambda op: step.take(op, order_id=found[8].pk, status="cancelled"))
    boss = makers.staff()
    for order, share in ((found[9], 1), (found[10], 3)):
        makers.read(boss.post(f"/admin/orders/{order.pk}/refund", {"amount": order.total_minor // share, "reason": "x"}, key=True), 201)
    SubjectKey.objects.filter(pk=found[4].person.key_id).update(wrapped=b"", destroyed_at=found[4].created_at)
    Person.objects.filter(pk=found[4].person_id).update(erased_at=found[4].created_at)
    return [makers.again(order) for order in found]


def do(order: Order, deed: Callable[[Any], Any]) -> None:
    with operation("test.do", actor=makers.STAFF, stream=str(order.pk)) as op:
        deed(op)


def said(value: Any) -> str:
    """As it is sent, so that the order of names counts too."""
    return json.dumps(value)


@pytest.mark.parametrize("scopes", [("orders:read", "customers:read"), ("orders:read",), ()])
def test_a_list_says_of_each_order_what_the_order_says_itself(scopes: tuple[str, ...]) -> None:
    orders = shop()
    caller = makers.staff(*scopes)
    page = makers.read(caller.get("/admin/orders", limit=50, sort="createdAt"))
    assert [row["id"] for row in page["data"]] == [str(order.pk) for order in orders]
    assert len({row["status"] for row in page["data"]}) >= 6
    for order, row in zip(orders, page["data"], strict=True):
        whole = makers.read(caller.get(f"/admin/orders/{order.pk}"))
        assert {name: said(whole[name]) for name in row if name not in ALONE_IN_A_LIST} == {
            name: said(value) for name, value in row.items() if name not in ALONE_IN_A_LIST
        }
        assert row["riskScore"] == (whole["risk"] or {}).get("score")
        assert row["itemCount"] == order.item_count
        assert set(row) == set(shapes.StaffListedOrderShape().fields)


def test_a_customers_list_says_of_each_order_what_the_order_says_itself() -> None:
    for order in shop():
        caller = makers.Caller({"Authorization": f"Bearer {makers.customer_token(order.person_id, order.person.kind)}"}, order.person_id)
        response = caller.get("/storefront/orders")
        if response.status_code != 200:  # erased: nobody signs in as them
            continue
        (row,) = makers.read(response)["data"]
        whole = makers.read(caller.get(f"/storefront/orders/{order.pk}"))
        assert {name: said(whole[name]) for name in row if name != "itemCount"} == {
            name: said(value) for name, value in row.items() if name != "itemCount"
        }
        assert set(row) == set(shapes.ListedOrderShape().fields)


@pytest.mark.parametrize("sort", sorted(searching.SORTS))
def test_cursors_walk_a_list_in_every_order(sort: str) -> None:
    pks = {str(makers.placed_order().pk) for _ in range(5)}
    boss, cursor, met = makers.staff(), None, []
    for _ in range(3):
        page = makers.read(boss.get("/admin/orders", sort=sort, limit=2, **({"cursor": cursor} if cursor else {})))
        met += [row["id"] for row in page["data"]]
        assert page["total"] == len(pks)
        cursor = page["nextCursor"]
    assert cursor is None
    assert len(met) == len(pks)
    assert set(met) == pks


def test_what_a_customer_says_of_an_item_is_not_taken_for_our_own_words() -> None:
    caller = makers.customer()
    cart = makers.read(caller.post("/storefront/checkouts", {"lines": [{"sku": makers.product().sku, "quantity": 1, "metadata": OTHERS_WORDS}]}), 201)
    assert cart["lines"][0]["metadata"] == OTHERS_WORDS
    narrow = makers.staff("orders:read")
    order = makers.placed_order()
    order.lines.update(metadata=OTHERS_WORDS)
    for row in (makers.read(narrow.get("/admin/orders"))["data"][0], makers.read(narrow.get(f"/admin/orders/{order.pk}"))):
        assert row["items"][0]["metadata"] == OTHERS_WORDS
        assert row["allowedActions"] == []


def test_one_query_leaves_nothing_to_the_next() -> None:
    first = OrdersQuery.parse(QueryDict("status=pending&limit=3"))
    first["status"].append("delivered")
    first["channel"].append("web")
    second = OrdersQuery.parse(QueryDict(""))
    assert (second["status"], second["channel"], second["limit"]) == ([], [], 20)
