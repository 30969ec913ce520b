"""B71: staff change the rules, try them first, and keep a blocklist nobody can read."""

from __future__ import annotations

import pytest

from orders.models import RiskBlock
from tests import makers
from timeline.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

RULE = {"id": "any", "signal": "total", "atLeast": 1, "points": 80, "reason": "Every order"}


def test_b71_rules_are_tried_then_put_and_hold_the_next_order() -> None:
    boss = makers.staff()
    before = makers.placed_order(payment_method="cod")
    tried = makers.read(boss.post("/admin/risk/dry-run", {"rules": [RULE]}))
    assert (tried["assessed"], tried["held"], tried["passed"], tried["newlyHeld"], tried["newlyPassed"]) == (1, 1, 0, 1, 0)
    assert tried["changes"][0]["orderNumber"] == before.number
    assert makers.read(boss.get("/admin/risk/rules"))["version"] == 0

    body = {"holdFrom": 60, "rules": [RULE], "version": 0}
    assert makers.read(boss.send("PUT", "/admin/risk/rules", body))["version"] == 1
    assert makers.read(boss.send("PUT", "/admin/risk/rules", {**body, "version": 1}))["version"] == 1  # the same again
    assert makers.read(boss.send("PUT", "/admin/risk/rules", body), 409)
    assert Event.objects.filter(kind="risk.rules_changed").count() == 1
    assert makers.placed_order(payment_method="cod").on_hold


@pytest.mark.parametrize(
    "body",
    [
        {"holdFrom": 0, "rules": []}, {"holdFrom": 50, "rules": [RULE, RULE]}, {"holdFrom": 50, "rules": [{**RULE, "signal": "x"}]},
        {"holdFrom": 50, "rules": [{**RULE, "more": 1}]}, {"rules": [RULE]}, {"holdFrom": 50, "rules": "x"},
    ],
)
def test_b71_wrong_rules_change_nothing(body: dict[str, object]) -> None:
    boss = makers.staff()
    assert 400 <= boss.send("PUT", "/admin/risk/rules", body).status_code < 500
    assert makers.read(boss.get("/admin/risk/rules"))["version"] == 0


def test_b71_the_blocklist_keeps_no_text() -> None:
    boss = makers.staff()
    body = {"kind": "email", "value": " Meera@Example.com ", "reason": "chargeback"}
    first = makers.read(boss.post("/admin/risk/blocklist", body), 201)
    again = makers.read(boss.post("/admin/risk/blocklist", body), 201)
    assert first["id"] == again["id"]
    assert "value" not in first

    assert makers.placed_order().on_hold
    listed = makers.read(boss.get("/admin/risk/blocklist"))
    assert [row["id"] for row in listed["data"]] == [first["id"]]
    assert boss.delete(f"/admin/risk/blocklist/{first['id']}").status_code == 204
    assert not RiskBlock.objects.exists()
    assert boss.delete(f"/admin/risk/blocklist/{first['id']}").status_code == 404
    assert "meera" not in str(list(Event.objects.filter(stream="risk").values_list("facts", flat=True))).casefold()
