"""From a carrier's push to the parcel: kept first, read later, a delivery asked for again (E19, B34, F17, F18, F30)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shipping import carriers, exchanges, operations
from shipping.carriers.base import CarrierInDoubt, PushPolicy
from shipping.carriers.bluedart import BlueDart
from shipping.models import CarrierNotice, Label, Scan, Shipment
from tests import shelves
from tests.contracts.carriers import drivers
from tests.contracts.carriers.drivers import Driver
from tests.contracts.carriers.stub import serving
from tests.shipping import makers
from timeline import relay
from timeline.models import Delivery, Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)

SECRET, TOKEN = "0123456789abcdef01234567", "agreed"
AT = timezone.now().replace(microsecond=0, second=0) - timedelta(days=2)


@pytest.fixture
def rocket() -> Iterator[Driver]:
    with serving() as stub:
        driver = drivers.rocket(stub)
        driver.adapter.push = PushPolicy("aggregator", SECRET, "X-Api-Key", TOKEN)
        with carriers.use(driver.adapter):
            yield driver


def send(body: bytes, *, alias: str = "aggregator", secret: str = SECRET, token: str = TOKEN) -> int:
    client = Client(raise_request_exception=False)
    answer = client.post(f"/webhooks/carriers/{alias}/{secret}", body, content_type="application/json", headers={"X-Api-Key": token})
    return answer.status_code


def fresh(shipment: Shipment) -> Shipment:
    return Shipment.objects.get(pk=shipment.pk)


def on_its_way(driver: Driver) -> Shipment:
    """A parcel the carrier numbered, and has."""
    shipment = makers.booked(carrier="shiprocket")
    relay.drain()
    found = fresh(shipment)
    driver.see(found.tracking_number, "picked_up", AT)
    return found


def test_a_parcel_is_booked_numbered_and_labelled(rocket: Driver) -> None:
    """B33."""
    shipment = on_its_way(rocket)
    assert (shipment.status, shipment.carrier) == ("labelled", "shiprocket")
    assert shipment.tracking_number.startswith("14")
    assert Label.objects.get(shipment=shipment).file().startswith(b"%PDF")
    assert shipment.promised_on is not None


def test_a_booking_whose_answer_was_cut_is_looked_for_before_it_is_sent_again(rocket: Driver) -> None:
    """F: in doubt. Also after a person tried a parked delivery again from its first attempt."""
    rocket.stub.fault("create/adhoc", "cut")
    shipment = makers.booked(carrier="shiprocket")
    relay.drain()
    assert (fresh(shipment).status, len(rocket.stub.parcels)) == ("booked", 1)
    Delivery.objects.filter(subscriber__endswith="ask_for_label").update(due_at=timezone.now(), attempts=0)
    relay.drain()
    assert (fresh(shipment).status, len(rocket.stub.parcels)) == ("labelled", 1)


def test_a_refused_booking_cancels_the_parcel_and_says_why_to_staff(rocket: Driver) -> None:
    far = makers.address(postalCode="194101", city="Leh", state="IN-LA")
    shipment = makers.booked(carrier="shiprocket", destination=far)
    relay.drain()
    assert fresh(shipment).status == "cancelled"
    event = Event.objects.select_related("person_key").get(kind="shipment.cancelled")
    assert (event.facts["code"], (event.private() or {})["reason"]) == ("carrier_refused", "Pincode is not serviceable")


def test_called_off_while_the_carrier_was_asked_is_cancelled_there_too(rocket: Driver) -> None:
    shipment = makers.booked(carrier="shiprocket")
    book = rocket.adapter.book

    def slow(**words: Any) -> Any:
        booking = book(**words)
        with operation("test.cancel", actor=shelves.ASHA, stream=shipment.stream) as op:
            operations.cancel(op, shipment_id=shipment.pk)
        return booking

    rocket.adapter.book = slow  # type: ignore[method-assign]
    relay.drain()
    assert (fresh(shipment).status, [one.is_cancelled for one in rocket.stub.parcels]) == ("cancelled", [True])


def test_a_push_is_kept_and_moves_the_parcel(rocket: Driver) -> None:
    shipment = on_its_way(rocket)
    rocket.see(shipment.tracking_number, "in_transit", AT + timedelta(hours=2))
    body = rocket.pushed(shipment.tracking_number)
    assert send(body) == 200
    assert fresh(shipment).status == "labelled", "nothing happens in the webhook itself"
    relay.drain()
    assert fresh(shipment).status == "in_transit"
    notice = CarrierNotice.objects.get()
    assert (operations.body_of(notice), notice.sightings, notice.parcels) == (body, 2, 1)


def test_the_same_push_twice_is_one(rocket: Driver) -> None:
    shipment = on_its_way(rocket)
    body = rocket.pushed(shipment.tracking_number)
    assert [send(body), send(body)] == [200, 200]
    relay.drain()
    assert (CarrierNotice.objects.get().repeats, Scan.objects.count()) == (1, 1)


def test_a_pushed_delivery_is_believed_when_the_carrier_says_so_too(rocket: Driver) -> None:
    shipment = on_its_way(rocket)
    rocket.see(shipment.tracking_number, "delivered", AT + timedelta(hours=9))
    send(rocket.pushed(shipment.tracking_number))
    relay.drain()
    found = fresh(shipment)
    assert (found.status, found.delivered_at) == ("delivered", AT + timedelta(hours=9))


def test_a_forged_delivery_is_not_believed(rocket: Driver) -> None:
    """PROTOCOLS 3.2: whoever learnt the address still cannot deliver a parcel."""
    shipment = on_its_way(rocket)
    forged = {"awb": shipment.tracking_number, "scans": [{"date": AT.strftime("%Y-%m-%d %H:%M:%S"), "sr-status": "7", "status": "DLVD"}]}
    assert send(json.dumps(forged).encode()) == 200
    relay.drain()
    assert (fresh(shipment).status, fresh(shipment).flags) == ("shipped", ["delivered_unconfirmed"])


def test_a_delivery_waits_while_the_carrier_cannot_be_asked(rocket: Driver) -> None:
    shipment = on_its_way(rocket)
    rocket.see(shipment.tracking_number, "delivered", AT + timedelta(hours=9))
    send(rocket.pushed(shipment.tracking_number))
    rocket.stub.fault("track/awb", "500")
    relay.drain()
    assert fresh(shipment).status == "shipped"
    Delivery.objects.filter(state="due").update(due_at=timezone.now())
    relay.drain()
    assert fresh(shipment).status == "delivered"


def test_without_a_way_to_ask_a_delivery_waits_for_a_person() -> None:
    eyes = BlueDart(push=PushPolicy("bluedart", SECRET))
    with carriers.use(eyes):
        shipment = makers.labelled(carrier="Blue Dart", tracking_number="76878391881")
        scan = {"ScanCode": "000", "ScanGroupType": "T", "ScanType": "DL", "ScanDate": AT.strftime("%d-%b-%Y"), "ScanTime": "11:20"}
        body = {"statustracking": [{"Shipment": {"WaybillNo": "76878391881", "Scans": {"ScanDetail": [scan]}}}]}
        assert send(json.dumps(body).encode(), alias="bluedart") == 200
        relay.drain()
    assert fresh(shipment).flags == ["delivered_unconfirmed"]
    with operation("test.deliver", actor=shelves.ASHA, stream=shipment.stream) as op:
        operations.scan(op, shipment_id=shipment.pk, status="delivered")
    assert (fresh(shipment).status, fresh(shipment).flags) == ("delivered", [])


@pytest.mark.parametrize(
    ("change", "status"),
    [({"secret": "0" * 24}, 404), ({"alias": "shiprocket"}, 404), ({"alias": "own_fleet"}, 404), ({"token": "guess"}, 404), ({"secret": "é" * 24}, 404)],
)
def test_another_address_or_header_is_nothing(rocket: Driver, change: dict[str, str], status: int) -> None:
    assert send(b"{}", **change) == status
    assert CarrierNotice.objects.count() == 0


def test_too_much_is_refused_and_oddities_are_kept(rocket: Driver) -> None:
    """F30: a webhook that is refused is switched off."""
    assert send(b"x" * (256 * 1024 + 1)) == 413
    assert [send(body) for body in (b"", b"\x00\xff", b"[" * 4000)] == [200, 200, 200]
    relay.drain()
    assert set(CarrierNotice.objects.values_list("sightings", "parcels")) == {(0, 0)}
    assert CarrierNotice.objects.filter(handled_at=None).count() == 0


def test_a_short_secret_is_no_address(rocket: Driver) -> None:
    rocket.adapter.push = PushPolicy("aggregator", "short")
    assert send(b"{}", secret="short") == 404


def test_a_parcel_of_another_carrier_is_left_alone(rocket: Driver) -> None:
    mine = on_its_way(rocket)
    other = makers.labelled(carrier="somebody", tracking_number=mine.tracking_number)
    send(rocket.pushed(mine.tracking_number))
    relay.drain()
    assert (fresh(mine).status, fresh(other).status) == ("shipped", "labelled")


def test_a_sighting_of_tomorrow_is_strange(rocket: Driver) -> None:
    shipment = on_its_way(rocket)
    rocket.see(shipment.tracking_number, "out_for_delivery", timezone.now() + timedelta(days=3))
    send(rocket.pushed(shipment.tracking_number))
    relay.drain()
    assert (fresh(shipment).status, fresh(shipment).flags) == ("shipped", ["unknown_code"])


def test_a_carrier_that_went_quiet_is_asked(rocket: Driver) -> None:
    shipment = on_its_way(rocket)
    Shipment.objects.filter(pk=shipment.pk).update(labelled_at=timezone.now() - timedelta(hours=7))
    rocket.see(shipment.tracking_number, "in_transit", AT + timedelta(hours=2))
    assert exchanges.track_quiet() == 1
    assert fresh(shipment).status == "in_transit"
    assert exchanges.track_quiet() == 0, "it was asked just now"


def test_one_carriers_trouble_does_not_stop_the_sweep(rocket: Driver) -> None:
    first, second = on_its_way(rocket), on_its_way(rocket)
    Shipment.objects.update(labelled_at=timezone.now() - timedelta(hours=7))
    rocket.stub.fault("track/awb", "500")
    assert exchanges.track_quiet() == 2
    assert {fresh(first).status, fresh(second).status} == {"labelled", "shipped"}


def test_what_the_carrier_refuses_to_cancel_a_person_is_told(rocket: Driver) -> None:
    shipment = on_its_way(rocket)
    rocket.stub.parcels.clear()
    with operation("test.cancel", actor=shelves.ASHA, stream=shipment.stream) as op:
        operations.cancel(op, shipment_id=shipment.pk)
    relay.drain()
    assert fresh(shipment).flags == ["cancel_refused"]


def test_a_way_back_the_carrier_began_is_not_asked_of_it(rocket: Driver) -> None:
    """Z4."""
    shipment = on_its_way(rocket)
    rocket.see(shipment.tracking_number, "returning", AT + timedelta(hours=9))
    send(rocket.pushed(shipment.tracking_number))
    relay.drain()
    assert fresh(shipment).status == "returning"
    assert not any("/ndr/" in call for call in rocket.stub.calls)


def test_a_way_back_we_ask_for_is_told_to_the_carrier(rocket: Driver) -> None:
    shipment = on_its_way(rocket)
    send(rocket.pushed(shipment.tracking_number))
    relay.drain()
    with operation("test.back", actor=shelves.ASHA, stream=shipment.stream) as op:
        operations.bring_back(op, shipment_id=shipment.pk)
    relay.drain()
    assert [one.is_returning for one in rocket.stub.parcels] == [True]


def test_a_doubt_is_an_exception_the_relay_keeps(rocket: Driver) -> None:
    rocket.stub.fault("create/adhoc", "500")
    makers.booked(carrier="shiprocket")
    relay.drain()
    assert CarrierInDoubt.__name__ in Delivery.objects.get(subscriber__endswith="ask_for_label").error
