"""Risk in the console (B71, B73): the queue, a verdict with its reason, rules tried before they hold, the blocklist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from orders.models import Order, OrderHold, RiskBlock, RiskRuleset
from orders.operations import assessing, holds, risk_rules
from orders.risk import rules
from tests import makers
from tests.pages.markup import check
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.pages.markup import Page

pytestmark = pytest.mark.django_db
QUEUE, RULES, BLOCKS = "/console/risk/", "/console/risk/rules/", "/console/risk/blocklist/"


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    check(answer.content.decode())
    return answer.content.decode()


def held_order(**wish: Any) -> Order:
    """An order of somebody on the blocklist."""
    with operation("test.block", actor=makers.TESTER, stream=risk_rules.STORY) as op:
        risk_rules.block(op, kind="phone", value="098450 12345", reason="fraud")
    return makers.placed_order(**wish)


def sent(client: Client, url: str) -> dict[str, str]:
    """What the page's form sends when nothing is changed."""
    text = read(client, url)
    fields: dict[str, str] = {}
    form: Page = check(text)
    for field in form.fields:
        if field.get("name", "").startswith("rule-") or field.get("name") == "hold_from":
            fields[field["name"]] = field.get("value", "")
    for name, inside in re.findall(r'<select name="(rule-[^"]+)".*?>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]+)" selected', inside)
        fields[name] = chosen[1] if chosen else re.findall(r'value="([^"]*)"', inside)[0]
    return {**form.hidden, **{name: value for name, value in fields.items() if not name.endswith("DELETE")}}


@pytest.fixture
def ravi() -> Client:
    """Of the warehouse: sees customers masked."""
    return makers.signed_in("ravi", "operations", "packer")


def test_b71_what_waits_is_listed_with_its_reasons_as_sentences(asha: Client) -> None:
    assert "Nothing waits for a review." in read(asha, QUEUE)
    order, free = held_order(), makers.placed_order(email="else@example.com", shippingAddress=makers.address(phone="+919900112233"))

    text = read(asha, QUEUE)

    assert f"/console/risk/orders/{order.number}/" in text
    assert free.number not in text
    assert "E-mail, phone or address is on the blocklist" in text
    assert "Nothing" not in text


def test_an_order_held_by_hand_for_fraud_waits_without_a_score_and_a_score_leaves_it_out(asha: Client) -> None:
    order = makers.placed_order()
    with operation("test.hold", actor=makers.STAFF, stream=str(order.pk)) as op:
        holds.hold(op, order_id=order.pk, reason="fraud")
    assert order.number in read(asha, QUEUE)
    assert "No order with a score of 90 or more waits." in read(asha, f"{QUEUE}?score=90")
    assert order.number in read(asha, f"{QUEUE}?score=love")


@pytest.mark.parametrize(("verdict", "status"), [("pass", "confirmed"), ("reject", "cancelled")])
def test_b73_a_verdict_with_its_reason_moves_the_order_and_stands_in_its_story(asha: Client, verdict: str, status: str) -> None:
    order = held_order(payment_method="cod")
    place = f"{QUEUE}orders/{order.number}/"
    form = check(read(asha, place)).hidden

    answer = asha.post(place, {**form, "verdict": verdict, "reason": "Phoned <b>them</b>"})

    assert (answer.status_code, answer["Location"]) == (302, QUEUE)
    assert Order.objects.get(pk=order.pk).status == status
    assert not OrderHold.objects.filter(order=order, released_at=None).exists()
    event = Event.objects.get(stream=order.stream_id, kind="risk.reviewed")
    assert (event.facts, event.private(), event.public) == ({"verdict": verdict}, {"reason": "Phoned <b>them</b>"}, False)
    assert "Phoned &lt;b&gt;them" in read(asha, f"/console/orders/{order.number}/")
    assert "It does not wait for a review." in read(asha, place)


def test_a_verdict_needs_a_reason_and_an_order_that_waits(asha: Client) -> None:
    order = held_order()
    place = f"{QUEUE}orders/{order.number}/"
    form = check(read(asha, place)).hidden
    assert asha.post(place, {**form, "verdict": "pass", "reason": " "}).status_code == 422
    assert asha.post(place, {**form, "verdict": "love", "reason": "Known"}).status_code == 422
    assert asha.get(f"{QUEUE}orders/ORD-19990101-00001/").status_code == 404
    free = makers.placed_order(email="else@example.com", shippingAddress=makers.address(phone="+919900112233"))
    other = f"{QUEUE}orders/{free.number}/"
    form = check(read(asha, other)).hidden
    token = check(read(asha, BLOCKS)).hidden["csrfmiddlewaretoken"]
    answer = asha.post(other, {**form, "csrfmiddlewaretoken": token, "verdict": "pass", "reason": "Known"})
    assert answer.status_code == 409
    assert Order.objects.get(pk=order.pk).on_hold


def test_b73_the_api_gives_the_same_verdict() -> None:
    order, boss = held_order(payment_method="cod"), makers.staff()
    body = {"verdict": "pass", "reason": "Phoned"}
    assert makers.read(boss.post(f"/admin/orders/{order.pk}/risk/review", body))["status"] == "confirmed"
    assert makers.read(boss.post(f"/admin/orders/{order.pk}/risk/review", body), 409)["type"].endswith("nothing-to-review")
    assert makers.staff("orders:read").post(f"/admin/orders/{order.pk}/risk/review", body).status_code == 403


