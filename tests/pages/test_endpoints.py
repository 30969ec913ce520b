"""Endpoints, deliveries and tracking in the console: made, changed, tried, replayed, decided, by forms alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.endpoints.receiver import Receiver
from tests.log import makers as book
from tests.pages.markup import check
from timeline.endpoints import operations, sending
from timeline.log import seal
from timeline.models import Attempt, Dispatch, Endpoint, Event, TrackingEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/console/endpoints/"
SHAPE = {"payload": "full", "envelope": "standard"}


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.ENDPOINTS_PRIVATE = True
    with Receiver() as found:
        yield found


def hidden(asha: Client, path: str = PATH) -> dict[str, str]:
    """The form's own fields, as a browser sends them."""
    return dict(check(asha.get(path).content.decode()).hidden)


def made(asha: Client, receiver: Receiver, **wish: str) -> Endpoint:
    body = {**hidden(asha), "name": "Warehouse", "url": receiver.url, "kinds": "stock.*, order.placed", **SHAPE, **wish}
    assert asha.post(PATH, body).status_code == 302
    return Endpoint.objects.get(name=body["name"])


def happened() -> None:
    book.arrival("TEA")
    seal.seal()
    sending.run(5)


def test_one_is_made_and_its_secret_is_shown_once(asha: Client, receiver: Receiver) -> None:
    row = made(asha, receiver)
    assert row.kinds == ["stock.*", "order.placed"]
    page = asha.get(f"{PATH}{row.pk}/")
    text = page.content.decode()
    check(text)
    (secret,) = operations.secrets_of(row, row.created_at)
    assert secret in text
    assert page.headers["Cache-Control"] == "no-store"
    assert secret not in asha.get(f"{PATH}{row.pk}/").content.decode()
    assert "Warehouse" in asha.get(PATH).content.decode()


def test_what_cannot_be_is_said_beside_its_field(asha: Client) -> None:
    answer = asha.post(PATH, {**hidden(asha), "name": "X", "url": "https://127.0.0.1:22/", "kinds": "Order", **SHAPE})
    assert answer.status_code == 422
    check(answer.content.decode())
    assert Endpoint.objects.count() == 0


def test_deliveries_are_shown_whole_and_sent_again(asha: Client, receiver: Receiver) -> None:
    book.sealed(["TEA"])
    row = made(asha, receiver)
    receiver.status, receiver.body = 500, b"<b>no room</b>"
    happened()
    listed = asha.get(f"{PATH}{row.pk}/").content.decode()
    check(listed)
    assert "stock.received" in listed
    dispatch = Dispatch.objects.get()
    whole = asha.get(f"/console/deliveries/{dispatch.pk}/").content.decode()
    check(whole)
    for words in ("webhook-signature", "HTTP 500", "&lt;b&gt;no room&lt;/b&gt;", "stock.received"):
        assert words in whole
    receiver.status = 200
    for _ in range(2):
        assert asha.post(f"/console/deliveries/{dispatch.pk}/again/", hidden(asha)).status_code == 302
    sending.run(5)
    assert Attempt.objects.count() == 2
    ranged = {**hidden(asha), "first": "0", "last": str(seal.log_size())}
    assert asha.post(f"{PATH}{row.pk}/replay/", ranged).status_code == 302
    assert sending.run(5) >= 1
    assert asha.post(f"{PATH}{row.pk}/replay/", {**hidden(asha), "first": "0", "last": "99999"}).status_code == 422


def test_it_is_tested_rotated_switched_and_removed(asha: Client, receiver: Receiver) -> None:
    row = made(asha, receiver)
    for verb in ("test", "rotate", "off", "on"):
        assert asha.post(f"{PATH}{row.pk}/{verb}/", hidden(asha)).status_code == 302, verb
    sending.run(5)
    assert [event.kind for event in Event.objects.filter(kind="endpoint.tested")] == ["endpoint.tested"]
    assert len(receiver.got) == 1
    assert len(operations.secrets_of(Endpoint.objects.get(), row.created_at)) == 2
    body = {**hidden(asha), "url": receiver.url, "kinds": "order.*", **SHAPE}
    assert asha.post(f"{PATH}{row.pk}/", body).status_code == 302
    assert Endpoint.objects.get().kinds == ["order.*"]
    assert asha.post(f"{PATH}{row.pk}/remove/", hidden(asha)).headers["Location"] == PATH
    assert asha.get(f"{PATH}{row.pk}/").status_code == 404
    assert asha.post(f"{PATH}{row.pk}/explode/", hidden(asha)).status_code == 404


def test_given_up_messages_wait_among_the_parked(asha: Client, receiver: Receiver) -> None:
    book.sealed(["TEA"])
    made(asha, receiver)
    receiver.status = 500
    happened()
    Dispatch.objects.update(state="failed")
    page = asha.get("/console/parked/").content.decode()
    check(page)
    assert "Message to Warehouse" in page
    dispatch = Dispatch.objects.get()
    path = f"/console/parked/messages/{dispatch.pk}"
    assert asha.post(f"{path}/drop/", {**hidden(asha, "/console/parked/"), "reason": "They moved"}).status_code == 302
    assert Dispatch.objects.get().state == "dropped"
    said = Event.objects.get(kind="endpoint.dropped")
    assert said.sealed is not None
    assert "They moved" not in str(said.facts)
    assert asha.post(f"{path}/drop/", {"reason": "again"}).status_code == 409


def test_tracking_is_configured_by_forms(asha: Client, receiver: Receiver) -> None:
    path = "/console/tracking/"
    check(asha.get(path).content.decode())
    place = {**hidden(asha, path), "name": "Send", "target": "mail_campaign", "url": receiver.url, "payload": "hydrated", "envelope": "standard"}
    refused = asha.post(f"{path}places/", place)
    assert refused.status_code == 422
    check(refused.content.decode())
    done = asha.post(f"{path}places/", {**hidden(asha, path), **place, "apiKey": "very-secret-key", "is_personal": "on", "idempotency_key": "a" * 20})
    assert done.status_code == 302
    row = Endpoint.objects.get()
    assert operations.credentials_of(row) == {"apiKey": "very-secret-key"}
    text = asha.get(done.headers["Location"]).content.decode()
    check(text)
    assert "very-secret-key" not in text
    event = {**hidden(asha, path), "name": "Carts", "configuration_id": str(row.pk), "kinds": "checkout.abandoned orders.*"}
    assert asha.post(f"{path}events/", event).status_code == 302
    tracked = TrackingEvent.objects.get()
    shown = asha.get(path).content.decode()
    check(shown)
    assert "checkout.abandoned" in shown
    for verb, left in (("off", 1), ("on", 1), ("remove", 0)):
        assert asha.post(f"{path}events/{tracked.pk}/{verb}/", hidden(asha, path)).status_code == 302
        assert TrackingEvent.objects.count() == left


def test_only_staff_see_them() -> None:
    from django.test import Client

    for path in (PATH, "/console/tracking/"):
        assert Client().get(path).headers["Location"].startswith("/console/login/")
