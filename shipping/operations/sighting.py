"""What was seen of a parcel, kept and followed: the state comes from the set of all sightings, never from their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipping import locks
from shipping import sightings as words
from shipping.models import Scan, Shipment
from shipping.operations import parcels
from shipping.projection import CONTRADICTED, DELIVERED_UNCONFIRMED, FLAGS, Projection, Seen, project, route
from timeline.errors import Invalid, Refused
from timeline.transitions import advance

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from uuid import UUID

    from shipping.sightings import Sighting
    from timeline.operations import Operation

SIGHTINGS_MAX = 500
CODES_SAID_MAX = 20
BY_HAND = (
    words.PICKED_UP, words.IN_TRANSIT, words.OUT_FOR_DELIVERY, words.ATTEMPTED, words.DELIVERED, words.RETURNING,
)
_BELIEVED = frozenset({Scan.Source.TRACK, Scan.Source.HAND})
_DEAD = (Shipment.Status.CANCELLED, Shipment.Status.LOST)


class JourneyEnded(Refused):
    """The journey of this parcel has ended; nothing more is seen of it."""


class NotInDoubt(Refused):
    """Nothing about this parcel waits for a person's word."""


class UnknownReason(Invalid):
    """Why it was not delivered is one of the reasons, what is next one of the next steps."""


def sight(
    op: Operation, *, shipment_id: UUID, sightings: Iterable[Sighting], source: str, estimated_delivery: date | None = None
) -> Shipment:
    """Keep what was seen and bring the parcel to what all sightings say together; a sighting known already changes nothing.

    A delivery is believed when the carrier was asked (`track`) or a person says it (`hand`), not when it was pushed.
    """
    shipment = locks.shipment(shipment_id)

    fresh = _keep(shipment, list(sightings)[:SIGHTINGS_MAX], source)
    if estimated_delivery is not None and estimated_delivery != shipment.estimated_delivery:
        shipment.estimated_delivery = estimated_delivery
        Shipment.objects.filter(pk=shipment.pk).update(estimated_delivery=estimated_delivery)
    if fresh:
        _follow(op, shipment, fresh, source)
    return shipment


def scan(
    op: Operation, *, shipment_id: UUID, status: str, at: datetime | None = None, code: str = "", place: str = "", reason: str = "",
    taken_by: str = "",
) -> Shipment:
    """A person notes what was seen of the parcel. Raises JourneyEnded, UnknownReason."""
    shipment = locks.shipment(shipment_id)

    if shipment.status in (*_DEAD, Shipment.Status.DELIVERED, Shipment.Status.RETURNED):
        raise JourneyEnded(status=str(shipment.status))
    if reason and reason not in words.REASONS:
        raise UnknownReason(errors=[("#/reason", f"One of these: {', '.join(words.REASONS)}.")])
    said = words.sighting(
        tracking_number=shipment.tracking_number, code=code or status, meaning=status, at=at or op.now, place=place, reason=reason,
        taken_by=taken_by,
    )
    return sight(op, shipment_id=shipment_id, sightings=[said], source=Scan.Source.HAND)


def attempt(
    op: Operation, *, shipment_id: UUID, reason: str, next_step: str = "", at: datetime | None = None, place: str = ""
) -> Shipment:
    """The parcel was not taken in: why, and what is next. Raises JourneyEnded, UnknownReason."""
    if next_step and next_step not in words.NEXT_STEPS:
        raise UnknownReason(errors=[("#/nextStep", f"One of these: {', '.join(words.NEXT_STEPS)}.")])
    shipment = scan(op, shipment_id=shipment_id, status=words.ATTEMPTED, at=at, place=place, reason=reason or words.OTHER)
    if next_step and shipment.next_step != next_step:
        shipment.next_step = next_step
        Shipment.objects.filter(pk=shipment.pk).update(next_step=next_step)
        op.record(shipment, "shipment.next_step_set", stream=shipment.stream, facts={"next_step": next_step})
    return shipment


