"""C11 to C14, Z13: delivery configurations and tracking events; what they send, to whom, and what they keep to themselves."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from orders import checkout as checkouts
from orders.operations import numbers
from tests import makers
from tests.endpoints.brokers import NatsStub
from tests.endpoints.receiver import Receiver
from timeline.endpoints import operations, sending, tracking
from timeline.log import seal
from timeline.models import ApiClient, Attempt, Dispatch, Endpoint, Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db
CONFIGURATIONS, TRACKING = "/api/v1/delivery-configurations", "/api/v1/tracking-events"
ALL = ["sessions.identified", "orders.lines.added", "orders.lines.updated", "orders.submitted"]


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.ENDPOINTS_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


def configured(staff: makers.Caller, receiver: Receiver, **wish: Any) -> dict[str, Any]:
    body = {"name": "Insight", "target": "http", "url": receiver.url, **wish}
    return makers.read(staff.post(CONFIGURATIONS, body), 201)  # type: ignore[no-any-return]


def tracked(staff: makers.Caller, configuration: dict[str, Any], **wish: Any) -> dict[str, Any]:
    body = {"name": "All", "deliveryConfigurationId": configuration["id"], "kinds": ALL, **wish}
    return makers.read(staff.post(TRACKING, body), 201)  # type: ignore[no-any-return]


def sent(receiver: Receiver) -> list[dict[str, Any]]:
    seal.seal()
    sending.run(5)
    return [json.loads(body) for _, body in receiver.got]


def shopped(**wish: Any) -> Any:
    """A cart begun with one thing, one added, changed, and ordered."""
    product = makers.product("MORE")
    ready = makers.checkout_ready(**wish)
    with operation("test.add", actor=makers.shopper(ready.person_id), stream=str(ready.pk)) as op:
        line = checkouts.add_line(op, checkout_id=ready.pk, sku=product.sku, quantity=1, metadata={"engraving": "For Meera"})
        checkouts.change_line(op, checkout_id=ready.pk, line_id=line.pk, quantity=3)
    number = numbers.take(actor=makers.TESTER)
    with operation("test.complete", actor=makers.shopper(ready.person_id), stream=str(ready.pk)) as op:
        return checkouts.complete(op, checkout_id=ready.pk, number=number)


def test_c14_the_mapping(receiver: Receiver) -> None:
    staff = makers.staff("tracking:write", "customers:read")
    tracked(staff, configured(staff, receiver))
    placed = shopped()
    messages = sent(receiver)
    assert [message["type"] for message in messages] == [
        "orders.lines.added", "orders.lines.added", "orders.lines.updated", "orders.submitted",
    ]
    assert messages[-1]["data"]["kind"] == "order.placed"
    assert messages[-1]["data"]["order"]["orderNumber"] == placed.order.number


def test_c6_hydrated_without_a_person_names_nobody(receiver: Receiver) -> None:
    staff = makers.staff("tracking:write", "customers:read")
    tracked(staff, configured(staff, receiver))
    shopped()
    *_, message = sent(receiver)
    data = message["data"]
    assert len(data["order"]["items"]) == 2 == len(data["products"])
    assert {"sku", "hsn", "description", "price"} <= data["products"][0].keys()
    assert data["order"]["version"] >= data["streamSeq"]
    text = json.dumps(message)
    for word in ("meera@example.com", "Meera", "560001", '"shippingAddress"', "+91"):
        assert word not in text
    assert data["user"]["id"] == data["order"]["customerId"]


def test_c6_hydrated_with_a_person_names_them_and_the_log_keeps_only_a_hash(receiver: Receiver) -> None:
    staff = makers.staff("tracking:write", "customers:read")
    tracked(staff, configured(staff, receiver, target="mail_campaign", credentials={"apiKey": "k-1"}))
    shopped()
    *_, message = sent(receiver)
    assert message["data"]["user"]["email"] == "meera@example.com"
    assert message["data"]["order"]["shippingAddress"]["line1"]
    assert receiver.got[-1][0]["Authorization"] == "Bearer k-1"
    kept = Attempt.objects.latest("id").request
    assert "body" not in kept
    assert len(kept["sha256"]) == 64


def test_c12_credentials_are_never_answered_back(receiver: Receiver) -> None:
    staff = makers.staff("tracking:read", "tracking:write", "customers:read")
    made = configured(staff, receiver, credentials={"apiKey": "very-secret-key"})
    one = f"{CONFIGURATIONS}/{made['id']}"
    changed = makers.read(staff.patch(one, {"credentials": {"apiKey": "another-key"}}))
    shown = [made, changed, makers.read(staff.get(one)), makers.read(staff.get(CONFIGURATIONS))]
    assert "very-secret-key" not in json.dumps(shown)
    assert "another-key" not in json.dumps(shown)
    assert made["credentialsFingerprint"] != changed["credentialsFingerprint"] is not None
    assert b"another-key" not in bytes(Endpoint.objects.get().sealed)
    assert operations.credentials_of(Endpoint.objects.get()) == {"apiKey": "another-key"}


def test_c13_tracking_events_are_made_read_changed_and_removed(receiver: Receiver) -> None:
    staff = makers.staff("tracking:read", "tracking:write", "customers:read")
    configuration = configured(staff, receiver)
    made = tracked(staff, configuration, kinds=["OrderSubmitted", "LineItemAdded", "orders.submitted"])
    assert made["kinds"] == ["orders.submitted", "orders.lines.added"]
    one = f"{TRACKING}/{made['id']}"
    assert makers.read(staff.patch(one, {"kinds": ["order.*"], "isEnabled": False}))["isHere"] is False
    assert makers.read(staff.get(one))["kinds"] == ["order.*"]
    assert makers.read(staff.get(TRACKING))["total"] == 1
    assert staff.delete(f"{CONFIGURATIONS}/{configuration['id']}").status_code == 409
    assert staff.delete(one).status_code == 204
    assert staff.get(one).status_code == 404
    assert staff.delete(f"{CONFIGURATIONS}/{configuration['id']}").status_code == 204
    assert staff.get(f"{CONFIGURATIONS}/{configuration['id']}").status_code == 404
    assert configured(staff, receiver)["id"] != configuration["id"]
    assert Event.objects.filter(kind="tracking.changed").count() == 3


@pytest.mark.parametrize(("environments", "count"), [([], 1), (["production"], 0), (["staging", "local"], 1)])
def test_z13_per_environment(receiver: Receiver, settings: Any, environments: list[str], count: int) -> None:
    settings.ENVIRONMENT = "local"
    staff = makers.staff("tracking:write", "customers:read")
    tracked(staff, configured(staff, receiver), kinds=["orders.submitted"], environments=environments)
    makers.placed_order()
    assert len(sent(receiver)) == count


def test_c11_per_api_client(receiver: Receiver) -> None:
    """The app's id in a guest's token, and the client that calls itself."""
    staff = makers.staff("*")
    app = ApiClient.objects.get(pk=ApiClient.objects.latest("created_at").pk)
    tracked(staff, configured(staff, receiver), kinds=["checkout.started", "note.added"], apiClients=[str(app.pk)])
    nobody = makers.nobody()
    for client in ({"clientId": str(app.pk)}, {}):
        token = makers.read(nobody.post("/storefront/anonymous-tokens", client), 201)["token"]
        guest = makers.Caller({"Authorization": f"Bearer {token}"})
        makers.read(guest.post("/storefront/checkouts", {}), 201)
    order = makers.placed_order()
    for caller in (staff, makers.staff("*")):
        makers.read(caller.post(f"/admin/orders/{order.pk}/notes", {"note": "Hello", "isPublic": False}), 201)
    assert [message["type"] for message in sent(receiver)] == ["checkout.started", "note.added"]
    assert nobody.post("/storefront/anonymous-tokens", {"clientId": str(uuid.uuid4())}).status_code == 422


@pytest.mark.parametrize(
    ("wish", "status", "pointer"),
    [
        ({"target": "kafka", "url": "kafka://b:9092"}, 422, "#/topic"), ({"target": "sqs"}, 422, "#/credentials/accessKeyId"),
        ({"target": "mail_campaign", "url": ""}, 422, "#/credentials/apiKey"), ({"target": "carrier_pigeon"}, 400, "#/target"),
        ({"target": "product_discovery", "credentials": {"clientId": "c", "apiKey": "k"}, "isPersonal": True}, 422, "#/isPersonal"),
        ({"credentials": {"colour": "red"}}, 400, "#/credentials/colour"), ({"url": "ftp://x/"}, 422, ""), ({"url": ""}, 422, "#/url"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(receiver: Receiver, wish: dict[str, Any], status: int, pointer: str) -> None:
    answer = makers.staff("tracking:write", "customers:read").post(CONFIGURATIONS, {"name": "X", "target": "http", "url": receiver.url, **wish})
    said = makers.read(answer, status)
    assert not pointer or pointer in [error["pointer"] for error in said["errors"]]
    assert Endpoint.objects.count() == 0


def test_a_broker_is_sent_the_same_by_the_same_relay() -> None:
    staff = makers.staff("tracking:write", "customers:read", "tracking:read")
    with NatsStub() as stub:
        body = {"name": "Bus", "target": "nats", "url": stub.url, "topic": "bahi.{type}", "envelope": "cloudevents"}
        made = makers.read(staff.post(CONFIGURATIONS, body), 201)
        tracked(staff, made, kinds=["orders.*"])
        order = makers.placed_order()
        seal.seal()
        stub.error = "Slow Consumer"
        sending.run(5)
        assert {row.state for row in Dispatch.objects.all()} == {"due"}
        stub.error = ""
        with operation("test.again", actor=makers.STAFF) as op:
            for row in Dispatch.objects.all():
                operations.again(op, dispatch_id=row.pk)
        sending.run(5)
        assert {row.state for row in Dispatch.objects.all()} == {"done"}
        subject, _, raw = stub.got[-1]
    message = json.loads(raw)
    assert (subject, message["type"], message["specversion"]) == ("bahi.orders.submitted", "orders.submitted", "1.0")
    assert message["data"]["order"]["id"] == str(order.pk)
    assert makers.read(staff.get(f"{CONFIGURATIONS}/{made['id']}/deliveries"))["data"][0]["tries"][0]["error"]


def test_a_test_message_and_a_replay_go_there_too(receiver: Receiver) -> None:
    staff = makers.staff("tracking:write", "customers:read", "tracking:read")
    made = configured(staff, receiver)
    tracked(staff, made, kinds=["orders.submitted"])
    one = f"{CONFIGURATIONS}/{made['id']}"
    makers.read(staff.post(f"{one}/test"), 201)
    makers.placed_order()
    assert [message["type"] for message in sent(receiver)] == ["endpoint.tested", "orders.submitted"]
    assert makers.read(staff.post(f"{one}/replay", {"first": 0, "last": 500}))["count"] == 1
    assert len(sent(receiver)) == 3


def test_strangers_configure_nothing() -> None:
    for path in (CONFIGURATIONS, TRACKING):
        assert makers.nobody().get(path).status_code == 401
        assert makers.staff("orders:read").get(path).status_code == 403
        assert makers.staff("tracking:read").post(path, {}).status_code == 403
        assert makers.staff("tracking:read").get(f"{path}/nothing").status_code == 404


def test_webhooks_and_configurations_are_apart(receiver: Receiver) -> None:
    staff = makers.staff("*")
    made = configured(staff, receiver)
    assert makers.read(staff.get("/admin/endpoints"))["total"] == 0
    assert staff.get(f"/admin/endpoints/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "facts", "name"),
    [("checkout.changed", {"what": "details"}, "checkout.changed"), ("checkout.started", {}, "checkout.started"), ("order.shipped", {}, "order.shipped")],
)
def test_what_tracking_has_no_name_for_keeps_its_own(kind: str, facts: dict[str, Any], name: str) -> None:
    assert tracking.name_of(kind, facts) == name