def test_b71_rules_are_tried_on_the_newest_orders_before_they_hold(asha: Client) -> None:
    order = makers.placed_order()
    form = sent(asha, RULES)
    place = len(rules.DEFAULT.rules)
    new = {"id": "any", "signal": "total", "at_least": "1", "points": "90", "reason": "Every order"}
    form |= {f"rule-{place}-{name}": value for name, value in new.items()}

    tried = asha.post(RULES, {**form, "do": "try"})

    text = tried.content.decode()
    check(text)
    assert "Would be held now: 1" in text
    assert "Would no longer be held: 0" in text
    assert order.number in text
    assert not RiskRuleset.objects.exists()

    assert asha.post(RULES, {**form, "do": "put"}).status_code == 302
    assert assessing.current().rules[-1].id == "any"
    assert makers.placed_order().on_hold
    assert "version 1" in read(asha, RULES)
    stale = asha.post(RULES, {**form, "idempotency_key": "0" * 32, "hold_from": "60", "do": "put"})
    assert (stale.status_code, assessing.current().version) == (409, 1)


def test_wrong_rules_are_said_beside_their_field_and_change_nothing(asha: Client) -> None:
    form = sent(asha, RULES)
    for change in ({"rule-0-id": "Not Small"}, {"rule-0-points": "101"}, {"hold_from": "0"}, {"rule-TOTAL_FORMS": "love"}):
        answer = asha.post(RULES, {**form, **change, "do": "put"})
        assert answer.status_code == 422, change
        check(answer.content.decode())
    assert "Small letters, digits and underscores" in asha.post(RULES, {**form, "rule-0-id": "Not Small", "do": "try"}).content.decode()
    assert not RiskRuleset.objects.exists()


def test_a_dropped_rule_is_gone(asha: Client) -> None:
    asha.post(RULES, {**sent(asha, RULES), "rule-0-DELETE": "on", "do": "put"})
    assert [rule.id for rule in assessing.current().rules] == [rule.id for rule in rules.DEFAULT.rules[1:]]


def test_b71_the_blocklist_takes_in_and_lets_go_and_shows_nobody(asha: Client) -> None:
    form = check(read(asha, BLOCKS)).hidden
    assert "Nothing is blocked." in read(asha, BLOCKS)
    asha.post(BLOCKS, {**form, "kind": "email", "value": "meera@example.com", "reason": "chargeback"})

    text = read(asha, BLOCKS)
    assert "meera@" not in text
    assert "Chargeback" in text
    assert "Asha" in text
    assert "Nothing of this kind is blocked." in read(asha, f"{BLOCKS}?kind=phone")
    assert makers.placed_order().on_hold
    assert asha.post(BLOCKS, {**form, "idempotency_key": "1" * 32, "kind": "phone", "value": "--", "reason": "fraud"}).status_code == 422

    place = f"{BLOCKS}{RiskBlock.objects.get().pk}/"
    assert asha.post(place, {"csrfmiddlewaretoken": form["csrfmiddlewaretoken"]}).status_code == 302
    assert not RiskBlock.objects.exists()
    assert asha.post(place, {"csrfmiddlewaretoken": form["csrfmiddlewaretoken"]}).status_code == 404


def test_b67_who_sees_customers_masked_reads_and_decides_nothing(ravi: Client) -> None:
    order = held_order()
    place = f"{QUEUE}orders/{order.number}/"
    for url in (QUEUE, place, RULES, BLOCKS):
        assert "decides nothing" in read(ravi, url) or "changes nothing" in read(ravi, url) or "blocks nobody" in read(ravi, url)
    assert ravi.post(place, {"verdict": "pass", "reason": "x"}).status_code == 403
    assert ravi.post(RULES, {"do": "put"}).status_code == 403
    assert ravi.post(BLOCKS, {"kind": "phone", "value": "1", "reason": "fraud"}).status_code == 403
    assert ravi.post(f"{BLOCKS}{RiskBlock.objects.get().pk}/").status_code == 403
    hold = OrderHold.objects.get(order=order)
    assert ravi.post(f"/console/orders/{order.number}/holds/{hold.pk}/release/").status_code == 403
    assert Order.objects.get(pk=order.pk).on_hold


@pytest.mark.parametrize("scopes", [("orders:write",), ("orders:write", "orders:read", "shipments:write")])
def test_b67_a_key_that_sees_customers_masked_decides_nothing_either(scopes: tuple[str, ...]) -> None:
    order, key, boss = held_order(), makers.staff(*scopes), makers.staff()
    hold, block = OrderHold.objects.get(order=order), RiskBlock.objects.get()
    rules = {"holdFrom": 60, "rules": [], "version": 0}
    refused = [
        key.post(f"/admin/orders/{order.pk}/risk/review", {"verdict": "pass", "reason": "x"}), key.delete(f"/admin/orders/{order.pk}/holds/{hold.pk}"),
        key.send("PUT", "/admin/risk/rules", rules), key.delete(f"/admin/risk/blocklist/{block.pk}"),
        key.post("/admin/risk/blocklist", {"kind": "phone", "value": "9845012345", "reason": "fraud"}),
    ]
    assert [makers.read(answer, 403)["type"].rpartition("/")[2] for answer in refused] == ["may-not-judge"] * len(refused)
    assert Order.objects.get(pk=order.pk).on_hold
    other = makers.placed_order(email="else@example.com", shippingAddress=makers.address(phone="+919900112233"))
    held = makers.read(boss.post(f"/admin/orders/{other.pk}/holds", {"reason": "stock"}), 201)
    assert key.delete(f"/admin/orders/{other.pk}/holds/{held['id']}").status_code == 200, "another hold it may release"


@pytest.mark.parametrize("url", [QUEUE, RULES, BLOCKS, f"{QUEUE}orders/ORD-20261121-00001/"])
def test_strangers_are_sent_to_the_door(client: Client, url: str) -> None:
    assert client.get(url)["Location"].startswith("/console/login/")
