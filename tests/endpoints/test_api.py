"""Endpoints over the API, and the feed one pulls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import makers
from tests.endpoints.receiver import Receiver
from tests.log import makers as book
from timeline.endpoints import sending
from timeline.log import seal
from timeline.log.checkpoint import known_keys
from timeline.log.merkle import Frontier
from timeline.models import Event
from timeline.verifier import Checkpoint, leaf_hash, open_note

pytestmark = pytest.mark.django_db
URL = "/admin/endpoints"
WISH = {"name": "warehouse", "url": "https://hooks.example.com/bahi", "kinds": ["stock.*"]}


def test_an_endpoint_is_made_read_changed_and_switched_off() -> None:
    staff = makers.staff("endpoints:read", "endpoints:write")
    made = makers.read(staff.post(URL, WISH), 201)
    assert made["secret"].startswith("whsec_")
    one = f"{URL}/{made['id']}"
    assert "secret" not in makers.read(staff.get(one))
    assert makers.read(staff.patch(one, {"kinds": ["order.*"], "isActive": False}))["isActive"] is False
    assert makers.read(staff.post(f"{one}/rotate"))["secret"] != made["secret"]
    assert makers.read(staff.get(URL))["data"][0]["kinds"] == ["order.*"]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"url": "https://127.0.0.1/"}, 422), ({"url": "http://example.com/"}, 422), ({"kinds": []}, 422), ({"kinds": ["Order"]}, 422), ({"name": ""}, 400), ({"more": 1}, 400)],
)
def test_a_wish_that_cannot_be_is_refused(change: dict[str, Any], status: int) -> None:
    assert makers.staff("endpoints:write").post(URL, WISH | change).status_code == status


def test_a_name_is_taken_once() -> None:
    staff = makers.staff("endpoints:write")
    staff.post(URL, WISH)
    assert staff.post(URL, WISH).status_code == 409


def test_deliveries_are_shown_with_their_tries_and_sent_again(settings: Any) -> None:
    settings.ENDPOINTS_PRIVATE = True
    staff = makers.staff("endpoints:read", "endpoints:write")
    book.sealed(["TEA"])
    with Receiver(status=500) as receiver:
        made = makers.read(staff.post(URL, WISH | {"url": receiver.url}), 201)
        book.arrival("TEA")
        seal.seal()
        sending.run(5)
        (row,) = makers.read(staff.get(f"{URL}/{made['id']}/deliveries"))["data"]
        assert (row["kind"], row["state"], row["tries"][0]["status"]) == ("stock.received", "due", 500)
        receiver.status = 200
        makers.read(staff.post(f"/admin/deliveries/{row['id']}/again"))
        sending.run(5)
        assert makers.read(staff.get(f"{URL}/{made['id']}/deliveries", state="done"))["total"] == 1
        assert makers.read(staff.post(f"{URL}/{made['id']}/replay", {"first": 0, "last": 500}))["count"] >= 1
        assert staff.post(f"{URL}/{made['id']}/replay", {"first": 0, "last": 50_000}).status_code == 422


def test_strangers_see_none() -> None:
    assert makers.nobody().get(URL).status_code == 401
    assert makers.staff("orders:read").get(URL).status_code == 403
    assert makers.staff("endpoints:read").post(URL, WISH).status_code == 403
    assert makers.staff("endpoints:read").get(f"{URL}/nothing").status_code == 404


def test_whoever_pulls_proves_to_have_missed_nothing() -> None:
    """The leaves of the feed, from the first on, give the very root that is signed."""
    book.sealed(receipts=20)
    reader, start, tree = makers.staff("events:read"), 0, Frontier()
    while True:
        page = makers.read(reader.get("/api/v1/feed", start=start, limit=7))
        tree.add(bytes.fromhex(event["data"]["leafHash"]) for event in page["data"])
        start = page["next"]
        if start == page["size"]:
            break
    state = Checkpoint.parse(open_note(page["checkpoint"], known_keys()))
    assert (state.size, state.root) == (Event.objects.count(), tree.root())


def test_whoever_pulls_can_hold_each_event_against_its_leaf() -> None:
    """Not only that none is missing: that each says what was sealed, by the bytes themselves."""
    book.sealed(receipts=3)
    told = makers.read(makers.staff("events:read").get("/api/v1/feed", entries="true"))["data"]
    assert [leaf_hash(event["data"]["entry"].encode()).hex() for event in told] == [event["data"]["leafHash"] for event in told]
    said = [json.loads(event["data"]["entry"]) for event in told]
    assert [(one["kind"], one["seq"], one["facts"]) for one in said] == [
        (event["type"], event["data"]["streamSeq"], event["data"]["facts"]) for event in told
    ]
    plain = makers.read(makers.staff("events:read").get("/api/v1/feed"))["data"]
    assert not any("entry" in event["data"] for event in plain)


def test_ids_are_written_outside_as_the_api_writes_them() -> None:
    """An order's id in a message, in the feed, in the log and in a file is the one it is asked for by."""
    order = makers.placed_order()
    seal.seal()
    reader = makers.staff("events:read")
    (fed,) = [event["data"] for event in makers.read(reader.get("/api/v1/feed", limit=1000))["data"] if event["type"] == "order.placed"]
    (row,) = makers.read(reader.get("/api/v1/events", action="order.placed"))["data"]
    assert {fed["subject"]["id"], row["resourceId"], fed["stream"]} == {str(order.pk)}
    for targets in (fed["targets"], row["targets"]):
        assert {target["id"] for target in targets if target["type"] in ("order", "customer")} == {str(order.pk), str(order.person_id)}


def test_a_range_that_ends_before_it_begins_is_named_so() -> None:
    boss = makers.staff()
    pk = makers.read(boss.post(URL, WISH), 201)["id"]
    answer = makers.read(boss.post(f"{URL}/{pk}/replay", {"first": 5, "last": 1}), 422)
    assert answer["type"] == "/problems/range-backwards"


def test_what_is_not_sealed_is_not_in_the_feed() -> None:
    book.stories(["TEA"])
    assert makers.read(makers.staff("events:read").get("/api/v1/feed")) == {"data": [], "next": 0, "size": 0, "checkpoint": None}


def test_the_feed_has_its_scope_and_its_limit() -> None:
    assert makers.staff("orders:read").get("/api/v1/feed").status_code == 403
    assert makers.staff("events:read").get("/api/v1/feed", limit=1001).status_code == 400
    assert json.loads(makers.staff("events:read").get("/api/v1/feed", start="-1").content)["status"] == 400
