"""Cases: differences written down, explained, put off; and the runs that find them.

Note [One case a difference]
    Differences are written in batches under one lock (`STREAM`), so two runs at once make one case of each; the unique key
    stands behind it. A case is reopened when its difference is back, or is of another amount than was explained. A closed
    day is never touched: what comes back after its day was closed is a case of its own on the first day that is open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from orders import locks
from orders.models import Case, Order
from payments import journal
from payments.models import ClosedDay
from timeline import vault
from timeline.errors import Invalid, Refused
from timeline.transitions import advance, begin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from timeline.models import Event
    from timeline.operations import Operation

STREAM = "reconciliation"
CLEARED, EXPLAINED = "cleared", "explained_itself"
# The reasons a person may give; the system gives its own two besides.
RESOLUTIONS = ("corrected", "written_off", "claimed", "expected", "not_ours", "duplicate_of_other", "other")
SNOOZE_DAYS_MAX = 30
NOTE_CHARS_MAX = 2000


class AlreadyResolved(Refused):
    """This case is resolved; there is nothing left to explain."""


class TooLong(Invalid):
    """A case may be put off for thirty days at most, and only into the future."""


class AboveLimit(Refused):
    """This adjustment is above what one person may book alone."""


@dataclass(frozen=True, slots=True)
class Found:
    """One difference as a check found it, with what its cause says about it."""

    root: str
    kind: str
    cause: str
    owner: str
    severity: str
    amount_minor: int
    currency: str
    fact_day: date
    stream: str
    order_id: UUID | None
    ours: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, Any] = field(default_factory=dict)
    is_explained: bool = False


def write(op: Operation, *, found: Sequence[Found]) -> list[str]:
    """Write a batch of differences down; the roots of those that are open and new. Note [One case a difference]."""
    op.open_stream(STREAM)
    known = _known([row.root for row in found])
    orders = set(Order.objects.filter(pk__in={row.order_id for row in found if row.order_id}).values_list("pk", flat=True))
    closed = _last_closed()
    opened = []
    same: list[UUID] = []
    for row in found:
        case = known.get(row.root)
        if case is None:
            _open(op, row, order_id=row.order_id if row.order_id in orders else None, closed=closed)
            opened.append(row.root)
        elif _meet(op, row, case, closed=closed):
            opened.append(row.root)
        else:
            same.append(case.pk)
    Case.objects.filter(pk__in=same).update(seen_at=op.now, is_present=True)
    return opened


def clear(op: Operation, *, case_ids: Iterable[UUID], unseen_since: datetime) -> int:
    """The differences of these cases are gone: what was open is resolved as cleared; returns how many were.

    What another run has met meanwhile is left alone.
    """
    op.open_stream(STREAM)
    cleared = 0
    for case in Case.objects.filter(pk__in=list(case_ids), seen_at__lt=unseen_since):
        if case.status == Case.Status.OPEN:
            op.open_stream(case.story)
            _resolve(op, case, resolution=CLEARED)
            cleared += 1
        Case.objects.filter(pk=case.pk).update(is_present=False)
    return cleared


def resolve(op: Operation, *, case_id: UUID, resolution: str, note: str = "") -> Case:
    """Explain a case, with a reason and in words. Raises AlreadyResolved, Missing."""
    case = locks.case(case_id)
    if case.status != Case.Status.OPEN:
        raise AlreadyResolved
    _resolve(op, case, resolution=resolution, note=note)
    return case


def snooze(op: Operation, *, case_id: UUID, until: datetime) -> Case:
    """Put a case off; it still keeps its day from being closed. Raises AlreadyResolved, TooLong, Missing."""
    case = locks.case(case_id)
    if case.status != Case.Status.OPEN:
        raise AlreadyResolved
    if not op.now < until <= op.now + timedelta(days=SNOOZE_DAYS_MAX):
        raise TooLong
    op.record(case, "case.snoozed", stream=case.story, facts={"cause": case.cause, "until": until.date()}, targets=_targets(case))
    Case.objects.filter(pk=case.pk).update(snoozed_until=until)
    case.snoozed_until = until
    return case


def adjust(op: Operation, *, case_id: UUID, debit: str, credit: str, amount_minor: int, limit_minor: int) -> Event:
    """Book what a case's difference means: `amount_minor` from one account to another. Raises AboveLimit, AlreadyResolved."""
    case = locks.case(case_id)
    if case.status != Case.Status.OPEN:
        raise AlreadyResolved
    if abs(amount_minor) > limit_minor:
        raise AboveLimit(f"At most {limit_minor} may be booked alone; ask finance to book it in the ledger.", limit=limit_minor)
    facts = {"cause": case.cause, "amount_minor": amount_minor, "debit": debit, "credit": credit, "currency": case.currency}
    event = op.record(case, "adjustment.made", stream=case.story, facts=facts, targets=_targets(case))
    ref = _reference(case)
    story = case.stream or case.story
    journal.post(
        op, event,
        [journal.Line(debit, amount_minor, ref=ref, stream=story), journal.Line(credit, -amount_minor, ref=ref, stream=story)],
        currency=case.currency,
    )
    return event


