"""What a person asks about their own data, and what is done about it (B95, Z10)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from inventory import operations as stock
from orders import locks
from orders.models import (
    ArchivePart,
    Case,
    Checkout,
    CheckoutLine,
    DataRequest,
    Line,
    Order,
    Person,
    PersonToken,
    RiskTrace,
)
from orders.operations import keeping, people
from timeline import erasing, vault
from timeline.errors import Gone, Missing, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from timeline.erasing import Erased
    from timeline.operations import Operation

LOOK_AGAIN = timedelta(minutes=5)
SWEEP_EVERY = timedelta(days=1)
PART_BYTES = 1024 * 1024


class StillNeeded(Refused):
    """Something still needs this person's data; the erasure is kept and done as soon as nothing does."""


class NotOpen(Refused):
    """This request has ended."""


class NotReady(Gone):
    """There is no archive to fetch: it is not ready yet, or its time is over."""


def ask(op: Operation, *, person_id: UUID, kind: str) -> DataRequest:
    """Keep the request; one of a kind that is open already stays the one. Raises Missing, PersonErased, GuestSignedIn."""
    op.open_stream(str(person_id))
    person = locks.person(person_id)
    people.require_own(person)
    known = DataRequest.objects.filter(person=person, kind=kind, status__in=DataRequest.OPEN).first()

    if known is not None:
        return known
    if person.erased_at is not None:
        raise vault.PersonErased

    request = DataRequest(
        id=op.new_id(), person=person, kind=kind, asked_at=op.now, asked_by_type=op.actor.type, asked_by_id=op.actor.id, due_at=op.now,
    )
    begin(
        op, request, "privacy.requested", stream=str(person_id), targets=[("customer", person_id)],
        facts={"request_id": request.pk, "wish": kind},
    )
    return request


def withdraw(op: Operation, *, request_id: UUID) -> DataRequest:
    """The person thought better of it. Raises Missing, NotOpen."""
    request = _open(request_id)
    advance(op, request.withdraw, at=op.now, **_about(request))
    return request


def put_off(op: Operation, *, request_id: UUID, reasons: Sequence[keeping.Reason]) -> DataRequest:
    """Say why an erasure waits, and look again in a while."""
    request = _open(request_id)
    codes = sorted({reason.code for reason in reasons})
    if request.status == DataRequest.Status.ASKED:
        advance(op, request.wait, due_at=op.now + LOOK_AGAIN, codes=", ".join(codes), **_about(request))
    request.reasons = [reason.facts() for reason in reasons]
    request.due_at = op.now + LOOK_AGAIN
    DataRequest.objects.filter(pk=request.pk).update(reasons=request.reasons, due_at=request.due_at)
    return request


def look_again(op: Operation, *, request_id: UUID) -> None:
    """Try it once more in a while, wherever the request stands: what was in the way is not the person's."""
    DataRequest.objects.filter(pk=request_id).update(due_at=op.now + LOOK_AGAIN)


def erase(op: Operation, *, request_id: UUID, erased: Erased, found: dict[str, Sequence[Any]]) -> DataRequest:
    """Destroy the person's key and empty what others keep (`timeline.erasing.find`). Raises StillNeeded, NotOpen, Missing."""
    person = locks.person(erased.person_id)
    request = _open(request_id)
    why = keeping.reasons(person, now=op.now)
    if why:
        raise StillNeeded(reasons=[reason.facts() for reason in why])

    forget(op, person=person, erased=erased, found=found)
    advance(op, request.fulfil, at=op.now, due_at=op.now + SWEEP_EVERY, **_about(request))
    return request


def forget(op: Operation, *, person: Person, erased: Erased, found: dict[str, Sequence[Any]]) -> None:
    """Erase a locked person, whether or not anybody asked: what a restored backup brought back is erased anew by it."""
    whole = _whole(op, person)
    counts = _empty(op, whole, erased, found)
    _end_requests(op, whole)
    op.record(
        person, "person.erased", stream=str(person.pk), facts={"orders": Order.objects.filter(person__in=whole).count(), "emptied": counts},
        targets=[("customer", person.pk)],
    )
    for one in whole:
        if one.erased_at is None:
            vault.destroy(op, one.key)
    PersonToken.objects.filter(person__in=whole).delete()
    RiskTrace.objects.filter(person__in=whole).delete()
    Order.objects.filter(person__in=whole).update(city_token=None, pin_token=None)
    Person.objects.filter(pk__in=[one.pk for one in whole], erased_at=None).update(sealed=None, erased_at=op.now)
    person.erased_at = op.now


def forget_again(op: Operation, *, person_id: UUID, erased: Erased, found: dict[str, Sequence[Any]]) -> None:
    """Erase somebody whom a restored backup brought back; what they had asked for is fulfilled with it."""
    person = locks.person(person_id)
    if person.erased_at is not None:
        return
    forget(op, person=person, erased=erased, found=found)
    for request in DataRequest.objects.filter(person=person, kind=DataRequest.Kind.ERASURE, status__in=DataRequest.OPEN):
        advance(op, request.fulfil, at=op.now, due_at=op.now + SWEEP_EVERY, **_about(request))
        DataRequest.objects.filter(pk=request.pk).update(noted_at=op.now)


