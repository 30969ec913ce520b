"""The page of a parcel for whoever has its link: signed, without a person's data, quiet while nothing moves (UX B7, PAINS 21)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from orders import tracking
from orders.models import Message
from shipping import operations as parcels
from shipping.models import Shipment
from shipping.sightings import sighting
from tests import makers
from tests.api.test_parcels import reverse_of, shipped
from tests.pages.conftest import shopper
from tests.pages.markup import check
from timeline import relay, vault
from timeline.operations import operation

if TYPE_CHECKING:
    from django.http import HttpResponse

pytestmark = pytest.mark.django_db


def page(shipment: Shipment, **headers: str) -> HttpResponse:
    response: Any = Client().get(tracking.path_of(shipment.pk), headers=headers)
    return response  # type: ignore[no-any-return]


def see(shipment: Shipment, meaning: str, source: str = "track", **more: Any) -> None:
    seen = sighting(tracking_number="X", code=meaning or "ZZ-9", meaning=meaning, at=timezone.now(), place="Pune hub", **more)
    with operation("test.sight", actor=makers.STAFF, stream=shipment.stream) as op:
        parcels.sight(op, shipment_id=shipment.pk, sightings=[seen], source=source)


def test_it_shows_the_parcel_and_nothing_of_the_person_but_first_name_and_city() -> None:
    shipment = shipped()
    see(shipment, "in_transit")
    response = page(shipment)
    text = response.content.decode()
    check(text)
    for words in ("Your parcel is on its way", shipment.tracking_number, "For Meera in Bengaluru", "Pune hub", "Arriving"):
        assert words in text
    for words in ("Nair", "98450", "Lake View", "560001", "example.com", shipment.reference, "ORD-"):
        assert words not in text


def test_it_is_kept_from_search_engines_and_from_the_next_page() -> None:
    response = page(shipped())
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert 'name="robots" content="noindex' in response.content.decode()


def test_while_nothing_moves_it_answers_304_and_then_anew() -> None:
    shipment = shipped()
    mark = page(shipment).headers["ETag"]
    again = page(shipment, if_none_match=mark)
    assert (again.status_code, again.content, again.headers["Referrer-Policy"]) == (304, b"", "same-origin")
    see(shipment, "out_for_delivery")
    moved = page(shipment, if_none_match=mark)
    assert moved.status_code == 200
    assert "out for delivery" in moved.content.decode()


def test_htmx_gets_the_moving_part_until_the_end() -> None:
    shipment = shipped()
    text = page(shipment, hx_request="true").content.decode()
    assert "<html" not in text
    assert 'hx-trigger="every 30s"' in text
    see(shipment, "delivered")
    text = page(shipment, hx_request="true").content.decode()
    assert "Your parcel was delivered" in text
    assert "hx-trigger" not in text


def test_attempts_say_what_to_do_and_cash_what_to_pay() -> None:
    order = makers.placed_order(payment_method="cod")
    from orders.operations import fulfil, process

    with operation("test.process", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk)
    shipment = Shipment.objects.get(stream=str(order.pk))
    see(shipment, "attempted", reason="cash")
    text = page(shipment).content.decode()
    assert "We could not deliver your parcel" in text
    assert "Have it at hand" in text
    assert "To pay at the door" in text


def test_what_is_not_for_customers_is_not_shown() -> None:
    shipment = shipped()
    see(shipment, "")
    see(shipment, "delivered", "push")
    text = page(shipment).content.decode()
    assert "ZZ-9" not in text
    assert "delivered</h1>" not in text


def test_late_is_said() -> None:
    shipment = shipped()
    Shipment.objects.filter(pk=shipment.pk).update(promised_on=timezone.localdate() - timedelta(days=2), estimated_delivery=None)
    assert "Later than promised; we are asking the carrier" in page(shipment).content.decode()
    Shipment.objects.filter(pk=shipment.pk).update(estimated_delivery=timezone.localdate() + timedelta(days=2))
    assert "Later than promised; now expected on" in page(shipment).content.decode()


def test_a_return_has_its_own_words() -> None:
    back = reverse_of(shipped())
    text = page(back).content.decode()
    check(text)
    assert "The pickup is planned" in text
    assert "Arriving" not in text


@pytest.mark.parametrize("status", Shipment.Status.values)
def test_every_state_has_its_sentence(status: str) -> None:
    from orders.pages.track import SAYS, _steps

    assert SAYS[Shipment.Status(status)]
    assert _steps(Shipment(status=status, created_at=timezone.now()))


def test_an_erased_customer_has_no_name_there() -> None:
    shipment = shipped()
    with operation("test.erase", actor=makers.STAFF) as op:
        vault.destroy(op, shipment.key)
    text = page(shipment).content.decode()
    assert "Meera" not in text
    assert shipment.tracking_number in text


def test_the_link_closes_some_weeks_after_the_delivery() -> None:
    shipment = shipped()
    see(shipment, "delivered")
    assert page(shipment).status_code == 200
    Shipment.objects.filter(pk=shipment.pk).update(delivered_at=timezone.now() - timedelta(days=61))
    assert page(shipment).status_code == 404


@given(st.text(max_size=60))
def test_any_other_token_is_nothing(token: str) -> None:
    assert tracking.parcel_of(token) is None


@given(st.integers(0, 43), st.sampled_from("ABCxyz019-_"))
def test_a_token_that_was_changed_is_nothing(place: int, letter: str) -> None:
    pk = uuid.UUID(int=7)
    token = tracking.token_of(pk)
    assert (len(token), tracking.parcel_of(token)) == (44, pk)
    changed = token[:place] + letter + token[place + 1 :]
    assert tracking.parcel_of(changed) == (pk if changed == token else None)


def test_a_token_of_a_parcel_that_is_not_there_is_a_missing_page() -> None:
    assert Client().get(tracking.path_of(uuid.uuid4())).status_code == 404
    assert Client().get("/t/nothing").status_code == 404


def test_the_customers_order_page_and_mail_lead_there() -> None:
    person = uuid.uuid4()
    order = makers.shipped_order(person_id=person)
    path = tracking.path_of(Shipment.objects.get(stream=str(order.pk)).pk)
    assert path in check(shopper(person).get(f"/account/orders/{order.number}/").content.decode()).links


@pytest.mark.django_db(transaction=True)
def test_the_shipping_mail_carries_the_link_and_the_text_message_stays_short() -> None:

    order = makers.shipped_order()
    relay.drain()
    shipment = Shipment.objects.get(stream=str(order.pk))
    bodies = {message.medium: message.opened()["body"] for message in Message.objects.filter(order=order, template="order_shipped")}
    assert tracking.link_of(shipment.pk) in bodies["email"]
    assert "/t/" not in bodies.get("sms", "")
