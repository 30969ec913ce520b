"""What is owed at the end of a business day, item by item: not due yet, explained by a case, or unexplained."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Max, Min, Sum

from orders.models import Case
from orders.reconciliation.difference import CHUNK, settled_by, start_of
from payments import journal
from payments.models import BankLine, Posting, RemittanceLine, Settlement, SettlementLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ITEMS_AT_ONCE = 500
ACCOUNTS = (
    journal.GATEWAY_RECEIVABLE, journal.SETTLEMENT_TRANSIT, journal.COD_RECEIVABLE, journal.DISPUTES_HELD, journal.SUSPENSE,
)
_CAUSES: dict[str, tuple[str, ...]] = {
    journal.GATEWAY_RECEIVABLE: (
        "settlement_line_missing", "settlement_amount_differs", "capture_missed", "dispute_open", "dispute_lost",
    ),
    journal.SETTLEMENT_TRANSIT: ("bank_line_missing", "bank_amount_differs", "settlement_amount_differs"),
    journal.COD_RECEIVABLE: ("cod_short", "cod_over", "cod_not_remitted"),
    journal.DISPUTES_HELD: ("dispute_open",),
    journal.SUSPENSE: ("settlement_line_doubled", "settlement_line_foreign", "capture_missed", "cod_foreign", "fee_changed"),
}


def of_day(day: date, *, explained_until: datetime | None) -> list[dict[str, Any]]:
    """Each account of money on its way: its balance, how much is not due yet, and how much no resolved case explains.

    Of a closed day the cases of its closing explain, whatever became of them since.
    """
    newest = _Newest(day)
    found = []
    for account in ACCOUNTS:
        sums = {"balance": 0, "notDue": 0, "explained": 0, "unexplained": 0}
        for batch in _items(account, day):
            waits = {ref for ref, _, first in batch if newest.waits(account, ref, first)}
            late = [ref for ref, _, _ in batch if ref not in waits]
            explained = _explained(account, late, day, explained_until)
            for ref, amount_minor, _ in batch:
                sums["balance"] += amount_minor
                if ref in waits:
                    sums["notDue"] += amount_minor
                elif ref in explained:
                    sums["explained"] += amount_minor
                else:
                    sums["unexplained"] += abs(amount_minor)
        found.append({"account": account, **sums})
    return found


class _Newest:
    """How far the others' statements reached by the end of a day: what they do not cover yet is not late."""

    def __init__(self, day: date) -> None:
        end = start_of(day + timedelta(days=1))
        self.day = day
        booked = SettlementLine.objects.filter(booked_at__lt=end)
        self.settlement = booked.aggregate(day=Max("settlement__day"))["day"] or date.min
        self.bank = BankLine.objects.filter(booked_at__lt=end).aggregate(day=Max("day"))["day"] or date.min
        self.remitted = set(
            RemittanceLine.objects.filter(remittance__booked_at__lt=end, payment__isnull=False).values_list("payment_id", flat=True)
        )
        self.payouts = dict(Settlement.objects.values_list("gateway_settlement_id", "day"))

    def waits(self, account: str, ref: str, first: date) -> bool:
        """Whether an item that was booked on `first` is not due by now."""
        rule: dict[str, Callable[[], bool]] = {
            journal.GATEWAY_RECEIVABLE: lambda: settled_by(first) >= self.settlement,
            journal.SETTLEMENT_TRANSIT: lambda: settled_by(self.payouts.get(ref, first), 1) >= self.bank,
            journal.COD_RECEIVABLE: lambda: ref not in self._handed() and first + timedelta(days=settings.COD_DAYS) >= self.day,
        }
        return account in rule and rule[account]()

    def _handed(self) -> set[str]:
        return {pk.hex for pk in self.remitted if pk is not None}


def _items(account: str, day: date) -> Iterator[list[tuple[str, int, date]]]:
    rows = (
        Posting.objects.filter(account=account, entry__day__lte=day).values("ref")
        .annotate(sum=Sum("amount_minor"), first=Min("entry__day")).exclude(sum=0).order_by("ref")
    )
    batch: list[tuple[str, int, date]] = []
    for row in rows.iterator(CHUNK):
        batch.append((row["ref"], int(row["sum"]), row["first"]))
        if len(batch) == ITEMS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _explained(account: str, refs: list[str], day: date, until: datetime | None) -> set[str]:
    """The items for which there is a resolved case; of a closed day, one that was there when it was closed."""
    if not refs:
        return set()
    names = _names(account, refs)
    roots = {f"{cause}:{name}": ref for ref, known in names.items() for name in known for cause in _CAUSES[account]}
    cases = Case.objects.filter(root__in=list(roots), day__lte=day)
    cases = cases.filter(opened_at__lte=until) if until is not None else cases.filter(status=Case.Status.RESOLVED)
    return {roots[root] for root in cases.values_list("root", flat=True)}


def _names(account: str, refs: Iterable[str]) -> dict[str, set[str]]:
    """What a case about an item may be known by."""
    names: dict[str, set[str]] = defaultdict(set)
    for ref in refs:
        names[ref].add(ref)
    if account == journal.SUSPENSE:
        for entity, pk in SettlementLine.objects.filter(entity_id__in=list(names)).values_list("entity_id", "pk"):
            names[entity].add(pk.hex)
        for number, pk in RemittanceLine.objects.filter(tracking_number__in=list(names)).values_list("tracking_number", "pk"):
            names[number].add(pk.hex)
    return names