def sweep(op: Operation, *, request_id: UUID, erased: Erased, found: dict[str, Sequence[Any]], until: datetime) -> int:
    """Empty what came about an erased person since: late notices name them again. Returns how many there were."""
    person = locks.person(erased.person_id)
    request = locks.data_request(request_id)
    counts = _empty(op, _whole(op, person), erased, found)
    if counts:
        op.record(person, "person.swept", stream=str(person.pk), facts={"emptied": counts}, targets=[("customer", person.pk)])
    due_at = op.now + SWEEP_EVERY
    DataRequest.objects.filter(pk=request.pk).update(due_at=due_at if due_at < until else None, erased_again_at=op.now)
    return sum(counts.values())


def note_erasure(op: Operation, *, request_id: UUID) -> None:
    """It stands in the file that restored backups are held against."""
    DataRequest.objects.filter(pk=request_id, noted_at=None).update(noted_at=op.now)


def hand_over(op: Operation, *, request_id: UUID, parts: Iterable[bytes], lasts: timedelta) -> DataRequest:
    """Keep the archive, sealed piece by piece, for so long. Raises NotOpen, Missing, PersonErased."""
    request = _open(request_id)
    key = locks.person(request.person_id).key
    size = 0
    for number, data in enumerate(parts):
        part = ArchivePart(request=request, number=number)
        part.sealed = vault.seal_bytes(key, part.context, data)
        part.save(force_insert=True)
        size += len(data)
    advance(op, request.hand_over, at=op.now, expires_at=op.now + lasts, size=size, **_about(request))
    return request


def fetch(op: Operation, *, request_id: UUID) -> DataRequest:
    """Somebody takes the archive: that is recorded. Raises NotReady, Missing."""
    request = locks.data_request(request_id)
    if request.status != DataRequest.Status.READY or request.expires_at is None or request.expires_at <= op.now:
        raise NotReady
    request.downloads += 1
    DataRequest.objects.filter(pk=request.pk).update(downloads=request.downloads)
    op.record(
        request, "privacy.archive_fetched", stream=str(request.person_id), targets=[("customer", request.person_id)],
        facts={"request_id": request.pk, "downloads": request.downloads},
    )
    return request


def take_back(op: Operation, *, request_id: UUID) -> DataRequest:
    """The archive's time is over, or it is taken back before. Raises NotReady, Missing."""
    request = locks.data_request(request_id)
    if request.status != DataRequest.Status.READY:
        raise NotReady
    advance(op, request.expire, at=op.now, **_about(request))
    ArchivePart.objects.filter(request=request).delete()
    return request


def _whole(op: Operation, person: Person) -> list[Person]:
    """The person and the guests they were, under their locks: what a guest had is sealed under the guest's own key."""
    guests = sorted(person.guests.values_list("pk", flat=True))
    for pk in guests:
        op.open_stream(str(pk))
    return [person, *(locks.person(pk) for pk in guests)]


def _end_requests(op: Operation, whole: Sequence[Person]) -> None:
    """Nothing is left to hand over, and who had asked for an erasure as a guest is erased with it."""
    _, *guests = whole
    for handed in DataRequest.objects.filter(person__in=whole, kind=DataRequest.Kind.ACCESS):
        if handed.is_open:
            advance(op, handed.withdraw, at=op.now, **_about(handed))
        elif handed.status == DataRequest.Status.READY:
            advance(op, handed.expire, at=op.now, **_about(handed))
    for asked in DataRequest.objects.filter(person__in=guests, kind=DataRequest.Kind.ERASURE, status__in=DataRequest.OPEN):
        advance(op, asked.fulfil, at=op.now, due_at=op.now + SWEEP_EVERY, **_about(asked))


def _empty(op: Operation, whole: Sequence[Person], erased: Erased, found: dict[str, Sequence[Any]]) -> dict[str, int]:
    """Of this app what is no key's, and the carts that could go on; then what the others keep."""
    for cart in Checkout.objects.filter(person__in=whole, status__in=Checkout.GOING_ON):
        op.open_stream(str(cart.pk))
        stock.release(op, stream=str(cart.pk))
        advance(op, cart.expire, stream=str(cart.pk), at=op.now)
    counts = {
        "choices": Line.objects.filter(order__person__in=whole).exclude(metadata={}).update(metadata={})
        + CheckoutLine.objects.filter(checkout__person__in=whole).exclude(metadata={}).update(metadata={}),
        "case_notes": Case.objects.filter(order__person__in=whole).exclude(sealed=None).update(sealed=None),
        "archives": ArchivePart.objects.filter(request__person__in=whole).delete()[0],
    }
    return {name: count for name, count in counts.items() if count} | erasing.empty(op, erased, found)


def _open(request_id: UUID) -> DataRequest:
    request = locks.data_request(request_id)
    if not request.is_open:
        raise NotOpen(status=str(request.status))
    return request


def _about(request: DataRequest) -> dict[str, Any]:
    return {
        "stream": str(request.person_id), "targets": [("customer", request.person_id)], "request_id": request.pk,
        "wish": str(request.kind),
    }


def named(request_id: UUID, *, person_id: UUID | None = None) -> DataRequest:
    """One request; with `person_id` only if it is theirs. Raises Missing. One statement."""
    mine = {} if person_id is None else {"person_id": person_id}
    found = DataRequest.objects.select_related("person__key").filter(pk=request_id, **mine).first()
    if found is None:
        raise Missing
    return found