def answer_flags(op: Operation, *, shipment_id: UUID, note: str = "") -> Shipment:
    """A person has looked at what is flagged: it is quiet until something new is seen. Raises NotInDoubt."""
    shipment = locks.shipment(shipment_id)

    if not shipment.is_flagged:
        raise NotInDoubt

    newest = Scan.objects.filter(shipment=shipment).order_by("-pk").values_list("pk", flat=True).first() or 0
    op.record(
        shipment, "shipment.flags_answered", stream=shipment.stream, facts={"flags": shipment.flags},
        private={"note": note} if note else None, person=shipment.key if note else None,
    )
    _write(shipment, answered_scan_id=newest, flags=[], is_flagged=False)
    return shipment


def flag(op: Operation, *, shipment_id: UUID, word: str, why: str = "") -> Shipment:
    """Something about the parcel wants a person: the carrier did not take an order of ours."""
    shipment = locks.shipment(shipment_id)

    if word not in shipment.flags:
        op.record(
            shipment, "shipment.flagged", stream=shipment.stream, facts={"flags": [word]},
            private={"reason": why[:200]} if why else None, person=shipment.key,
        )
        _write(shipment, flags=sorted({*shipment.flags, word}), is_flagged=True)
    return shipment


def _keep(shipment: Shipment, sightings: list[Sighting], source: str) -> list[Sighting]:
    """Insert what is new; of a delivery the believed row stands beside the one that was only pushed."""
    believed = source in _BELIEVED
    wanted = {f"{one.key}:c" if believed and one.meaning == words.DELIVERED else one.key: one for one in sightings}
    known = set(Scan.objects.filter(shipment=shipment, source_key__in=list(wanted)).values_list("source_key", flat=True))
    fresh = {key: one for key, one in wanted.items() if key not in known}
    Scan.objects.bulk_create(
        [
            Scan(
                shipment=shipment, source_key=key, source=source, code=one.code, meaning=one.meaning, place=one.place, at=one.at,
                reason=one.reason, is_confirmed=believed,
            )
            for key, one in fresh.items()
        ]
    )
    return list(fresh.values())


def _follow(op: Operation, shipment: Shipment, fresh: list[Sighting], source: str) -> None:
    now = project(_seen(shipment))
    before = str(shipment.status)
    for verb in route(before, now.state):
        _STEPS[verb](op, shipment, now, fresh)
    if str(shipment.status) == before:
        _say(op, shipment, now, fresh, source)
    _write(shipment, **_columns(shipment, now))


def _seen(shipment: Shipment) -> list[Seen]:
    rows = Scan.objects.filter(shipment=shipment).order_by("pk")
    return [
        Seen(
            meaning=row.meaning, code=row.code, at=row.at, reason=row.reason, is_confirmed=row.is_confirmed,
            is_answered=row.pk <= shipment.answered_scan_id,
        )
        for row in rows
    ]


def _label(op: Operation, shipment: Shipment, now: Projection, fresh: list[Sighting]) -> None:
    del now, fresh
    parcels.take_on(op, shipment=shipment, labelled_elsewhere=shipment.labelled_elsewhere)


def _dispatch(op: Operation, shipment: Shipment, now: Projection, fresh: list[Sighting]) -> None:
    del fresh
    parcels.leave(op, shipment=shipment, at=now.left_at)
    _write(shipment, left_by_scan=True)


def _deliver(op: Operation, shipment: Shipment, now: Projection, fresh: list[Sighting]) -> None:
    assert now.delivered_at is not None  # noqa: S101 the projection says delivered
    taken_by = next((one.taken_by for one in fresh if one.meaning == words.DELIVERED and one.taken_by), "")
    parcels.arrive(
        op, shipment=shipment, at=now.delivered_at, delivered_to=taken_by, signature_required=shipment.signature_required,
        photo_url=shipment.photo_url, code=now.newest_code,
    )


