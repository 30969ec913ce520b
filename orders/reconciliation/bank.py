"""Payouts and remittances against the bank's statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Max, Sum

from orders.reconciliation.difference import CHUNK, Difference, Window, settled_by
from payments.models import BankLine, Remittance, Settlement

if TYPE_CHECKING:
    from collections.abc import Iterator

ARRIVES_IN_DAYS = 1


def check(window: Window) -> Iterator[Difference]:
    """What never arrived, arrived in another amount, or is of nothing we know."""
    newest = BankLine.objects.aggregate(day=Max("day"))["day"]
    if newest is None:
        return
    for payout in _payouts():
        if payout.amount_minor and settled_by(payout.day, ARRIVES_IN_DAYS) < newest:
            yield _missing(payout)
    yield from _other_amounts(window)
    strangers = BankLine.objects.filter(settlement=None, remittance=None, amount_minor__gt=0, booked_at__lt=window.settled)
    for line in strangers.iterator(CHUNK):
        yield Difference(
            cause="bank_line_foreign", key=line.pk.hex, amount_minor=line.amount_minor, day=line.day, stream="bank",
            ours={"settlement": "none"},
            theirs={"day": line.day.isoformat(), "utr": line.utr, "amountMinor": line.amount_minor},
        )


def _payouts() -> Iterator[Settlement | Remittance]:
    yield from Settlement.objects.filter(bank_lines=None).iterator(CHUNK)
    yield from Remittance.objects.filter(bank_lines=None).iterator(CHUNK)


def _missing(payout: Settlement | Remittance) -> Difference:
    return Difference(
        cause="bank_line_missing", key=_name(payout), amount_minor=payout.amount_minor,
        day=settled_by(payout.day, ARRIVES_IN_DAYS), stream=payout.stream, currency=payout.currency,
        ours={"payout": _name(payout), "utr": payout.utr, "amountMinor": payout.amount_minor}, theirs={"bankLine": "none"},
    )


def _other_amounts(window: Window) -> Iterator[Difference]:
    came = BankLine.objects.filter(booked_at__range=(window.start, window.end))
    for model, name in ((Settlement, "settlement"), (Remittance, "remittance")):
        met = came.exclude(**{name: None}).values(f"{name}_id")
        payouts = model.objects.filter(pk__in=met).annotate(at_bank=Sum("bank_lines__amount_minor"), on=Max("bank_lines__day"))
        for payout in payouts.iterator(CHUNK):
            at_bank = int(getattr(payout, "at_bank"))  # noqa: B009 an annotation
            if at_bank != payout.amount_minor:
                yield Difference(
                    cause="bank_amount_differs", key=_name(payout), amount_minor=at_bank - payout.amount_minor,
                    day=getattr(payout, "on"), stream=payout.stream, currency=payout.currency,  # noqa: B009 an annotation
                    ours={"payout": _name(payout), "amountMinor": payout.amount_minor, "utr": payout.utr},
                    theirs={"bankMinor": at_bank},
                )


def _name(payout: Settlement | Remittance) -> str:
    return payout.gateway_settlement_id if isinstance(payout, Settlement) else payout.pk.hex
