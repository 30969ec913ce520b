"""A shop of many orders from the command: every check is green after (STYLE 22, issue of scale)."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from config.doctor import examine
from config.seeding import many, patterns, rows
from orders.models import Order
from payments.models import ClosedDay
from tests import makers
from tests.thorough import THOROUGH
from timeline.log import seal
from timeline.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.skipif(not THOROUGH, reason="lives and copies 150 orders: make test-postgres")
def test_seeded_orders_are_as_good_as_lived_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """Stories, states, money, stock, counts and hashes; then the shop goes on with one of them."""
    call_command("seed", orders=150, days=40)
    lived = len(patterns.LIVES) * 3
    assert Order.objects.count() == 150 + lived
    assert "150 orders" in capsys.readouterr().out
    assert not Event.objects.values("leaf_hash").annotate(n=Count("pk")).filter(n__gt=1).exists()
    seal.seal()
    call_command("verify")
    assert [finding for finding in examine() if finding.check != "deliveries_arrive"] == []

    spread = {name: Order.objects.values(name).distinct().count() for name in ("status", "channel", "person", "destination_state", "city_token")}
    assert spread["status"] >= 6
    assert spread["channel"] == len(patterns.CHANNELS)
    assert spread["person"] > 40
    assert spread["city_token"] > spread["destination_state"] == 3

    boss = makers.staff()
    order = Order.objects.filter(status="processing").order_by("number").first() or Order.objects.filter(status="confirmed")[0]
    seen = makers.read(boss.get(f"/admin/orders/{order.number}"))
    assert seen["customer"]["name"] == seen["shippingAddress"]["name"]
    assert [row["orderNumber"] for row in makers.read(boss.get("/admin/orders", q=seen["customer"]["email"]))["data"]].count(order.number) == 1
    step = "shipped" if order.status == "processing" else "processing"
    assert makers.read(boss.patch(f"/admin/orders/{order.pk}/status", {"status": step}))["status"] == step
    times = [row["createdAt"] for row in json.loads(boss.get(f"/admin/orders/{order.pk}/timeline").content)["data"]]
    assert times == sorted(times)


def test_a_shop_that_closed_its_books_is_no_place_for_invented_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="Between 1 and"):
        call_command("seed", orders=0)
    monkeypatch.setattr(ClosedDay.objects, "exists", lambda: True)
    with pytest.raises(CommandError, match="no place"):
        call_command("seed", orders=1)
    assert not Order.objects.exists()


@pytest.mark.postgres
def test_b61_searches_of_many_orders_are_served_by_their_indexes() -> None:
    """B61: each kind of search names the index it was made for, or either of two that do in so small a shop."""
    from orders import finding, searching
    from timeline import trigrams

    list(many.seed(orders=900, days=200, chance=2))
    assert trigrams.missing() == []
    order = Order.objects.filter(status="delivered").order_by("number")[0]
    profile = order.person.profile()
    sent = order.fulfilments.exclude(shipment=None).first()
    assert sent is not None
    assert sent.shipment is not None
    asked = {
        "status:processing": "order_status_created_idx|order_open_since_idx", "status:delivered": "order_status_created_idx|order_done_created_idx",
        "pay:unpaid": "order_payment_created_idx",
        f"number:{order.number[-9:]}": "order_number_part_idx", order.number[-9:]: "order_number_part_idx",
        f"email:{profile['email']}": "person_found_idx", profile["email"]: "person_found_idx",
        f"awb:{sent.shipment.tracking_number[2:9]}": "shipment_tracking_part_idx", "city:Mysuru total:>1": "order_city_idx",
        "sku:SEED-TEA-1*": "line_sku_order_idx", "total:..1": "order_total_idx", "delivered:2020": "order_delivered_idx",
        f"customer:{order.person_id}": "order_person_created_idx",
    }
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    missed = {}
    for q, index in asked.items():
        found = searching.search(searching.OrderSearch(extra=finding.matching(finding.parse(q))))
        plan = found.order_by("-created_at", "-id")[:51].explain()
        if not any(name in plan for name in index.split("|")):
            missed[q] = plan
    missed |= _walked_through()
    with connection.cursor() as cursor:
        cursor.execute("RESET enable_seqscan")
    assert missed == {}


def _walked_through() -> dict[str, str]:
    """Of pages of several statuses those that walk through the orders of the others: each is read from where it begins in its own index."""
    from orders import searching
    from timeline.api.paging import paged

    newest, missed = ("-created_at", "-id"), {}
    for statuses in (("cancelled", "refunded"), ("shipped", "delivered")):
        several = searching.OrderSearch(statuses=statuses)
        with CaptureQueriesContext(connection) as seen:
            paged(searching.search(several), order=newest, limit=20, parts=searching.apart(several, order=newest))
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + seen.captured_queries[0]["sql"])
            plan = "\n".join(row[0] for row in cursor.fetchall())
        if "order_status_created_idx" not in plan or "order_created_idx" in plan:
            missed[",".join(statuses)] = plan
    return missed


@pytest.mark.postgres
def test_counting_anew_what_the_tables_hold_may_take_long() -> None:
    """The settings' limit for a statement is for those who wait; a million orders take longer."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '1ms'")
        rows.end_session()
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() != ("1ms",)
