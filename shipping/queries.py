"""Reads of parcels: lists for staff and sweeps, and the journey as it is shown."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Q

from shipping.models import Scan, Shipment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date


NUMBERS_MAX = 500
QUIET_AFTER = timedelta(hours=6)
QUIET_AFTER_OUT = timedelta(hours=2)
QUIET_FOR_MAX = timedelta(days=60)
UNDER_WAY = (*Shipment.MOVING, Shipment.Status.RETURNING)


def plain(carrier: str) -> str:
    """A carrier's name as it is compared: `Blue Dart`, `bluedart` and `BLUE-DART` are one."""
    return re.sub(r"[^a-z0-9]", "", carrier.casefold())


def numbered(carrier: str, numbers: Iterable[str]) -> list[Shipment]:
    """This carrier's parcels of these numbers; a number it gave to somebody else's parcel finds nothing. One statement."""
    wanted = sorted(set(numbers))[:NUMBERS_MAX]
    rows = Shipment.objects.filter(tracking_number__in=wanted).order_by("created_at", "id")
    return [row for row in rows if plain(row.carrier) == plain(carrier)]


def journey(scans: Iterable[Scan]) -> list[Scan]:
    """The sightings as they are shown: by time, a delivery that was pushed and then confirmed once."""
    every = list(scans)
    keys = {scan.source_key for scan in every}
    shown = [scan for scan in every if scan.is_confirmed or f"{scan.source_key}:c" not in keys]
    return sorted(shown, key=lambda scan: (scan.at, scan.code, scan.source_key))


def late(today: date) -> Q:
    """Parcels to customers whose promised day is over and which have not arrived."""
    return Q(
        status__in=[Shipment.Status.LABELLED, *Shipment.MOVING], promised_on__lt=today, direction=Shipment.Direction.FORWARD
    )


def is_late(shipment: Shipment, today: date) -> bool:
    """The same, of one parcel."""
    waits = (Shipment.Status.LABELLED, *Shipment.MOVING)
    is_due = shipment.promised_on is not None and shipment.promised_on < today
    return is_due and not shipment.is_reverse and shipment.status in waits


def quiet(*, now: datetime, carriers: Sequence[str], limit: int) -> list[Shipment]:
    """Parcels of these carriers nobody has heard of for some hours, those longest unasked first. One statement.

    A parcel out for delivery is asked about sooner; so is one said to be delivered. One that is silent for two months is left to a
    person.
    """
    due = Q(status=Shipment.Status.OUT_FOR_DELIVERY) | Q(is_flagged=True)
    since = now - QUIET_AFTER_OUT
    long = now - QUIET_AFTER
    rows = (
        Shipment.objects.filter(Q(status__in=UNDER_WAY) | Q(status=Shipment.Status.LABELLED, labelled_at__lt=long))
        .exclude(tracking_number="")
        .filter(labelled_at__gt=now - QUIET_FOR_MAX, carrier__in=carriers)
        .filter(
            Q(due, Q(tracked_at=None) | Q(tracked_at__lt=since)) & (Q(seen_at=None) | Q(seen_at__lt=since) | Q(is_flagged=True))
            | (Q(tracked_at=None) | Q(tracked_at__lt=long)) & (Q(seen_at=None) | Q(seen_at__lt=long))
        )
    )
    return list(rows.order_by(F("tracked_at").asc(nulls_first=True), "labelled_at", "id")[:limit])
