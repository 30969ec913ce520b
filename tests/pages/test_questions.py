"""A customer asks about an order and reads the answer (D8, UX B7): signed in, as a guest, and by the link of a mail."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from orders import exchanges, helping
from orders.models import Message, Ticket
from orders.notifications.messages import TEMPLATES
from orders.operations import tickets
from tests import makers
from tests.pages.conftest import shopper
from tests.pages.markup import check
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from orders.models import Order

pytestmark = pytest.mark.django_db


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    check(answer.content.decode())
    return answer.content.decode()


def answered(ticket: Ticket, text: str, *, is_public: bool = True) -> None:
    with operation("test.answer", actor=makers.STAFF, stream=str(ticket.order_id)) as op:
        tickets.write(op, ticket_id=ticket.pk, message=text, is_public=is_public)


def place_of(order: Order, way: str) -> tuple[Client, str]:
    """A browser and where its questions are."""
    if way == "linked":
        return Client(), f"/help/{helping.token_of(order.pk)}/"
    return shopper(order.person_id), f"/account/orders/{order.number}/help/"


@pytest.mark.parametrize("way", ["signed in", "linked"])
def test_d8_a_question_is_asked_answered_and_asked_on(way: str) -> None:
    order = makers.paid_order()
    client, place = place_of(order, way)
    form = check(read(client, place)).hidden
    assert client.post(place, {**form, "topic": "delivery", "message": " "}).status_code == 422

    sent = client.post(place, {**form, "topic": "delivery", "message": "Where is <it>?"})
    twin = client.post(place, {**form, "topic": "delivery", "message": "Where is <it>?"})

    ticket = Ticket.objects.get()
    one = f"{place}{ticket.pk}/"
    assert sent["Location"] == twin["Location"] == one
    assert "Where is &lt;it&gt;?" in read(client, one)
    answered(ticket, "It comes tomorrow")
    answered(ticket, "A difficult one", is_public=False)
    text = read(client, one)
    assert "It comes tomorrow" in text
    assert "A difficult one" not in text
    assert "We have answered" in read(client, place)

    client.post(one, {**check(text).hidden, "message": "Thank you"})
    assert Ticket.objects.get().status == "open", "it waits for the shop again"


def test_a_guest_who_writes_is_no_member_of_staff() -> None:
    """A closed ticket opens again, and the message is the customer's."""
    order = makers.paid_order()
    client, place = place_of(order, "linked")
    client.post(place, {**check(read(client, place)).hidden, "topic": "refund", "message": "Mine?"})
    ticket = Ticket.objects.get()
    with operation("test.close", actor=makers.STAFF, stream=str(order.pk)) as op:
        tickets.close(op, ticket_id=ticket.pk)
    one = f"{place}{ticket.pk}/"
    assert "Your message opens it again." in read(client, one)
    client.post(one, {**check(read(client, one)).hidden, "message": "Still not"})
    assert Ticket.objects.get().status == "open"
    assert Event.objects.get(kind="ticket.written").actor_type == "guest"
    assert read(client, one).count("You ·") == 2


def test_nobody_else_reads_them() -> None:
    mine, other = makers.paid_order(), makers.paid_order()
    client, place = place_of(mine, "linked")
    client.post(place, {**check(read(client, place)).hidden, "topic": "other", "message": "Secret"})
    ticket = Ticket.objects.get()
    stranger = shopper(other.person_id)
    assert stranger.get(f"/account/orders/{mine.number}/help/").status_code == 404
    assert stranger.get(f"/account/orders/{other.number}/help/{ticket.pk}/").status_code == 404
    assert Client().get(f"/help/{helping.token_of(other.pk)}/{ticket.pk}/").status_code == 404
    assert Client().get(f"/help/{helping.token_of(uuid.uuid4())}/").status_code == 404
    assert Client().get(f"/help/{helping.token_of(mine.pk)[:-4]}AAAA/").status_code == 404
    assert Client().get(f"/account/orders/{mine.number}/help/")["Location"].startswith("/account/login/")


def test_the_link_says_nothing_of_the_order_but_its_number_and_is_found_by_no_search_engine() -> None:
    order = makers.paid_order()
    client, place = place_of(order, "linked")
    answer = client.get(place)
    assert order.number in answer.content.decode()
    assert "meera" not in answer.content.decode().casefold()
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex, nofollow", "same-origin")


def test_the_order_page_and_the_history_lead_to_the_questions() -> None:
    order = makers.paid_order()
    assert f"/account/orders/{order.number}/help/" in read(shopper(order.person_id), "/account/orders/")
    assert f"/account/orders/{order.number}/help/" in read(shopper(order.person_id), f"/account/orders/{order.number}/")


def test_customers_are_told_by_mail_of_answers_and_not_of_their_own_words() -> None:
    order = makers.paid_order()
    client, place = place_of(order, "signed in")
    client.post(place, {**check(read(client, place)).hidden, "topic": "delivery", "message": "Where is it?"})
    ticket = Ticket.objects.get()
    answered(ticket, "On its way")
    with operation("test.open", actor=makers.STAFF, stream=str(order.pk)) as op:
        tickets.open_ticket(op, order_id=order.pk, topic="address", message="Which door?")
    before = Message.objects.count()
    for event in Event.objects.filter(kind__startswith="ticket.", kind__in=TEMPLATES).order_by("id"):
        exchanges.tell_customer(event, event.pk)
    told = list(Message.objects.order_by("created_at"))[before:]
    assert [row.template for row in told] == ["ticket_answered", "ticket_opened"]
    assert all(helping.link_of(order.pk) in row.opened()["body"] for row in told)
    assert not any("On its way" in row.opened()["body"] for row in told), "what was written is read on the page alone"
