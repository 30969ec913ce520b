"""Events told by outside apps: `POST /api/v1/events` and its batch (A5–A12, A18–A20, A29)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import makers
from timeline.models import Event
from timeline.vocabulary import VOCABULARY, sentence

pytestmark = pytest.mark.django_db
URL = "/api/v1/events"


def picked(**more: Any) -> dict[str, Any]:
    return {
        "actor": {"id": "system_fulfillment", "name": "Fulfillment Center", "type": "system"}, "action": "order.picked",
        "metadata": {"station": "P-4"}, **more,
    }


def status_of(app: makers.Caller, body: dict[str, Any]) -> str:
    return str(makers.read(app.post(URL, body), 202)["status"])


def test_an_event_is_recorded_and_named() -> None:
    answer = makers.read(makers.staff("events:write").post(URL, picked()), 202)
    event = Event.objects.get(kind="app.order.picked")
    assert answer == {"id": event.public_id, "status": "queued"}


def test_it_stands_on_the_orders_timeline_by_number_and_by_id() -> None:
    order, app = makers.paid_order(), makers.staff("events:write")
    for number, name in enumerate((order.number, str(order.pk))):
        app.post(URL, picked(resource="order", resourceId=name, idempotencyKey=f"pick-{number}"))
    rows = makers.read(makers.staff().get(f"/admin/orders/{order.pk}/timeline"))["data"]
    told = [row for row in rows if row["action"] == "app.order.picked"]
    assert len(told) == 2
    assert told[0]["isPublic"] is False
    assert told[0]["actor"]["type"] == "api_client"
    assert told[0]["metadata"]["metadata"] == {"station": "P-4"}


def test_an_app_never_passes_for_the_system() -> None:
    """`order.shipped` from outside is a word: the order stays where it is, the kind is the app's."""
    order = makers.paid_order()
    makers.staff("events:write").post(URL, picked(action="order.shipped", resource="order", resourceId=order.number))
    assert makers.again(order).status == "confirmed"
    assert not Event.objects.filter(kind="order.shipped").exists()
    assert not any(kind.startswith("app.") for kind in VOCABULARY)


def test_the_words_of_the_old_client_are_understood() -> None:
    """A19's shape, in snake_case."""
    body = {
        "actor_id": "system_fulfillment", "actor_name": "Fulfillment Center", "actor_type": "system", "action": "order.shipped",
        "resource": "order", "resource_id": "ord_a1b2c3d4", "metadata": {"carrier": "FedEx", "tracking_number": "794644790132"},
    }
    assert makers.staff("events:write").post(URL, body).status_code == 202
    event = Event.objects.get(kind="app.order.shipped")
    assert event.private() == {"metadata": body["metadata"], "actor_name": "Fulfillment Center"}


def test_what_is_null_is_not_told() -> None:
    """Programs that write every field they know, with null where there is nothing, tell the same event as those that leave it out."""
    nothing = dict.fromkeys(("resource", "resourceId", "targets", "sessionId", "idempotencyKey"))
    app = makers.staff("events:write")
    assert status_of(app, {**picked(occurredAt="2026-11-01T06:30:00Z"), "metadata": None, **nothing}) == "queued"
    plain = picked(occurredAt="2026-11-01T06:30:00Z")
    assert status_of(app, {name: value for name, value in plain.items() if name != "metadata"}) == "duplicate"


def test_a29_the_same_event_twice_is_one() -> None:
    app, body = makers.staff("events:write"), picked(idempotencyKey="pick-000001")
    first, second = (makers.read(app.post(URL, body), 202) for _ in range(2))
    assert (first["status"], second["status"]) == ("queued", "duplicate")
    assert first["id"] == second["id"]
    assert Event.objects.filter(kind="app.order.picked").count() == 1


def test_a_known_key_with_other_words_is_refused() -> None:
    app = makers.staff("events:write")
    app.post(URL, picked(idempotencyKey="pick-000001"))
    answer = app.post(URL, picked(idempotencyKey="pick-000001", metadata={"station": "P-5"}))
    assert makers.read(answer, 422)["type"] == "/problems/idempotency-key-reuse"


