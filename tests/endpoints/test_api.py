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
from timeline.verifier import Checkpoint, open_note

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


def test_what_is_not_sealed_is_not_in_the_feed() -> None:
    book.stories(["TEA"])
    assert makers.read(makers.staff("events:read").get("/api/v1/feed")) == {"data": [], "next": 0, "size": 0, "checkpoint": None}


def test_the_feed_has_its_scope_and_its_limit() -> None:
    assert makers.staff("orders:read").get("/api/v1/feed").status_code == 403
    assert makers.staff("events:read").get("/api/v1/feed", limit=1001).status_code == 400
    assert json.loads(makers.staff("events:read").get("/api/v1/feed", start="-1").content)["status"] == 400
