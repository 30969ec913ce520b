"""The one contract every carrier's adapter passes, the own fleet's included (issue 4): B78, E16 to E20, PROTOCOLS 3.2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from shipping.carriers import base
from shipping.carriers.base import (
    CarrierBusy,
    CarrierCannot,
    CarrierError,
    CarrierInDoubt,
    CarrierMisconfigured,
    CarrierRefused,
    RateRequest,
)
from tests.contracts.carriers.drivers import DRIVERS, FAR, HOME, SHOP, Driver, request
from tests.contracts.carriers.stub import UNSERVED, Stub, serving
from timeline.network import NetworkInsideTransaction

MORNING = datetime(2026, 11, 28, 4, 15, tzinfo=UTC)
MEANINGS = ("announced", "picked_up", "in_transit", "out_for_delivery", "attempted", "delivered", "returning", "back", "lost", "")


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with serving() as found:
        yield found


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest, stub: Stub) -> Iterator[Driver]:
    stub.parcels.clear()
    stub.faults.clear()
    stub.calls.clear()
    yield DRIVERS[request.param](stub)
    assert stub.faults == [], "every planned fault happened"


def needs(driver: Driver, *doings: str) -> None:
    if not driver.can(*doings):
        pytest.skip(f"{driver.name} does not {' or '.join(doings)}")


def remote(driver: Driver) -> None:
    if not driver.call:
        pytest.skip(f"{driver.name} has no network")


def test_it_says_who_it_is_and_what_it_can(driver: Driver) -> None:
    assert driver.adapter.code == driver.name
    assert driver.adapter.name
    assert driver.adapter.can <= set(base.DOINGS)
    assert bool(driver.adapter.services) is driver.can(base.BOOK)


def test_what_it_cannot_do_it_says_so(driver: Driver) -> None:
    calls: dict[str, Callable[[], Any]] = {
        base.SERVICEABLE: lambda: driver.adapter.serviceable(pin="411004", cod=False, weight_g=500),
        base.RATE: lambda: driver.adapter.rate(request=RateRequest("560068", "411004", 500)),
        base.BOOK: lambda: driver.adapter.book(request=request()),
        base.CANCEL: lambda: driver.adapter.cancel(tracking_number="1"),
        base.BRING_BACK: lambda: driver.adapter.bring_back(tracking_number="1"),
        base.TRACK: lambda: driver.adapter.track(tracking_number="1"),
    }
    for doing, call in calls.items():
        if doing not in driver.adapter.can:
            with pytest.raises(CarrierCannot):
                call()
    assert driver.stub.calls == []


def test_a_booking_has_a_number_and_a_label(driver: Driver) -> None:
    needs(driver, base.BOOK)
    booking = driver.adapter.book(request=request())
    assert booking.tracking_number
    assert booking.label_pdf.startswith(b"%PDF-")
    assert booking.service in driver.adapter.services


def test_a_booking_sent_again_is_one_parcel(driver: Driver) -> None:
    """F: the lost answer."""
    needs(driver, base.BOOK)
    wish = request()
    first = driver.adapter.book(request=wish)
    if driver.name.startswith("karrio"):
        with pytest.raises(CarrierMisconfigured):  # it cannot be asked, so a person has to look
            driver.adapter.book(request=replace(wish, is_repeat=True))
        assert len(driver.held(wish.parcel_reference)) == 1
        return
    again = driver.adapter.book(request=replace(wish, is_repeat=True))
    assert (again.tracking_number, again.label_pdf[:5]) == (first.tracking_number, first.label_pdf[:5])
    assert len(driver.held(wish.parcel_reference)) == bool(driver.call)


@pytest.mark.parametrize("kind", ["cut", "drop", "500", "garbage", "429", "503"])
def test_whatever_is_cut_at_whichever_step_a_repeat_ends_in_one_parcel(driver: Driver, kind: str) -> None:
    needs(driver, base.BOOK)
    remote(driver)
    for step in driver.steps:
        wish = request()
        driver.stub.fault(step, kind)
        with pytest.raises(CarrierBusy if kind == "429" else CarrierInDoubt):
            driver.adapter.book(request=wish)
        number = driver.adapter.book(request=replace(wish, is_repeat=True)).tracking_number
        assert [one.number for one in driver.held(wish.parcel_reference)] == [number], (step, kind)
        assert driver.adapter.find(reference=wish.parcel_reference) == number


def test_a_reference_nobody_knows_finds_nothing(driver: Driver) -> None:
    assert driver.adapter.find(reference="ORD-1-never") == ""


def test_a_booking_carries_what_is_asked(driver: Driver) -> None:
    needs(driver, base.BOOK)
    remote(driver)
    wish = request(cod_amount_minor=249_900)
    driver.adapter.book(request=wish)
    said = driver.held(wish.parcel_reference)[0].wish
    flat = {str(value) for value in said.values()}
    assert {"411004", "9876543210"} <= flat
    assert any(str(value) in ("2499.0", "2499") for value in flat)
    assert {"COD", "BLR-1"} <= flat


def test_a_pickup_starts_at_the_customers_door(driver: Driver) -> None:
    """E21: reverse parcels."""
    needs(driver, base.BOOK, base.PICKUP)
    wish = request(origin=HOME, destination=SHOP, is_pickup=True)
    booking = driver.adapter.book(request=wish)
    assert booking.tracking_number
    if driver.call:
        said = driver.held(wish.parcel_reference)[0].wish
        door = {key: value for key, value in said.items() if "411004" in str(value)}
        shop = {key: value for key, value in said.items() if "560068" in str(value)}
        assert {*door} == {"pin"} or {*door} == {"pickup_pincode"}, door
        assert {*shop} == {"return_pin"} or {*shop} == {"shipping_pincode"}, shop


def test_where_it_does_not_go_it_refuses_and_books_nothing(driver: Driver) -> None:
    needs(driver, base.BOOK)
    remote(driver)
    wish = request(destination=FAR)
    with pytest.raises(CarrierRefused, match="(?i)pincode"):
        driver.adapter.book(request=wish)
    assert driver.held(wish.parcel_reference) == []


def test_it_knows_where_it_goes(driver: Driver) -> None:
    needs(driver, base.SERVICEABLE)
    assert driver.adapter.serviceable(pin="411004", cod=True, weight_g=500).is_served
    if driver.call:
        far = driver.adapter.serviceable(pin=UNSERVED, cod=False, weight_g=500)
        assert (far.is_served, bool(far.why)) == (False, True)
    else:
        assert driver.adapter.serviceable(pin="000000", cod=False, weight_g=500).why


def test_its_offers_are_whole_paise_cheapest_first(driver: Driver) -> None:
    needs(driver, base.RATE)
    offers = driver.adapter.rate(request=RateRequest("560068", "411004", 500))
    amounts = [offer.amount_minor for offer in offers]
    assert amounts == sorted(amounts)
    assert all(type(amount) is int and offer.currency == "INR" for amount, offer in zip(amounts, offers, strict=True))
    if driver.call:
        assert amounts[0] in (8342, 9136)


def test_a_cancelled_parcel_is_cancelled_once(driver: Driver) -> None:
    needs(driver, base.BOOK, base.CANCEL)
    number = driver.labelled()
    driver.adapter.cancel(tracking_number=number)
    driver.adapter.cancel(tracking_number=number)
    if driver.call:
        assert [one.is_cancelled for one in driver.stub.parcels] == [True]
        with pytest.raises(CarrierRefused):
            driver.adapter.cancel(tracking_number="00000000")


def test_a_parcel_that_is_called_back_comes_back(driver: Driver) -> None:
    """Z4."""
    needs(driver, base.BOOK, base.BRING_BACK)
    number = driver.labelled()
    if driver.call:
        driver.see(number, "in_transit", MORNING)
    driver.adapter.bring_back(tracking_number=number)
    if driver.call:
        assert [one.is_returning for one in driver.stub.parcels] == [True]
        with pytest.raises(CarrierRefused):
            driver.adapter.bring_back(tracking_number="00000000")


def test_everything_it_saw_is_read_in_our_words_and_in_utc(driver: Driver) -> None:
    """Unknown codes are kept and never guessed."""
    needs(driver, base.TRACK)
    meanings = [meaning for meaning in MEANINGS if meaning in driver.codes]
    number = driver.labelled()
    for hour, meaning in enumerate(meanings):
        driver.see(number, meaning, MORNING + timedelta(hours=hour))
    tracked = driver.adapter.track(tracking_number=number)
    seen = sorted(tracked.sightings, key=lambda one: one.at)
    assert [one.meaning for one in seen] == meanings
    assert [one.at for one in seen] == [MORNING + timedelta(hours=hour) for hour in range(len(meanings))]
    assert [one.code for one in seen] == [driver.codes[meaning] for meaning in meanings]
    assert all(one.tracking_number == number and one.place for one in seen)
    assert next(one for one in seen if one.meaning == "attempted").reason


def test_a_number_it_does_not_know_is_refused(driver: Driver) -> None:
    needs(driver, base.TRACK)
    with pytest.raises(CarrierRefused):
        driver.adapter.track(tracking_number="0000")


def test_a_push_says_the_same_as_asking(driver: Driver) -> None:
    """So a sighting that is pushed and asked for is one."""
    needs(driver, base.PUSH, base.TRACK)
    number = driver.labelled()
    for hour, meaning in enumerate(MEANINGS):
        driver.see(number, meaning, MORNING + timedelta(hours=hour))
    pushed = driver.adapter.read_push(body=driver.pushed(number))
    asked = driver.adapter.track(tracking_number=number).sightings
    assert sorted(one.key for one in pushed) == sorted(one.key for one in asked)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 5000, b'{"awb": 7, "scans": "none"}', b'{"Shipment": {"Status": []}}',
             b'{"statustracking": [{"Shipment": {"WaybillNo": "1", "Scans": {"ScanDetail": [null, 7]}}}]}', b'{"awb": "1", "scans": [{"date": "yesterday"}]}'],
)
def test_odd_pushes_say_nothing(driver: Driver, body: bytes) -> None:
    assert driver.adapter.read_push(body=body) == ()


def test_busy_and_broken_are_told_apart(driver: Driver) -> None:
    needs(driver, base.TRACK)
    remote(driver)
    number = driver.labelled()
    driver.adapter.track(tracking_number=number)
    for kind, error in (("429", CarrierBusy), ("500", CarrierInDoubt), ("garbage", CarrierInDoubt), ("drop", CarrierInDoubt)):
        driver.stub.fault(driver.call, kind)
        with pytest.raises(error):
            driver.adapter.track(tracking_number=number)


def test_a_token_that_ran_out_is_fetched_anew_or_a_person_is_told(driver: Driver) -> None:
    needs(driver, base.TRACK)
    remote(driver)
    number = driver.labelled()
    driver.adapter.track(tracking_number=number)
    driver.stub.fault(driver.call, "401")
    try:
        assert driver.adapter.track(tracking_number=number)
    except CarrierMisconfigured:
        assert driver.name == "delhivery", "its token is fixed"


def test_wrong_credentials_are_a_persons_business(driver: Driver) -> None:
    remote(driver)
    assert driver.wrong is not None
    with pytest.raises(CarrierMisconfigured):
        driver.wrong.track(tracking_number="1")


@pytest.mark.django_db(transaction=True)
def test_it_does_not_speak_inside_a_transaction(driver: Driver) -> None:
    remote(driver)
    with pytest.raises(NetworkInsideTransaction), transaction.atomic():
        driver.adapter.track(tracking_number="1")
    assert driver.stub.calls == []


def test_nobody_there_is_busy(driver: Driver) -> None:
    """A request that never left may be sent again."""
    remote(driver)
    there = DRIVERS[driver.name]
    nowhere = Stub()
    nowhere.url = "http://127.0.0.1:9"
    with pytest.raises(CarrierBusy):
        there(nowhere).adapter.track(tracking_number="1")


def test_refusals_are_one_family() -> None:
    for error in (CarrierRefused, CarrierBusy, CarrierInDoubt, CarrierMisconfigured, CarrierCannot):
        assert issubclass(error, CarrierError)