def test_the_same_key_of_another_app_is_another_event() -> None:
    for _ in range(2):
        assert status_of(makers.staff("events:write"), picked(idempotencyKey="pick-000001")) == "queued"


def test_without_a_key_a_dated_event_is_known_by_what_it_says() -> None:
    app, body = makers.staff("events:write"), picked(occurredAt="2026-01-02T03:04:05Z")
    assert [status_of(app, body) for _ in range(2)] == ["queued", "duplicate"]
    assert status_of(app, {**body, "occurredAt": "2026-01-02T03:04:06Z"}) == "queued"


def test_without_anything_a_repeat_at_once_is_a_repeat(time_machine: Any) -> None:
    app = makers.staff("events:write")
    time_machine.move_to("2026-06-01T10:01:00Z")
    assert [status_of(app, picked()) for _ in range(2)] == ["queued", "duplicate"]
    time_machine.move_to("2026-06-01T10:12:00Z")
    assert status_of(app, picked()) == "queued"


def test_when_it_occurred_and_when_it_was_recorded_are_two_times() -> None:
    makers.staff("events:write").post(URL, picked(occurredAt="2026-01-02T03:04:05Z"))
    event = Event.objects.get(kind="app.order.picked")
    assert event.occurred_at.isoformat() == "2026-01-02T03:04:05+00:00"
    assert event.recorded_at > event.occurred_at


def test_what_is_yet_to_come_is_refused() -> None:
    answer = makers.staff("events:write").post(URL, picked(occurredAt="2199-01-01T00:00:00Z"))
    assert answer.status_code == 422
    assert Event.objects.filter(kind__startswith="app.").count() == 0


def test_what_may_be_personal_is_sealed() -> None:
    """Z10: neither metadata nor the name or address of a person stands in the clear."""
    order = makers.paid_order()
    makers.staff("events:write").post(
        URL,
        picked(
            actor={"id": "rachel@example.in", "name": "Rachel Kim", "type": "customer"}, resource="order", resourceId=order.number,
            targets=[{"type": "customer", "id": "cust_2f8a3b", "name": "Rachel Kim"}], metadata={"said": "Ring twice at Kim"},
        ),
    )
    event = Event.objects.get(kind="app.order.picked")
    plain = bytes(event.canonical).decode() + " ".join(target.name for target in event.targets.all())
    assert "Kim" not in plain
    assert "rachel@" not in plain
    assert event.person_key_id == order.person.key_id
    assert (event.private() or {})["names"] == {"cust_2f8a3b": "Rachel Kim"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"action": "picked"}, "#/action"), ({"action": "Order.Picked"}, "#/action"), ({"action": None}, "#/action"),
        ({"actor": None}, "#/actor"), ({"actorId": "x"}, "#/actor"), ({"actor": {"name": "x"}}, "#/actor/id"),
        ({"metadata": []}, "#/metadata"), ({"targets": [{"type": "item"}]}, "#/targets/0/id"), ({"extra": 1}, "#/extra"),
        ({"occurredAt": "yesterday"}, "#/occurredAt"), ({"action": "order." + "x" * 60}, "#/action"),
    ],
)
def test_a_malformed_event_is_refused_by_place(change: dict[str, Any], pointer: str) -> None:
    answer = makers.staff("events:write").post(URL, picked() | change)
    assert pointer in {error["pointer"] for error in makers.read(answer, 400)["errors"]}


def test_whoever_has_not_the_scope_tells_nothing() -> None:
    assert makers.staff("events:read").post(URL, picked()).status_code == 403
    assert makers.nobody().post(URL, picked()).status_code == 401
    assert makers.customer().post(URL, picked()).status_code == 401


