"""Payouts as people look at them: what the gateway says, what its lines sum to, and what came to the bank."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from payments.models import BankLine, Remittance, RemittanceLine, Settlement, SettlementLine
from timeline.errors import Missing

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import QuerySet

_ID = re.compile(r"[A-Za-z0-9_]{1,40}")
LATEST_FIRST = ("-day", "-id")
UNKNOWN_FIRST = (Coalesce("payment", "refund", "dispute").asc(nulls_first=True), "kind", "entity_id", "occurrence")
LINES_ORDER = ("kind", "entity_id", "occurrence", "id")


@dataclass(frozen=True, slots=True)
class Payout:
    """One settlement beside its lines and the bank; minor units. `bank_minor` is None while the bank shows nothing."""

    settlement: Settlement
    lines: int
    unmatched: int
    lines_minor: int
    fees_minor: int
    tax_minor: int
    bank_minor: int | None

    @property
    def lines_difference_minor(self) -> int:
        """What its lines sum to, less what the gateway says it paid."""
        return self.lines_minor - self.settlement.amount_minor

    @property
    def bank_difference_minor(self) -> int | None:
        """What came to the bank, less what the gateway says it paid."""
        return None if self.bank_minor is None else self.bank_minor - self.settlement.amount_minor


def payouts(*, first: date | None = None, last: date | None = None, utr: str = "") -> QuerySet[Settlement]:
    """Settlements with their sums, fit for `payout_of`; one statement however many there are."""
    lines = SettlementLine.objects.filter(settlement=OuterRef("pk")).order_by().values("settlement")
    unknown = Q(payment=None, refund=None, dispute=None)
    banked = BankLine.objects.filter(settlement=OuterRef("pk")).order_by().values("settlement")
    found = Settlement.objects.annotate(
        its_lines=Coalesce(Subquery(lines.annotate(n=Count("pk")).values("n")), 0),
        its_unmatched=Coalesce(Subquery(lines.annotate(n=Count("pk", filter=unknown)).values("n")), 0),
        its_net=Coalesce(Subquery(lines.annotate(n=Sum(F("credit_minor") - F("debit_minor"))).values("n")), 0),
        its_fees=Coalesce(Subquery(lines.annotate(n=Sum("fee_minor")).values("n")), 0),
        its_tax=Coalesce(Subquery(lines.annotate(n=Sum("tax_minor")).values("n")), 0),
        its_bank=Subquery(banked.annotate(n=Sum("amount_minor")).values("n")),
    )
    if first is not None:
        found = found.filter(day__gte=first)
    if last is not None:
        found = found.filter(day__lte=last)
    return found.filter(utr__iexact=utr) if utr else found


def payout_of(row: Any) -> Payout:
    """A row of `payouts`."""
    return Payout(
        settlement=row, lines=row.its_lines, unmatched=row.its_unmatched, lines_minor=row.its_net, fees_minor=row.its_fees,
        tax_minor=row.its_tax, bank_minor=row.its_bank,
    )


def payout(gateway_settlement_id: str) -> Payout:
    """One settlement by its id at the gateway. Raises Missing."""
    known = _ID.fullmatch(gateway_settlement_id) is not None
    row = payouts().filter(gateway_settlement_id=gateway_settlement_id).first() if known else None
    if row is None:
        raise Missing
    return payout_of(row)


def lines_of(settlement: Settlement) -> QuerySet[SettlementLine]:
    """Its lines with what they are of."""
    return SettlementLine.objects.filter(settlement=settlement).select_related("payment", "refund", "dispute")


def bank_lines(*, matched: bool | None = None) -> QuerySet[BankLine]:
    """Lines of the bank's statements; `matched` asks for those that found their payout or remittance, or did not."""
    found = BankLine.objects.select_related("settlement", "remittance")
    if matched is None:
        return found
    waiting = Q(settlement=None, remittance=None)
    return found.exclude(waiting) if matched else found.filter(waiting)


def remittances() -> QuerySet[Remittance]:
    """Batches of cash with `its_parcels`, `its_unknown` and `its_short` (minor units still owed of parcels we know)."""
    lines = RemittanceLine.objects.filter(remittance=OuterRef("pk")).order_by().values("remittance")
    short = Sum(F("due_minor") - F("paid_minor"), filter=Q(payment__isnull=False))
    banked = BankLine.objects.filter(remittance=OuterRef("pk")).order_by().values("remittance")
    return Remittance.objects.annotate(
        its_parcels=Coalesce(Subquery(lines.annotate(n=Count("pk")).values("n")), 0),
        its_unknown=Coalesce(Subquery(lines.annotate(n=Count("pk", filter=Q(payment=None))).values("n")), 0),
        its_short=Coalesce(Subquery(lines.annotate(n=short).values("n")), 0),
        its_bank=Subquery(banked.annotate(n=Sum("amount_minor")).values("n")),
    )
