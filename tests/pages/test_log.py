"""The log and the order's time machine in the console."""

from __future__ import annotations

import pytest
from django.test import Client

from orders import as_of
from orders.operations import notes
from tests import makers
from tests.pages.markup import check
from tests.pages.test_console import order_path, page_of
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def test_a28_the_log_is_found_by_action_about_and_time_and_pages_on(asha: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.pages.log.PAGE_ROWS", 3)
    order = makers.shipped_order()
    page_of(asha, "/console/log/")
    shown = asha.get("/console/log/", {"action": "order.*", "resource": "order", "resourceId": order.number, "actor": ""})
    assert shown.context["page"].total == Event.objects.filter(stream=str(order.pk), kind__startswith="order.").count()
    assert order.number in shown.content.decode()
    older = asha.get("/console/log/", {"action": "order.*", "cursor": shown.context["page"].next_cursor})
    ids = [line.event.pk for page in (shown, older) for line in page.context["lines"]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == len(ids) > 3
    assert asha.get("/console/log/", {"before": "2020-01-01"}).context["lines"] == []
    for wrong in ({"target": "nothing"}, {"after": "yesterday"}, {"cursor": "forged"}):
        refused = asha.get("/console/log/", wrong)
        assert refused.status_code == 422
        check(refused.content.decode())


def test_a27_the_check_says_how_many_and_what_is_broken(asha: Client) -> None:
    makers.placed_order()
    page_of(asha, "/console/log/verify/")
    said = asha.get("/console/log/verify/", headers={"HX-Request": "true"}).content.decode()
    assert f"{Event.objects.count()} wait to be sealed" in said
    assert asha.get("/console/log/verify/", {"after": "x"}).status_code == 422


def test_e32_the_order_page_goes_back_to_any_step(asha: Client) -> None:
    order = makers.shipped_order(lines=2, quantity=2)
    steps = as_of.instants(order.pk)
    first = asha.get(order_path(order, "then/"), {"step": "1"})
    shown = first.content.decode()
    check(shown)
    assert first.context["found"].stand.status == "pending"
    assert "now shipped 2" not in shown
    assert "shipped 2" in shown, "what it is now stands beside it"
    newest = asha.get(order_path(order, "then/"))
    assert (newest.context["is_now"], newest.context["last"]) == (True, len(steps))
    seq = Event.objects.get(stream=str(order.pk), kind="order.processing_started").stream_seq
    by_event = asha.get(order_path(order, "then/"), {"seq": seq})
    assert by_event.context["found"].stand.status == "processing"
    assert asha.get(order_path(order, "then/"), {"at": "2000-01-01T00:00:00"}).context["place"] == 1
    assert asha.get(order_path(order, "then/"), {"step": "x", "at": "y"}).context["is_now"]
    part = asha.get(order_path(order, "then/"), {"step": "2"}, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<article id="then"')
    assert asha.get(order_path(order).replace(order.number, "ORD-20200101-00001") + "then/").status_code == 404


def test_the_page_of_a_long_story_stays_small(asha: Client) -> None:
    order = makers.paid_order()
    with operation("test.notes", actor=makers.STAFF, stream=str(order.pk)) as op:
        notes.add(op, order_id=order.pk, note="x")
    assert len(asha.get(order_path(order, "then/")).content) < 60_000


@pytest.mark.parametrize(("role", "sees"), [("manager", True), ("operations", False)])
def test_what_an_app_told_is_read_on_the_orders_page_and_in_the_log(role: str, sees: bool) -> None:
    """Its own words beside the sentence; who they name only for who sees customers (B67)."""
    order = makers.placed_order()
    told = {
        "carrier": "FedEx", "tracking_number": "794644790132", "pieces": 2, "signed_name": "Rachel Kimberley", "said": "Ring +919845012345",
        "more": {"deep": "Marzipan"}, "<b>": "<i>",
    }
    makers.read(makers.staff().post("/api/v1/events", {
        "actor": {"id": "wms"}, "action": "order.shipped", "resource": "order", "resourceId": order.number, "metadata": told,
    }), 202)
    client = makers.signed_in(role, role)
    for path in (f"/console/orders/{order.number}/", "/console/log/?action=app.*"):
        text = client.get(path).content.decode()
        assert "carrier FedEx · tracking_number 794644790132 · pieces 2" in text
        assert ("Kimberley" in text, "9845012345" in text) == (sees, sees)
        assert "&lt;b&gt; &lt;i&gt;" in text
