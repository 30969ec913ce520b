"""`GET /api/v1/events`: by actor, action, resource, target, session, time and text (A21, A28), and `GET /api/v1/verify` (A27)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import makers
from tests.log.makers import as_owner
from timeline.log import seal
from timeline.models import Event

pytestmark = pytest.mark.django_db
URL = "/api/v1/events"


@pytest.fixture
def order() -> Any:
    """A paid order, and three events told of it and of something else."""
    found, app = makers.paid_order(), makers.staff("events:write")
    told: dict[str, dict[str, Any]] = {
        "order.picked": {"resource": "order", "resourceId": found.number, "sessionId": "sess-1"},
        "order.packed": {"resource": "order", "resourceId": found.number, "targets": [{"type": "station", "id": "P-4", "name": "Blue table"}]},
        "door.opened": {"resource": "door", "resourceId": "north"},
    }
    for action, more in told.items():
        app.post(URL, {"actor": {"id": "wms", "type": "service"}, "action": action, **more})
    return found


def found(**query: Any) -> list[str]:
    answer = makers.read(makers.staff("events:read").get(URL, limit=200, **query))
    return [row["kind"] for row in answer["data"]]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({"action": "order.picked"}, ["app.order.picked"]),
        ({"action": "app.*"}, ["app.door.opened", "app.order.packed", "app.order.picked"]),
        ({"action": "door.*"}, ["app.door.opened"]),
        ({"actor": "wms"}, ["app.door.opened", "app.order.packed", "app.order.picked"]),
        ({"actorType": "service", "action": "order.*"}, ["app.order.packed", "app.order.picked"]),
        ({"resource": "door", "resourceId": "north"}, ["app.door.opened"]),
        ({"target": "station:P-4"}, ["app.order.packed"]),
        ({"session": "sess-1"}, ["app.order.picked"]),
        ({"q": "blue table"}, ["app.order.packed"]),
        ({"action": "app.*", "before": "2020-01-01"}, []),
    ],
)
def test_a28_events_are_found(order: Any, query: dict[str, str], kinds: list[str]) -> None:
    assert found(**query) == kinds


def test_a_resource_of_ours_is_its_whole_story(order: Any) -> None:
    kinds = found(resource="order", resourceId=order.number)
    assert {"order.placed", "payment.captured", "order.confirmed", "app.order.picked"} <= set(kinds)
    assert found(resource="order", resourceId=str(order.pk)) == kinds


def test_the_wildcard_finds_ours_and_theirs(order: Any) -> None:
    assert {"order.placed", "order.confirmed", "app.order.packed"} <= set(found(action="order.*"))


def test_everything_is_paged_to_the_end_by_cursor(order: Any) -> None:
    caller, seen, cursor = makers.staff("events:read"), [], None
    while True:
        page = makers.read(caller.get(URL, limit=5, **({"cursor": cursor} if cursor else {})))
        seen += [row["id"] for row in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == Event.objects.count()


def test_a_page_costs_the_same_for_two_as_for_twenty(order: Any, django_assert_max_num_queries: Any) -> None:
    caller = makers.staff("events:read")
    for limit in (2, 20):
        with django_assert_max_num_queries(5):
            caller.get(URL, limit=limit)


def test_what_is_sealed_of_ours_is_not_shown_here(order: Any) -> None:
    rows = makers.read(makers.staff("events:read").get(URL, action="order.placed"))["data"]
    assert "Priya" not in str(rows)


@pytest.mark.parametrize("query", [{"target": "station"}, {"after": "x"}, {"limit": "201"}, {"nope": "1"}])
def test_a_wrong_parameter_is_refused(query: dict[str, str]) -> None:
    assert makers.staff("events:read").get(URL, **query).status_code == 400


def test_a27_the_events_of_a_time_are_verified(order: Any) -> None:
    seal.seal()
    caller = makers.staff("events:read")
    said = makers.read(caller.get("/api/v1/verify"))
    assert (said["valid"], said["breaks"], said["pending"], said["isCapped"]) == (True, [], 0, False)
    assert said["eventsChecked"] == Event.objects.count()
    event = Event.objects.get(kind="order.placed")
    as_owner("UPDATE timeline_event SET actor_name = 'x' WHERE id = %s", [event.pk])
    said = makers.read(caller.get("/api/v1/verify"))
    assert said["valid"] is False
    assert said["breaks"] == [
        {"kind": "edited", "where": f"{event.stream} {event.stream_seq} order.placed", "says": "actor: the row and its bytes say different things"}
    ]


def test_the_log_is_read_with_its_scope_alone() -> None:
    for url in (URL, "/api/v1/verify"):
        assert makers.staff("orders:read").get(url).status_code == 403
        assert makers.nobody().get(url).status_code == 401


def test_an_id_without_a_type_finds_whatever_is_named_so(order: Any) -> None:
    """An order's number is as good as its id."""
    whole = found(resource="order", resourceId=order.number)
    assert "order.placed" in whole
    assert found(resourceId=order.number) == found(resourceId=str(order.pk)) == whole
    assert found(resourceId="north") == ["app.door.opened"]
    assert found(resourceId="nobody") == []


@pytest.mark.parametrize("action", ["or*", "*.picked", "order.*.x", "**"])
def test_a_star_within_an_action_is_refused(action: str) -> None:
    answer = makers.read(makers.staff("events:read").get(URL, action=action), 400)
    assert answer["errors"][0]["pointer"] == "?action"
