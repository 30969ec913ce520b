"""Sightings in the database: whatever their order, one row, one journey; a replayed day changes nothing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from shipping import operations as parcels
from shipping import queries
from shipping.models import Scan, Shipment
from shipping.sightings import Sighting, sighting
from tests import shelves
from tests.shipping import makers
from tests.thorough import many
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def seen(meaning: str, hours: int = 0, **more: Any) -> Sighting:
    return sighting(tracking_number="X", code=more.pop("code", meaning), meaning=meaning, at=NOON + timedelta(hours=hours), **more)


DAY = [
    seen("picked_up", code="42"), seen("in_transit", 3, code="18", place="Pune"), seen("out_for_delivery", 9, code="17"),
    seen("attempted", 10, code="21", reason="address"), seen("delivered", 12, code="7"), seen("", 4, code="NA-77"),
]


def take(shipment: Shipment, sightings: Sequence[Sighting], source: str = "track") -> Shipment:
    with operation("test.sight", actor=shelves.TESTER, stream=shipment.stream) as op:
        return parcels.sight(op, shipment_id=shipment.pk, sightings=sightings, source=source)


def row(shipment: Shipment) -> dict[str, Any]:
    """All that is seen of a parcel: its row, its journey, and what its events say the state is."""
    found = Shipment.objects.get(pk=shipment.pk)
    names = (
        "status", "shipped_at", "delivered_at", "seen_at", "attempts", "attempt_reason", "next_step", "flags", "is_flagged", "left_by_scan",
    )
    last = Event.objects.filter(subject_id=shipment.pk.hex).exclude(to_state="").latest("id")
    journey = [(scan.code, scan.meaning, scan.at, scan.place) for scan in queries.journey(found.scans.all())]
    return {"journey": journey, "said": last.to_state, **{name: getattr(found, name) for name in names}}


@pytest.mark.django_db
def test_four_scans_in_every_order_end_in_one_row() -> None:
    ends = []
    for order in itertools.permutations(DAY[1:5]):
        shipment = makers.labelled()
        for one in order:
            take(shipment, [one])
        ends.append(row(shipment))
    assert all(end == ends[0] for end in ends)
    assert (ends[0]["status"], ends[0]["delivered_at"], ends[0]["shipped_at"]) == ("delivered", NOON + timedelta(hours=12), NOON + timedelta(hours=3))


class RandomOrders(TestCase):
    @settings(max_examples=many(15))
    @given(st.data())
    def test_a_day_in_any_order_and_in_any_bundles_ends_in_one_row(self, data: st.DataObject) -> None:
        sources = st.sampled_from(["push", "track"])
        day = [(one, data.draw(sources)) for one in DAY] + [(DAY[4], "track")]
        first, second = makers.labelled(), makers.labelled()
        for one, source in day:
            take(first, [one], source)
        for one, source in data.draw(st.permutations(day + day[:3])):
            take(second, [one], source)
        assert row(first) == row(second)


@pytest.mark.django_db
def test_a_replayed_day_changes_nothing() -> None:
    shipment = makers.labelled()
    take(shipment, DAY)
    before, events, scans = row(shipment), Event.objects.count(), Scan.objects.count()
    take(shipment, DAY)
    for one in reversed(DAY):
        take(shipment, [one])
    assert (row(shipment), Event.objects.count(), Scan.objects.count()) == (before, events, scans)


@pytest.mark.django_db
def test_a_pushed_delivery_waits_and_an_asked_one_is_believed() -> None:
    """E19: nobody signs these pushes."""
    shipment = makers.labelled()
    take(shipment, [seen("out_for_delivery", 1), seen("delivered", 2)], "push")
    assert row(shipment)["status"] == "out_for_delivery"
    assert row(shipment)["flags"] == ["delivered_unconfirmed"]
    take(shipment, [seen("delivered", 2, taken_by="Priya")], "track")
    found = Shipment.objects.get(pk=shipment.pk)
    assert (found.status, found.flags, found.private()["deliveredTo"]) == ("delivered", [], "Priya")
    assert [entry[0] for entry in row(shipment)["journey"]] == ["out_for_delivery", "delivered"], "shown once"


@pytest.mark.django_db
def test_a_hand_over_nobody_noted_is_caught_up_with() -> None:
    shipment = makers.labelled()
    take(shipment, [seen("out_for_delivery", 9)])
    steps = Event.objects.filter(subject_id=shipment.pk.hex).exclude(to_state="").order_by("id").values_list("to_state", flat=True)
    assert list(steps) == ["booked", "labelled", "shipped", "out_for_delivery"]


@pytest.mark.django_db
def test_an_unknown_code_is_kept_flagged_and_answered_by_a_person() -> None:
    shipment = makers.labelled()
    take(shipment, [seen("", code="ZZ-9")])
    assert (row(shipment)["status"], row(shipment)["flags"]) == ("labelled", ["unknown_code"])
    assert Event.objects.get(kind="shipment.scan_unknown").facts["codes"] == ["ZZ-9"]
    with operation("test.answer", actor=shelves.ASHA, stream=shipment.stream) as op:
        parcels.answer_flags(op, shipment_id=shipment.pk, note="a hub's own code")
    assert row(shipment)["is_flagged"] is False
    take(shipment, [seen("in_transit", 2)])
    assert row(shipment)["flags"] == [], "quiet until something new is strange"
    take(shipment, [seen("", 3, code="ZZ-9")])
    assert row(shipment)["flags"] == ["unknown_code"]


@pytest.mark.django_db
def test_a_cancelled_parcel_that_travels_is_flagged() -> None:
    shipment = makers.labelled()
    with operation("test.cancel", actor=shelves.ASHA, stream=shipment.stream) as op:
        parcels.cancel(op, shipment_id=shipment.pk)
    take(shipment, [seen("in_transit")])
    assert (row(shipment)["status"], row(shipment)["flags"]) == ("cancelled", ["contradicted"])


@pytest.mark.django_db
def test_an_attempt_by_hand_has_its_reason_and_next_step() -> None:
    shipment = makers.labelled()
    with operation("test.attempt", actor=shelves.ASHA, stream=shipment.stream) as op:
        parcels.attempt(op, shipment_id=shipment.pk, reason="address", next_step="call_customer")
    assert {name: row(shipment)[name] for name in ("status", "attempts", "attempt_reason", "next_step")} == {
        "status": "attempted", "attempts": 1, "attempt_reason": "address", "next_step": "call_customer",
    }
    take(shipment, [seen("out_for_delivery", 24 * 365 * 100)])
    assert row(shipment)["next_step"] == "", "it is under way again"


@pytest.mark.django_db
@pytest.mark.parametrize("wish", [{"reason": "gone fishing"}, {"reason": "address", "next_step": "pray"}])
def test_an_attempt_needs_words_we_know(wish: dict[str, Any]) -> None:
    shipment = makers.labelled()
    with pytest.raises(parcels.UnknownReason), operation("test.attempt", actor=shelves.ASHA, stream=shipment.stream) as op:
        parcels.attempt(op, shipment_id=shipment.pk, **wish)
    assert row(shipment)["status"] == "labelled"


@pytest.mark.django_db
def test_delivered_by_hand_and_then_scanned_keeps_the_first_time_and_is_quiet() -> None:
    shipment = makers.labelled()
    take(shipment, [seen("out_for_delivery", 1)])
    with operation("test.deliver", actor=shelves.ASHA, stream=shipment.stream) as op:
        parcels.deliver(op, shipment_id=shipment.pk, at=NOON + timedelta(hours=5))
    take(shipment, [seen("delivered", 4)], "push")
    assert row(shipment)["delivered_at"] == NOON + timedelta(hours=5)
    take(shipment, [seen("delivered", 4)], "track")
    assert (row(shipment)["delivered_at"], row(shipment)["flags"]) == (NOON + timedelta(hours=4), [])
    with pytest.raises(parcels.JourneyEnded), operation("test.scan", actor=shelves.ASHA, stream=shipment.stream) as op:
        parcels.scan(op, shipment_id=shipment.pk, status="in_transit")


@pytest.mark.django_db
@pytest.mark.parametrize("meaning", ["in_transit", "out_for_delivery", "attempted"])
def test_the_same_seen_again_later_is_a_further_sighting_and_no_conflict(meaning: str) -> None:
    shipment = makers.labelled()
    take(shipment, [seen("picked_up"), seen(meaning, 1, place="Pune")])
    take(shipment, [seen(meaning, 30, place="Nashik")])
    found = row(shipment)
    assert (found["status"], found["attempts"]) == (meaning, 2 if meaning == "attempted" else 0)
    assert len(found["journey"]) == 3
