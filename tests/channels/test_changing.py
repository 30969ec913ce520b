"""A channel changed an order that stands here: a conflict, and at a person's word the order is what the channel says (D2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config import doctor
from inventory.models import Level
from orders import as_of
from orders.channels import ingest
from orders.channels.reading import loads
from orders.models import ChannelImport, Line, Order, OrderRevision
from orders.operations import confirm, fulfil, process
from orders.pages import why
from orders.queries import detail
from payments.models import Payment
from tests import makers
from tests.channels.storefronts import gone, line, shopify, taxes
from tests.channels.test_webhooks import work
from tests.exports.test_orders import exported
from timeline.models import Event
from timeline.operations import operation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("goods")]
LATER = "2026-11-20T12:00:00+05:30"
CASH = {"financial_status": "pending", "payment_gateway_names": ["Cash on Delivery (COD)"]}


def tell(said: dict[str, Any]) -> ingest.Outcome:
    return ingest.take(channel="shopify", said=loads(json.dumps(said).encode()), actor=makers.TESTER)


def kurtas(units: int, tax: str, **more: Any) -> dict[str, Any]:
    return line(1, units, "100.00", tax_lines=taxes(("IGST", 0.05, tax)), **more)


def placed(**more: Any) -> Order:
    """Three at the door, 315.00 with their tax."""
    tell(shopify("INR", "315.00", "15.00", kurtas(3, "15.00"), **{"total_outstanding": "315.00", **CASH, **more}))
    return Order.objects.get()


def edited(*lines: dict[str, Any], total: str, tax: str, **more: Any) -> ingest.Outcome:
    return tell(shopify("INR", total, tax, *lines, total_outstanding=total, updated_at=LATER, **{**CASH, **more}))


def taken_off() -> ingest.Outcome:
    """One of the three is taken off at the shop before anything was paid."""
    off = [{"refund_line_items": [gone(1, 1, "100.00", "5.00")], "transactions": [], "order_adjustments": []}]
    said = shopify("INR", "315.00", "15.00", kurtas(3, "15.00", current_quantity=2), current_total_price="210.00", refunds=off, **CASH)
    return tell({**said, "total_outstanding": "210.00", "updated_at": LATER})


def follow(clerk: makers.Caller, outcome: ingest.Outcome, status: int = 200) -> Any:
    assert outcome.row is not None
    return makers.read(clerk.post(f"/admin/channel-imports/{outcome.row.pk}/resolve", {"accept": ["changed_after_placing"]}), status)


def cash() -> list[tuple[str, int]]:
    return [(str(row.status), row.amount_minor) for row in Payment.objects.order_by("created_at", "id")]


def held() -> int:
    return Level.objects.get(variant__sku="KURTA-M").held


def test_units_taken_off_before_they_were_paid_for_are_not_sent_and_not_collected(clerk: makers.Caller) -> None:
    order = placed()
    conflict = taken_off()
    assert (conflict.outcome, [reason["code"] for reason in conflict.reasons]) == ("conflict", ["changed_after_placing"])
    assert (makers.again(order).total_minor, held(), cash()) == (31500, 3, [("created", 31500)]), "until somebody decides"
    follow(clerk, conflict)
    now, row = makers.again(order), Line.objects.get()
    assert (now.total_minor, now.subtotal_minor, now.gst_minor, now.igst_minor, now.item_count, now.revision) == (21000, 20000, 1000, 1000, 2, 1)
    assert (row.quantity, row.value_minor, row.gst_minor, row.total_minor) == (2, 20000, 1000, 21000)
    assert (held(), cash()) == (2, [("failed", 31500), ("created", 21000)])
    assert ChannelImport.objects.get().state == "imported"
    assert taken_off().outcome == "unchanged"
    with operation("test.deliver", actor=makers.STAFF, stream=str(order.pk)) as op:
        fulfil_all(op, now)
    assert (makers.again(order).status, makers.again(order).paid_minor) == ("delivered", 21000)


def fulfil_all(op: Any, order: Order) -> None:
    """All the way to the door."""
    confirm.confirm(op, order_id=order.pk)
    process.start_processing(op, order_id=order.pk)
    fulfil.ship_all(op, order_id=order.pk)
    fulfil.deliver_all(op, order_id=order.pk)


def test_a_line_that_came_and_a_discount_are_followed(clerk: makers.Caller) -> None:
    order = placed()
    less = {"discount_allocations": [{"amount": "20.00"}]}
    conflict = edited(kurtas(3, "14.00", **less), line(2, 2, "30.00"), total="354.00", tax="14.00", total_discounts="20.00")
    follow(clerk, conflict)
    now = makers.again(order)
    assert (now.total_minor, now.discount_minor, now.item_count, cash()[-1]) == (35400, 2000, 5, ("created", 35400))
    assert [(row.place, row.sku, row.quantity, row.total_minor) for row in now.lines.order_by("place")] == [(1, "KURTA-M", 3, 29400), (2, "STOLE-1", 2, 6000)]
    assert Level.objects.get(variant__sku="STOLE-1").held == 2


def test_every_book_knows_both_versions(clerk: makers.Caller) -> None:
    """The page that explains it, the state as it stood, an export, and the doctor."""
    order = placed()
    before = Event.objects.order_by("-pk")[0].recorded_at
    follow(clerk, taken_off())
    work()
    now = makers.again(order)
    assert why.traced(detail(now.pk)).agrees
    assert [row.total_minor for row in OrderRevision.objects.all()] == [21000]
    views = [as_of.view(order.pk, as_of=at, known=None).stand.columns["total_minor"] for at in (before, Event.objects.order_by("-pk")[0].recorded_at)]
    assert views == [31500, 21000]
    rows, _ = exported(makers.staff())
    assert [row["total_minor"] for row in rows] == ["21000"]
    assert [str(fault) for check in doctor.CHECKS for fault in check() if "secret" not in str(fault)] == []


def test_an_export_reads_an_order_whose_address_alone_was_changed() -> None:
    """It broke every export of orders."""
    placed()
    moved = {"name": "J", "address1": "2 Lane", "city": "Pune", "zip": "411001", "province_code": "MH", "country_code": "IN"}
    tell(shopify("INR", "315.00", "15.00", kurtas(3, "15.00"), total_outstanding="315.00", shipping_address=moved, updated_at=LATER, **CASH))
    rows, _ = exported(makers.staff())
    assert [(row["total_minor"], row["destination_state"]) for row in rows] == [("31500", "IN-MH")]


@pytest.mark.parametrize("how", ["label", "paid", "unknown", "price", "shipping"])
def test_what_cannot_follow_says_why_and_stays_a_conflict(clerk: makers.Caller, how: str) -> None:
    order = placed(**({"financial_status": "paid", "payment_gateway_names": [], "total_outstanding": "0.00"} if how == "paid" else {}))
    if how == "label":
        with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
            confirm.confirm(op, order_id=order.pk)
            process.start_processing(op, order_id=order.pk)
            fulfil.ship_all(op, order_id=order.pk)
    changed: dict[str, tuple[list[dict[str, Any]], str, dict[str, Any]]] = {
        "unknown": ([kurtas(2, "10.00"), {**line(2, 1, "5.00"), "sku": "NOBODYS"}], "215.00", {}),
        "price": ([{**kurtas(2, "10.00"), "price": "90.00"}], "190.00", {}),
        "shipping": ([kurtas(2, "10.00")], "215.00", {"shipping_lines": [{"title": "S", "price": "5.00", "tax_lines": []}]}),
        "paid": ([kurtas(2, "10.00")], "210.00", {"financial_status": "paid"}),
    }
    lines, total, more = changed.get(how, (*changed["paid"][:2], {}))
    conflict = edited(*lines, total=total, tax="10.00", **more)
    assert conflict.outcome == "conflict"
    problem = follow(clerk, conflict, 409)
    assert problem["type"].endswith("cannot-follow")
    assert (makers.again(order).total_minor, makers.again(order).revision, ChannelImport.objects.get().state) == (31500, 0, "conflict")
