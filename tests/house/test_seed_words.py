"""Copies of an order say their events exactly as the door itself would have written them."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest

from config.seeding import many, patterns
from orders.analytics import rebuild
from orders.models import Order
from tests.thorough import THOROUGH
from timeline.models import Event, Target
from timeline.operations import canonical_bytes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.skipif(not THOROUGH, reason="lives two dozen orders: make test-postgres")]


def test_a_copys_events_are_those_the_door_would_have_written() -> None:
    """Canonical bytes made anew of the rows, as the writer makes them; ids are UUIDv7; the counts are right as they come."""
    list(many.seed(orders=60, days=30, chance=3))
    copies = Event.objects.filter(stream__in=Order.objects.filter(person__in=_strangers()).values("stream_id"))
    assert copies.count() > 500
    about: dict[int, list[tuple[str, str, str]]] = {}
    for target in Target.objects.filter(event__in=copies).order_by("id"):
        about.setdefault(target.event_id, []).append((target.type, target.target_id, target.name))
    for event in copies:
        assert canonical_bytes(event, about[event.pk]) == bytes(event.canonical), event
        assert hashlib.sha256(b"\0" + bytes(event.canonical)).digest() == bytes(event.leaf_hash)
        assert UUID(hex=event.subject_id).version == 7
    assert not rebuild.compare()


def _strangers() -> list[UUID]:
    return [event.subject_uuid for event in Event.objects.filter(operation="seed.person")]


@pytest.mark.postgres
def test_two_processes_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each its own batches, no number twice, the counts right, and as many goods as the orders take, however few there were."""
    monkeypatch.setattr(patterns, "SHELF_UNITS", 60)
    told = list(many.seed(orders=300, days=30, chance=4, workers=2))
    assert told[-1][0] == 300
    assert Order.objects.filter(number__startswith="ORD-").count() == 324
    assert not rebuild.compare()
