"""C8, C15 to C17: a guest who signs in keeps cart, orders and session, once; a cart left alone is told once."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders import abandoned, checkout
from orders.models import Checkout, Person
from orders.operations import keeping, privacy
from tests import makers
from tests.endpoints.receiver import Receiver
from timeline import erasing
from timeline.actors import system
from timeline.endpoints import sending
from timeline.erasing import Erased
from timeline.log import seal
from timeline.models import ApiClient, Event, SubjectKey
from timeline.operations import operation

pytestmark = pytest.mark.django_db
TRANSFER = "/storefront/me/transfer"


def guest(**wish: Any) -> tuple[makers.Caller, str]:
    token = makers.read(makers.nobody().post("/storefront/anonymous-tokens", wish), 201)["token"]
    return makers.Caller({"Authorization": f"Bearer {token}"}), token


def cart(caller: makers.Caller) -> str:
    body = {"lines": [{"sku": makers.product().sku, "quantity": 2}]}
    pk: str = makers.read(caller.post("/storefront/checkouts", body), 201)["id"]
    details = {"email": "meera@example.com", "shippingAddress": makers.address(), "paymentMethod": "cod"}
    makers.read(caller.patch(f"/storefront/checkouts/{pk}", details))
    return pk


def ordered(caller: makers.Caller, pk: str) -> dict[str, Any]:
    order: dict[str, Any] = makers.read(caller.post(f"/storefront/checkouts/{pk}/complete", {}, key=True), 201)["order"]
    return order


def test_c16_the_beacon_stands_on_every_event_of_the_token() -> None:
    caller, _ = guest(sessionId="beacon-1")
    ordered(caller, cart(caller))
    assert set(Event.objects.filter(kind__in=["checkout.started", "checkout.changed", "order.placed"]).values_list("session_id", flat=True)) == {"beacon-1"}


def test_c17_cart_and_orders_come_along_and_the_session_too() -> None:
    caller, token = guest(sessionId="beacon-1")
    order, open_cart = ordered(caller, cart(caller)), cart(caller)
    customer = makers.customer()
    moved = makers.read(customer.post(TRANSFER, {"anonymousToken": token}))
    assert moved == {
        "customerId": str(customer.person_id), "sessionId": "beacon-1", "checkoutIds": [open_cart], "orderIds": [order["id"]], "isNew": True,
    }
    assert makers.read(customer.get(f"/storefront/orders/{order['id']}"))["customerId"] == str(customer.person_id)
    assert makers.read(customer.get("/storefront/orders"))["total"] == 1
    as_of = makers.read(makers.staff().get(f"/admin/orders/{order['id']}", asOf=timezone.now().isoformat()))
    assert as_of["customerId"] == str(customer.person_id)
    seen = makers.read(customer.get(f"/storefront/checkouts/{open_cart}"))
    assert (seen["email"], seen["shippingAddress"]["line1"]) == ("meera@example.com", makers.address()["line1"])
    assert ordered(customer, open_cart)["customerId"] == str(customer.person_id)
    for path in (f"/storefront/orders/{order['id']}", f"/storefront/checkouts/{open_cart}"):
        assert caller.get(path).status_code == 404
    assert caller.post("/storefront/checkouts", {}).status_code == 409
    said = Event.objects.get(kind="session.identified")
    assert (said.session_id, said.actor_id) == ("beacon-1", str(customer.person_id))


def test_c17_exactly_once() -> None:
    caller, token = guest()
    pk = cart(caller)
    first, other = makers.customer(), makers.customer()
    moved = makers.read(first.post(TRANSFER, {"anonymousToken": token}))
    again = makers.read(first.post(TRANSFER, {"anonymousToken": token}))
    assert again == {**moved, "isNew": False}
    answer = makers.read(other.post(TRANSFER, {"anonymousToken": token}), 409)
    assert answer["type"] == "/problems/already-transferred"
    assert Event.objects.filter(kind__in=["session.identified", "checkout.transferred"]).count() == 2
    assert str(Checkout.objects.get(pk=pk).person_id) == str(first.person_id)


def test_c17_both_tokens_are_needed() -> None:
    caller, token = guest()
    customer = makers.customer()
    assert makers.nobody().post(TRANSFER, {"anonymousToken": token}).status_code == 401
    assert caller.post(TRANSFER, {"anonymousToken": token}).status_code == 403
    for wrong in ("nonsense", makers.customer_token(uuid.uuid4()), token[:-2] + "xx"):
        assert customer.post(TRANSFER, {"anonymousToken": wrong}).status_code == 422
    assert customer.post(TRANSFER, {}).status_code == 400
    assert Person.objects.exclude(owner=None).count() == 0


def test_c14_a_sign_in_without_a_guest_is_told_too() -> None:
    customer = makers.customer()
    answer = makers.read(customer.post("/storefront/me/sessions", {}, **{"X-Session-Id": "s-9"}), 201)
    assert answer == {"customerId": str(customer.person_id), "sessionId": "s-9"}
    assert Event.objects.get(kind="session.identified").session_id == "s-9"


def left_alone(pk: str, minutes: int = 61) -> None:
    Checkout.objects.filter(pk=pk).update(updated_at=timezone.now() - timedelta(minutes=minutes))


def test_c8_a_cart_left_alone_is_told_once_and_can_be_taken_up_again() -> None:
    caller, _ = guest()
    pk, empty = cart(caller), makers.read(caller.post("/storefront/checkouts", {}), 201)["id"]
    left_alone(pk)
    left_alone(empty)
    assert [abandoned.tell_due(timezone.now()) for _ in range(2)] == [1, 0]
    assert makers.read(caller.get(f"/storefront/checkouts/{pk}"))["status"] == "abandoned"
    makers.read(caller.patch(f"/storefront/checkouts/{pk}", {"phone": "+919845012345"}))
    assert makers.read(caller.get(f"/storefront/checkouts/{pk}"))["status"] == "open"
    left_alone(pk)
    assert abandoned.tell_due(timezone.now()) == 0
    ordered(caller, pk)
    assert Event.objects.filter(kind="checkout.abandoned").count() == 1


def test_c15_a_cart_left_alone_is_the_last_step_of_its_session_and_of_its_app(settings: Any) -> None:
    """A guest without an address is known by the session alone; an app's own configuration hears of its carts, and of no others."""
    settings.ENDPOINTS_PRIVATE = True
    staff = makers.staff("*")
    app = str(ApiClient.objects.latest("created_at").pk)
    with Receiver() as receiver:
        made = makers.read(staff.post("/api/v1/delivery-configurations", {"name": "App", "target": "http", "url": receiver.url}), 201)
        wish = {"name": "Carts", "deliveryConfigurationId": made["id"], "kinds": ["checkout.abandoned"], "apiClients": [app]}
        makers.read(staff.post("/api/v1/tracking-events", wish), 201)
        for words in ({"sessionId": "b-1", "clientId": app}, {"sessionId": "b-2"}):
            left_alone(cart(guest(**words)[0]))
        assert abandoned.tell_due(timezone.now()) == 2
        seal.seal()
        sending.run(5)
        told = [json.loads(raw)["data"] for _, raw in receiver.got]
    assert [(data["sessionId"], data["user"]["sessionId"]) for data in told] == [("b-1", "b-1")]
    kinds = [row["kind"] for row in makers.read(staff.get("/api/v1/events", session="b-2"))["data"]]
    assert (kinds[0], kinds[-1]) == ("checkout.abandoned", "person.added")


