"""Goods over HTTP: each write once under its key, each list flat, each fault refused and without effect."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.inventory import makers
from tests.inventory.test_api import headers
from timeline.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.urls("inventory.api.urls")]
ROOT = "/admin/inventory"


@pytest.fixture
def head() -> dict[str, str]:
    makers.warehouse()
    makers.warehouse("DEL", priority=20)
    makers.on_shelf({"TEA": 10, "JAM": 5})
    return headers("*")


def send(method: str, path: str, wish: Any, head: dict[str, str]) -> Any:
    client = Client(raise_request_exception=False)
    return getattr(client, method)(f"{ROOT}{path}", wish, content_type="application/json", headers=head)


RECEIPT = {"warehouse": "BLR", "reference": "DN-1", "items": [{"sku": "TEA", "quantity": 3, "damaged": 1}]}
TRANSFER = {"from": "BLR", "to": "DEL", "items": [{"sku": "TEA", "quantity": 4}]}
COUNT = {"warehouse": "BLR", "items": [{"sku": "TEA", "counted": 8}]}
DAMAGE = {"warehouse": "BLR", "sku": "TEA", "quantity": 2}
WRITES = [("/receipts", RECEIPT), ("/transfers", TRANSFER), ("/counts", COUNT), ("/damages", DAMAGE)]


def test_b29_a_receipt_answers_with_its_shelves(head: Any) -> None:
    answer = send("post", "/receipts", RECEIPT, head)
    assert answer.status_code == 201, answer.content
    [level] = answer.json()["levels"]
    assert (level["sku"], level["onHand"], level["damaged"], level["available"]) == ("TEA", 12, 1, 12)


def test_a_transfer_is_sent_received_and_short(head: Any) -> None:
    sent = send("post", "/transfers", TRANSFER, head).json()
    assert (sent["status"], sent["from"], sent["to"], sent["items"][0]["sent"]) == ("in_transit", "BLR", "DEL", 4)
    assert sent["sentAt"].endswith("Z")  # UTC, whatever the shop's zone is
    took = send("post", f"/transfers/{sent['id']}/receive", {"items": [{"sku": "TEA", "received": 3}]}, head)
    assert (took.status_code, took.json()["items"][0]["short"]) == (200, 1)
    assert send("post", f"/transfers/{sent['id']}/call-back", {}, head).status_code == 409
    assert (makers.level("TEA"), makers.level("TEA", "DEL")) == ((6, 0), (3, 0))
    listed = Client().get(f"{ROOT}/transfers?open=true", headers=head).json()
    assert listed["data"] == []


def test_a_transfer_is_called_back(head: Any) -> None:
    sent = send("post", "/transfers", TRANSFER, head).json()
    assert send("post", f"/transfers/{sent['id']}/call-back", {}, head).json()["status"] == "called_back"
    assert makers.level("TEA") == (10, 0)


def test_a_count_shows_the_difference_and_who_confirmed(head: Any) -> None:
    entered = send("post", "/counts", COUNT, head).json()
    assert entered["items"] == [{"sku": "TEA", "counted": 8, "expected": 10, "difference": -2}]
    done = send("post", f"/counts/{entered['id']}/confirm", {}, head).json()
    assert (done["status"], done["decidedBy"], makers.level("TEA")) == ("confirmed", "Tests *", (8, 0))
    assert send("post", f"/counts/{entered['id']}/discard", {}, head).status_code == 409


def test_units_are_set_aside_repaired_and_scrapped(head: Any) -> None:
    for action, on_hand, damaged in (("damage", 8, 2), ("repair", 9, 1), ("scrap", 9, 0)):
        wish = DAMAGE | {"action": action, "quantity": 2 if action == "damage" else 1}
        answer = send("post", "/damages", wish, head)
        assert (answer.status_code, answer.json()["onHand"], answer.json()["damaged"]) == (201, on_hand, damaged)
    assert Event.objects.filter(kind__in=["stock.damaged", "stock.repaired", "stock.scrapped"]).count() == 3


@pytest.mark.parametrize(("path", "wish"), WRITES)
def test_f12_a_repeat_with_the_same_key_acts_once(head: Any, path: str, wish: Any) -> None:
    keyed = head | {"Idempotency-Key": "warehouse-2026-11-28"}
    first, second = send("post", path, wish, keyed), send("post", path, wish, keyed)
    assert (first.status_code, second.status_code) == (201, 201), first.content
    assert first.content == second.content
    makers.assert_adds_up()


@pytest.mark.parametrize(("path", "wish"), WRITES)
def test_a_wrong_body_is_refused_and_changes_nothing(head: Any, path: str, wish: Any) -> None:
    faults: list[tuple[Any, int]] = [
        ({**wish, "colour": "red"}, 400), ([wish], 400), ({**wish, next(iter(wish)): "NOWHERE"}, 422),
    ]
    if "items" in wish:
        item = wish["items"][0]
        faults += [
            ({**wish, "items": []}, 400), ({**wish, "items": [item, item]}, 422), ({**wish, "items": [item] * 101}, 400),
            ({**wish, "items": [{**item, "sku": "NONE"}]}, 422), ({**wish, "items": [{**item, "quantity": -1}]}, 400),
        ]
    for body, status in faults:
        answer = send("post", path, body, head)
        assert answer.status_code == status, (body, answer.content)
    assert (makers.level("TEA"), makers.level("JAM")) == ((10, 0), (5, 0))


@pytest.mark.parametrize(
    "path", ["/transfers/x/receive", "/transfers/01890a5d-ac96-774b-bcce-b302099a8057/call-back", "/counts/x/confirm",
             "/counts/01890a5d-ac96-774b-bcce-b302099a8057/discard", "/backorders/x/fill"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(head: Any, path: str) -> None:
    assert send("post", path, {}, head).status_code == 404


def test_a_policy_and_a_watch_are_set_and_seen(head: Any) -> None:
    wish = {"policy": "preorder", "backorderUnitsMax": 5, "availableOn": "2031-05-01"}
    answer = send("patch", "/TEA", wish, head)
    assert answer.json() == {"sku": "TEA", **wish, "backordered": 0}
    shop = Client().get("/storefront/products?q=tea").json()["data"][0]
    assert (shop["available"], shop["backorder"], shop["policy"], shop["availableOn"]) == (0, True, "preorder", "2031-05-01")
    watched = send("patch", "/tea/levels/blr", {"safety": 4, "reorderAt": 6}, head).json()
    assert (watched["safety"], watched["reorderAt"], watched["available"]) == (4, 6, 6)
    for path, body, status in (
        ("/NONE", {"policy": "deny"}, 404), ("/TEA", {"policy": "never"}, 400), ("/TEA", {"policy": "deny", "backorderUnitsMax": 3}, 422),
        ("/TEA/levels/NONE", {"safety": 1}, 422), ("/TEA/levels/BLR", {"safety": -1}, 400), ("/TEA", {}, 400),
    ):  # fmt: skip
        assert send("patch", path, body, head).status_code == status, (path, body)


def test_the_queue_is_listed_and_served_by_hand(head: Any) -> None:
    send("patch", "/TEA", {"policy": "backorder"}, head)
    tea = Client().get("/storefront/products?q=tea").json()["data"][0]["productVariantId"]
    makers.commit("first", {uuid.UUID(tea): 12})
    makers.commit("second", {uuid.UUID(tea): 1})
    makers.receive("TEA", 1)
    rows = Client().get(f"{ROOT}/backorders?sku=TEA", headers=head).json()["data"]
    assert [(row["stream"], row["waiting"]) for row in rows] == [("first", 2), ("second", 1)]
    assert send("post", f"/backorders/{rows[1]['id']}/fill", {}, head).json() == {"filled": 1}
    assert makers.waits("second") == {}


def test_pains_11_the_ledger_explains_every_unit(head: Any) -> None:
    for path, wish in WRITES:
        send("post", path, wish, head)
    rows = Client().get(f"{ROOT}/TEA/ledger", headers=head).json()["data"]
    assert [(row["kind"], row["onHandDelta"], row["damagedDelta"]) for row in rows] == [
        ("damaged", -2, 2), ("sent", -4, 0), ("received", 2, 1), ("received", 10, 0),
    ]  # fmt: skip
    assert sum(row["onHandDelta"] for row in rows) == makers.level("TEA")[0]
    assert Client().get(f"{ROOT}/NONE/ledger", headers=head).status_code == 404


def test_lists_cost_the_same_for_two_as_for_twenty(head: Any) -> None:
    paths = ["/transfers", "/counts", "/TEA/ledger", "/backorders"]
    costs = []
    for many in (2, 10):
        for _ in range(many):
            makers.receive("TEA", 4)
            send("post", "/transfers", TRANSFER, head)
            send("post", "/counts", {**COUNT, "items": [*COUNT["items"], {"sku": "JAM", "counted": 1}]}, head)
        for path in paths:
            with CaptureQueriesContext(connection) as seen:
                assert Client().get(f"{ROOT}{path}?limit=200", headers=head).status_code == 200
            costs.append(len(seen))
    assert costs[: len(paths)] == costs[len(paths) :]


def test_reading_does_not_allow_writing(head: Any) -> None:
    reader = headers("inventory:read")
    for path, wish in WRITES:
        assert send("post", path, wish, reader).status_code == 403
    assert send("patch", "/TEA", {"policy": "deny"}, reader).status_code == 403
    assert Client().get(f"{ROOT}/counts", headers=headers("orders:read")).status_code == 403
