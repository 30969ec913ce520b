"""Exports of orders and their lines, as they stood at the cut (A4, B69)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from orders.models import Order
from orders.operations import identify, process
from payments import operations as money
from tests import makers
from tests.exports.test_events import URL, _work, made, rows  # noqa: F401 the fixture is used by being here
from tests.operations.test_revisions import lower, run
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.makers import Caller

pytestmark = pytest.mark.django_db
SUMS = ("subtotal", "discount", "gst", "cgst", "sgst", "igst", "shipping", "total", "paid", "refunded")


def exported(boss: Caller, kind: str = "orders", **wish: Any) -> tuple[list[dict[str, str]], Any]:
    done = made(boss, kind=kind, **wish)
    return rows(done["downloadUrl"]), done


def test_a_row_says_what_the_order_is_in_every_state() -> None:
    """What is folded from the events is what the row says now."""
    boss = makers.staff()
    for make in (makers.placed_order, makers.paid_order, makers.shipped_order, makers.delivered_order, makers.delivered_order_at_door):
        make(lines=2)
    refunded = makers.paid_order()
    payment = refunded.order_payments.get().payment
    run(refunded, lambda op: money.ask_refund(op, payment_id=payment.pk, amount_minor=100, reason_code="goodwill"))
    found, done = exported(boss)
    assert [row["number"] for row in found] == list(Order.objects.order_by("created_at").values_list("number", flat=True))
    for row in found:
        order = Order.objects.get(number=row["number"])
        assert (row["status"], row["payment_status"], row["customer_id"]) == (order.status, order.payment_state, str(order.person_id))
        assert {name: int(row[f"{name}_minor"]) for name in SUMS} == {name: getattr(order, f"{name}_minor") for name in SUMS}
        for name in ("confirmed_at", "shipped_at", "delivered_at"):
            at = getattr(order, name)
            assert row[name] == (at.isoformat().replace("+00:00", "Z") if at else "")
    assert done["holdsPersonal"] is False
    assert "meera@example.com" not in str(found)


def test_the_same_cut_gives_the_same_rows_whatever_happened_since() -> None:
    boss, order = makers.staff(), makers.paid_order(lines=2, quantity=3)
    other = makers.placed_order()
    cuts = {kind: exported(boss, kind) for kind in ("orders", "order_lines")}
    line = order.lines.order_by("place")[0]
    lower(order, {line.pk: 2})
    makers.capture(other)
    later = {kind: exported(boss, kind) for kind in ("orders", "order_lines")}
    for kind, (before, done) in cuts.items():
        again = made(boss, kind=kind, cut=done["cut"])
        assert again["sha256"] == done["sha256"], (before, rows(again["downloadUrl"]))
        assert later[kind][1]["sha256"] != done["sha256"]
    now, quantities = makers.again(order), [row["quantity"] for row in later["order_lines"][0]]
    assert (later["orders"][0][0]["total_minor"], quantities[:2]) == (str(now.total_minor), ["1", "3"])
    assert later["orders"][0][1]["payment_status"] == "paid"
    lower(order, {line.pk: 1})
    between = made(boss, kind="order_lines", cut=later["order_lines"][1]["cut"])
    assert between["sha256"] == later["order_lines"][1]["sha256"]


def test_filters_look_at_the_orders_as_they_were() -> None:
    boss = makers.staff()
    makers.placed_order()
    paid = makers.paid_order()
    assert [row["id"] for row in exported(boss, filters={"paymentStatus": "paid"})[0]] == [str(paid.pk)]
    assert [row["status"] for row in exported(boss, filters={"status": ["pending", "shipped"]})[0]] == ["pending"]
    assert exported(boss, filters={"month": "2020-02"})[0] == exported(boss, filters={"channel": "nowhere"})[0] == []
    makers.read(boss.post(URL, {"kind": "orders", "filters": {"status": "lost"}}), 400)


def test_the_search_language_narrows_an_export_and_names_nobody() -> None:
    """States and sums are those at the cut; what may name a person is refused, for filters stand in the book (UX B5.2)."""
    boss = makers.staff()
    sent, paid = makers.shipped_order(skus=[makers.product("TEA-1").sku]), makers.paid_order(skus=[makers.product("MUG-1").sku])
    for q, expected in (
        ("status:shipped", [sent]), ("-status:shipped placed:7d", [paid]), ("pay:paid sku:TEA-*", [sent]),
        (f"total:{paid.total_minor // 100}.{paid.total_minor % 100:02}..", [sent, paid]), ("shipped:today items:2", [sent]),
        ("status:delivered", []), (f"customer:{paid.person_id}", [paid]),
    ):
        assert [row["id"] for row in exported(boss, filters={"q": q})[0]] == [str(one.pk) for one in expected], q
    before = made(boss, kind="orders", filters={"q": "status:confirmed"})
    run(paid, lambda op: process.start_processing(op, order_id=paid.pk))
    again = made(boss, kind="orders", filters={"q": "status:confirmed"}, cut=before["cut"])
    assert (again["sha256"], exported(boss, filters={"q": "status:confirmed"})[0]) == (before["sha256"], [])
    for q in ("meera", "email:meera@example.com", "name:meera", "phone:2345", "customer:meera", "status:shiped", '"x'):
        problem = makers.read(boss.post(URL, {"kind": "orders", "filters": {"q": q}}), 400)
        assert "character" in problem["errors"][0]["detail"], q


def test_b69_personal_columns_need_their_own_scope_and_are_marked() -> None:
    boss = makers.staff("exports:write", "exports:read", "orders:read", "customers:read")
    makers.paid_order()
    found, done = exported(boss, personal=True)
    assert (found[0]["customer_email"], done["holdsPersonal"]) == ("meera@example.com", True)
    assert "customer_email" not in exported(boss)[0][0]
    plain = makers.staff("exports:write", "exports:read", "orders:read")
    assert plain.post(URL, {"kind": "orders", "personal": True}).status_code == 403
    assert Event.objects.filter(kind="export.requested", facts__personal=True).count() == 1


def test_what_a_guest_ordered_is_the_customers_from_the_sign_in_on() -> None:
    """C17: the column is what the API says, and a cut before the sign-in says what was so then."""
    boss, order, me = makers.staff(), makers.placed_order(kind="guest"), makers.customer()
    before = exported(boss)
    assert me.person_id is not None
    with operation("test.transfer", actor=makers.TESTER) as op:
        identify.transfer(op, guest_id=order.person_id, customer_id=me.person_id)
    for kind in ("orders", "order_lines"):
        assert {row["customer_id"] for row in exported(boss, kind)[0]} == {str(me.person_id)}
    assert makers.read(boss.get(f"/admin/orders/{order.pk}"))["customerId"] == str(me.person_id)
    assert made(boss, kind="orders", cut=before[1]["cut"])["sha256"] == before[1]["sha256"]