def test_an_abandoned_cart_ends_as_any_other() -> None:
    caller, _ = guest()
    pk = cart(caller)
    left_alone(pk, 25 * 60)
    abandoned.tell_due(timezone.now())
    assert checkout.expire_due(timezone.now(), actor=system("checkout")) == 1
    assert makers.read(caller.get(f"/storefront/checkouts/{pk}"))["status"] == "expired"


def test_c8_a_campaign_is_told_whom_to_remind_of_what(settings: Any) -> None:
    settings.ENDPOINTS_PRIVATE = True
    staff = makers.staff("tracking:write", "customers:read")
    with Receiver() as receiver:
        body = {"name": "Send", "target": "mail_campaign", "url": receiver.url, "credentials": {"apiKey": "k"}}
        made = makers.read(staff.post("/api/v1/delivery-configurations", body), 201)
        wish = {"name": "Carts", "deliveryConfigurationId": made["id"], "kinds": ["checkout.abandoned"]}
        makers.read(staff.post("/api/v1/tracking-events", wish), 201)
        caller, _ = guest(sessionId="b-1")
        left_alone(cart(caller))
        abandoned.tell_due(timezone.now())
        seal.seal()
        sending.run(5)
        ((_, raw),) = receiver.got
    data = json.loads(raw)["data"]
    assert data["cart"]["email"] == "meera@example.com"
    assert (data["cart"]["lines"][0]["quantity"], len(data["products"])) == (2, 1)
    assert data["cart"]["recoveryUrl"].endswith("/cart/")
    assert data["facts"]["item_count"] == 2


def test_b95_erasing_a_customer_erases_the_guest_they_were() -> None:
    """What a guest had stays sealed under the guest's own key, so that key goes too."""
    caller, token = guest()
    ordered(caller, cart(caller))
    customer = makers.customer()
    makers.read(customer.post(TRANSFER, {"anonymousToken": token}))
    person = Person.objects.get(pk=str(customer.person_id))
    was = person.guests.get()
    assert str(was.pk) in keeping.streams_of(person)
    assert keeping.reasons(person, now=timezone.now())
    erased = Erased(person.pk, person.key_id, tuple(keeping.streams_of(person)), person.created_at)
    found = erasing.find(erased)
    with operation("test.erase", actor=makers.STAFF, stream=str(person.pk)) as op:
        privacy.forget(op, person=person, erased=erased, found=found)
    assert Person.objects.get(pk=was.pk).profile() == {}
    assert SubjectKey.objects.filter(pk__in=[person.key_id, was.key_id], destroyed_at=None).count() == 0