class TestBatch:
    URL = "/api/v1/events/batch"

    def test_each_event_gets_its_answer_in_order(self) -> None:
        rows = [picked(idempotencyKey=f"pick-{number:06}") for number in (1, 2, 1)] + [picked(action="nothing")]
        said = makers.read(makers.staff("events:write").post(self.URL, {"events": rows}), 202)
        assert [row["status"] for row in said["data"]] == ["queued", "queued", "duplicate", "invalid"]
        assert [row["index"] for row in said["data"]] == [0, 1, 2, 3]
        assert said["data"][3]["problem"]["errors"][0]["pointer"] == "#/events/3/action"
        assert (said["queued"], said["duplicate"], said["invalid"]) == (2, 1, 1)

    def test_a20_a_hundred_are_taken_in_their_order(self) -> None:
        order = makers.paid_order()
        rows = [picked(resource="order", resourceId=order.number, metadata={"n": number}) for number in range(100)]
        assert makers.read(makers.staff("events:write").post(self.URL, {"events": rows}), 202)["queued"] == 100
        events = Event.objects.filter(stream=str(order.pk), kind="app.order.picked").order_by("stream_seq")
        assert [(event.private() or {})["metadata"]["n"] for event in events] == list(range(100))

    def test_a18_a_hundred_and_one_are_refused_whole(self) -> None:
        answer = makers.staff("events:write").post(self.URL, {"events": [picked()] * 101})
        assert answer.status_code == 400
        assert not Event.objects.filter(kind__startswith="app.").exists()

    @pytest.mark.parametrize("body", [{}, {"events": []}, {"events": {}}, [], {"events": [picked()], "more": 1}])
    def test_another_outline_is_refused(self, body: Any) -> None:
        assert makers.staff("events:write").post(self.URL, body).status_code == 400

    @pytest.mark.parametrize("row", [None, 1, "x", [], {}])
    def test_a_row_that_is_no_event_stops_no_other(self, row: Any) -> None:
        said = makers.read(makers.staff("events:write").post(self.URL, {"events": [row, picked()]}), 202)
        assert [answer["status"] for answer in said["data"]] == ["invalid", "queued"]


@pytest.mark.parametrize("key", ["short", "x" * 256, "with blank in it", "pick-\u00e9\u00e9\u00e9\u00e9"])
def test_a_key_of_the_request_that_is_none_is_refused(key: str) -> None:
    app = makers.staff("events:write")
    for path, body in ((URL, picked()), (f"{URL}/batch", {"events": [picked()]})):
        assert makers.read(app.post(path, body, key=key), 400)["errors"][0]["pointer"] == "Idempotency-Key"
    assert not Event.objects.filter(kind="app.order.picked").exists()


def test_long_keys_of_requests_are_told_apart_to_their_end() -> None:
    app = makers.staff("events:write")
    first, other = "k" * 200 + "1", "k" * 200 + "2"
    said = [makers.read(app.post(URL, picked(), key=key), 202)["status"] for key in (first, other, f'"{first}"')]
    assert said == ["queued", "queued", "duplicate"]


def test_the_key_of_a_batch_is_that_of_its_events() -> None:
    """Told again they are duplicates, other words under the same key are refused each in its place."""
    app, key = makers.staff("events:write"), "batch-of-the-night"
    rows = [picked(), picked(action="order.packed"), picked(idempotencyKey="its-own")]
    told = [makers.read(app.post(f"{URL}/batch", {"events": rows}, key=key), 202) for _ in range(2)]
    assert [row["id"] for row in told[0]["data"]] == [row["id"] for row in told[1]["data"]]
    assert (told[0]["queued"], told[1]["duplicate"]) == (3, 3)
    other = makers.read(app.post(f"{URL}/batch", {"events": [picked(action="order.lost")]}, key=key), 202)["data"][0]
    assert (other["status"], other["problem"]["status"]) == ("invalid", 422)


def test_a18_a_hundred_events_of_the_largest_size_fit_into_one_request() -> None:
    metadata = {f"k{number}": "v" * 150 for number in range(50)}
    events = [picked(metadata=metadata, idempotencyKey=f"large-{number}") for number in range(100)]
    answer = makers.read(makers.staff("events:write").post(f"{URL}/batch", {"events": events}, key=True), 202)
    assert (answer["queued"], answer["invalid"]) == (100, 0)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({}, "wms says order.picked"), ({"resource": "door"}, "wms says order.picked of door"),
        ({"resource": "order", "resource_id": "ord_a1b2"}, "wms says order.picked of order ord_a1b2"), ({"resource_id": "d_1"}, "wms says order.picked of d_1"),
    ],
)
def test_a_told_event_in_words_names_what_there_is_as_it_is(about: dict[str, str], said: str) -> None:
    assert sentence("app.order.picked", {"app": "wms", "action": "order.picked", **about}) == said
