"""A parcel that comes back from the customer (E21): the same machine, its ends changed over."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from shipping import exchanges
from shipping.addresses import from_wire
from shipping.models import Label, Shipment
from shipping.operations import CollectsNothing
from tests.shipping import makers
from timeline import relay
from timeline.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_carrier_is_asked_to_come_to_the_customer() -> None:
    forward, reverse = makers.booked(), makers.booked(direction="reverse")
    there, back = exchanges.request_for(forward), exchanges.request_for(reverse)
    assert (there.origin.postal_code, there.destination.postal_code, there.is_pickup) == ("560068", "411004", False)
    assert (back.origin, back.destination, back.is_pickup) == (there.destination, from_wire(makers.WAREHOUSE), True)


def test_the_own_fleet_labels_it_as_a_pickup() -> None:
    shipment = makers.booked(direction="reverse")
    relay.drain()
    found = Shipment.objects.get(pk=shipment.pk)
    assert (found.status, found.direction) == ("labelled", "reverse")
    assert Label.objects.get(shipment=found).file().startswith(b"%PDF")
    assert Event.objects.get(kind="shipment.booked").facts["direction"] == "reverse"


def test_it_collects_no_cash() -> None:
    with pytest.raises(CollectsNothing):
        makers.booked(direction="reverse", cod_amount_minor=100)
    shipment = makers.booked(direction="reverse")
    with pytest.raises(IntegrityError), transaction.atomic():
        Shipment.objects.filter(pk=shipment.pk).update(cod_amount_minor=100)


def test_its_direction_never_changes() -> None:
    shipment = makers.booked()
    with pytest.raises(IntegrityError), transaction.atomic():
        Shipment.objects.filter(pk=shipment.pk).update(direction="reverse")