def _bring_back(op: Operation, shipment: Shipment, now: Projection, fresh: list[Sighting]) -> None:
    del fresh
    advance(
        op, shipment.bring_back, stream=shipment.stream, tracking_number=shipment.tracking_number, code=now.newest_code,
        by=shipment.carrier,
    )


def _move(op: Operation, shipment: Shipment, now: Projection, fresh: list[Sighting]) -> None:
    del fresh
    verb = {"in_transit": shipment.move, "out_for_delivery": shipment.go_out, "attempted": shipment.attempt}[now.state]
    advance(
        op, verb, stream=shipment.stream, occurred_at=now.moved_at, scan=now.state, code=now.newest_code,
        tracking_number=shipment.tracking_number, attempts=now.attempts or None,
        reason=now.attempt_reason if now.state == words.ATTEMPTED else None,
    )


_STEPS = {
    "label": _label, "dispatch": _dispatch, "deliver": _deliver, "bring_back": _bring_back, "move": _move, "go_out": _move,
    "attempt": _move,
}


def _say(op: Operation, shipment: Shipment, now: Projection, fresh: list[Sighting], source: str) -> None:
    """Nothing moved, yet something was seen: a further hub for the customer, all else between staff and services."""
    newest = max(one.at for one in fresh)
    is_further = any(one.at == now.moved_at and one.code == now.newest_code for one in fresh)
    if is_further and now.state == shipment.status and shipment.status in Shipment.MOVING[1:]:
        _move(op, shipment, now, fresh)
        return
    strange = [one for one in fresh if one.meaning == words.UNKNOWN]
    op.record(
        shipment, "shipment.scan_unknown" if strange else "shipment.sighted", stream=shipment.stream, occurred_at=newest,
        facts={
            "codes": sorted({one.code for one in strange or fresh})[:CODES_SAID_MAX], "count": len(fresh), "source": source,
            "tracking_number": shipment.tracking_number,
            "delivered_at": now.delivered_at if now.delivered_at != shipment.delivered_at else None,
        },
    )


def _columns(shipment: Shipment, now: Projection) -> dict[str, Any]:
    """What the row says beside its state; times that people gave stay."""
    flags = {word for word in shipment.flags if word not in FLAGS} | set(now.flags)
    if shipment.status in _DEAD and now.left_at is not None and _seen_after_the_end(shipment, now):
        flags.add(CONTRADICTED)
    if shipment.status == Shipment.Status.DELIVERED:
        flags.discard(DELIVERED_UNCONFIRMED)
    found: dict[str, Any] = {
        "seen_at": now.seen_at, "attempts": now.attempts, "attempt_reason": now.attempt_reason, "flags": sorted(flags),
        "is_flagged": bool(flags),
    }
    if shipment.status != Shipment.Status.ATTEMPTED:
        found["next_step"] = ""
    elif now.attempts != shipment.attempts or not shipment.next_step:
        found["next_step"] = words.NEXT_BY_REASON.get(now.attempt_reason, words.CALL)
    if shipment.left_by_scan and now.left_at is not None:
        found["shipped_at"] = now.left_at
    if shipment.status == Shipment.Status.DELIVERED and now.delivered_at is not None:
        found["delivered_at"] = now.delivered_at
    return found


def _seen_after_the_end(shipment: Shipment, now: Projection) -> bool:
    if shipment.status == Shipment.Status.CANCELLED:
        return True
    return shipment.lost_at is not None and now.seen_at is not None and now.seen_at > shipment.lost_at


def _write(shipment: Shipment, **columns: Any) -> None:
    changed = {name: value for name, value in columns.items() if getattr(shipment, name) != value}
    if changed:
        Shipment.objects.filter(pk=shipment.pk).update(**changed)
        for name, value in changed.items():
            setattr(shipment, name, value)