def _open(
    op: Operation, row: Found, *, order_id: UUID | None, closed: date | None, again: bool = False
) -> Case:
    day = _open_day(row.fact_day, closed)
    case = Case(
        id=op.new_id(), key=f"{row.root}@{day}" if again else row.root, root=row.root, kind=row.kind, cause=row.cause,
        owner=row.owner, severity=row.severity, amount_minor=row.amount_minor, currency=row.currency, day=day,
        fact_day=row.fact_day, stream=row.stream[:64], order_id=order_id, ours=dict(row.ours), theirs=dict(row.theirs),
        seen_at=op.now, opened_at=op.now,
    )
    op.open_stream(case.story)
    begin(op, case, "case.opened", stream=case.story, facts=_facts(case), targets=_targets(case))
    if row.is_explained:
        _resolve(op, case, resolution=EXPLAINED)
    return case


def _meet(op: Operation, row: Found, case: Case, *, closed: date | None) -> bool:
    """A difference that is known; whether it is open anew."""
    is_same = bool(case.is_present and case.amount_minor == row.amount_minor)
    if case.status == Case.Status.RESOLVED and (is_same or row.is_explained):
        return False
    if case.status == Case.Status.RESOLVED and closed is not None and case.day <= closed:
        _open(op, row, order_id=case.order_id, closed=closed, again=True)
        return True
    op.open_stream(case.story)
    is_back = case.status == Case.Status.RESOLVED
    if case.amount_minor != row.amount_minor and not is_back:
        case.amount_minor = row.amount_minor
        op.record(case, "case.changed", stream=case.story, facts=_facts(case), targets=_targets(case))
    if is_back:
        case.amount_minor = row.amount_minor
        advance(op, case.reopen, stream=case.story, targets=_targets(case), **_facts(case))
    elif row.is_explained:
        _resolve(op, case, resolution=EXPLAINED)
    Case.objects.filter(pk=case.pk).update(
        amount_minor=row.amount_minor, ours=dict(row.ours), theirs=dict(row.theirs), seen_at=op.now, is_present=True
    )
    return bool(is_back)


def _resolve(op: Operation, case: Case, *, resolution: str, note: str = "") -> None:
    private = {"note": note} if note else None
    advance(
        op, case.resolve, stream=case.story, targets=_targets(case), private=private, resolution=resolution, at=op.now,
        person=case.order.person.key if private and case.order is not None else None,
        by=f"{op.actor.type}:{op.actor.id}", **_facts(case),
    )
    if note:
        case.sealed = vault.seal(vault.house_key(), case.story, {"note": note})
        Case.objects.filter(pk=case.pk).update(sealed=case.sealed)


def _known(roots: list[str]) -> dict[str, Case]:
    """The newest case of each difference."""
    newest = Case.objects.filter(root__in=roots).values("root").annotate(newest=Max("opened_at")).order_by()
    opened = {row["root"]: row["newest"] for row in newest}
    cases = Case.objects.filter(root__in=roots)
    return {case.root: case for case in cases if case.opened_at == opened[case.root]}


def _open_day(day: date, closed: date | None) -> date:
    """The day a difference counts on: its own, or once that is closed the next one to be closed."""
    return day if closed is None or day > closed else closed + timedelta(days=1)


def _last_closed() -> date | None:
    newest = ClosedDay.objects.order_by("-day").first()
    return newest.day if newest else None


def _targets(case: Case) -> list[tuple[str, UUID]]:
    return [("order", case.order_id)] if case.order_id else []


def _facts(case: Case) -> dict[str, Any]:
    return {"cause": case.cause, "amount_minor": case.amount_minor, "currency": case.currency}


def _reference(case: Case) -> str:
    """What the adjustment is matched by: the thing the difference is about."""
    return case.root.partition(":")[2].partition(":")[0][:64]
