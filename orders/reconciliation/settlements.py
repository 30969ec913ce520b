"""The gateway's payouts against what we are owed: line by line, fee by fee, payout by payout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import BigIntegerField, Exists, ExpressionWrapper, F, Max, Min, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from orders.reconciliation.difference import CHUNK, Difference, Window, day_of, settled_by
from payments import journal
from payments.models import Payment, Posting, Settlement, SettlementLine
from payments.statements import PAYMENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

BP = 10_000
_AGAIN = Q(occurrence__gt=1) | Exists(
    SettlementLine.objects.filter(
        entity_id=OuterRef("entity_id"), kind=OuterRef("kind"), booked_at__lt=OuterRef("booked_at")
    )
)


def check(window: Window) -> Iterator[Difference]:
    """What should have been paid out and was not, came twice, is not ours, or cost another fee."""
    yield from _owed()
    yield from _doubled(window)
    yield from _foreign()
    yield from _sums()
    yield from _fees(window)


def _owed() -> Iterator[Difference]:
    """The receivable of each payment, refund and dispute is even once it is settled."""
    newest = Settlement.objects.aggregate(day=Max("day"))["day"]
    if newest is None:
        return
    line = SettlementLine.objects.filter(entity_id=OuterRef("ref"))
    owed = (
        Posting.objects.filter(account=journal.GATEWAY_RECEIVABLE).values("ref")
        .annotate(sum=Sum("amount_minor"), first=Min("entry__day"), story=Min("stream"))
        .annotate(is_settled=Exists(line), is_missed=Exists(line.filter(payment__isnull=False, payment__captured_at=None)))
        .exclude(sum=0).order_by()
    )
    for row in owed.iterator(CHUNK):
        due: date = settled_by(row["first"])
        if row["is_settled"] or due < newest:
            cause = "settlement_amount_differs" if row["is_settled"] else "settlement_line_missing"
            yield Difference(
                cause="capture_missed" if row["is_missed"] else cause, key=row["ref"],
                amount_minor=row["sum"], day=due, stream=row["story"],
                ours={"reference": row["ref"], "owedMinor": row["sum"], "since": row["first"].isoformat(), "due": due.isoformat()},
                theirs={"line": "of another amount" if row["is_settled"] else "none", "lastSettlement": newest.isoformat()},
            )


def _doubled(window: Window) -> Iterator[Difference]:
    lines = SettlementLine.objects.filter(_AGAIN, booked_at__range=(window.start, window.end))
    for line in lines.select_related("settlement", "payment", "refund", "dispute").iterator(CHUNK):
        yield _of_line("settlement_line_doubled", line, line.credit_minor - line.debit_minor, ours={"settledBefore": True})


def _foreign() -> Iterator[Difference]:
    """A line of something unknown; when its order is ours, the gateway took money that we have not seen (F30)."""
    known = Payment.objects.filter(receipt=OuterRef("order_receipt"), captured_at__isnull=True)
    lines = SettlementLine.objects.filter(payment=None, refund=None, dispute=None, occurrence=1).annotate(
        missed=Subquery(known.values("stream")[:1])
    )
    for line in lines.select_related("settlement").iterator(CHUNK):
        story = getattr(line, "missed")  # noqa: B009 an annotation
        cause = "capture_missed" if story and line.kind == PAYMENT else "settlement_line_foreign"
        yield _of_line(cause, line, line.credit_minor - line.debit_minor, ours={"known": False}, stream=story)


def _sums() -> Iterator[Difference]:
    lines = SettlementLine.objects.filter(settlement=OuterRef("pk")).values("settlement")
    net = lines.annotate(sum=Sum("credit_minor") - Sum("debit_minor")).values("sum")
    payouts = Settlement.objects.annotate(net_minor=Coalesce(Subquery(net), 0)).exclude(amount_minor=F("net_minor"))
    for payout in payouts.iterator(CHUNK):
        net_minor = int(getattr(payout, "net_minor"))  # noqa: B009 an annotation
        yield Difference(
            cause="settlement_amount_differs", key=payout.gateway_settlement_id,
            amount_minor=payout.amount_minor - net_minor, day=payout.day, stream=payout.stream, currency=payout.currency,
            ours={"linesMinor": net_minor},
            theirs={"settlement": payout.gateway_settlement_id, "amountMinor": payout.amount_minor, "utr": payout.utr},
        )


def _fees(window: Window) -> Iterator[Difference]:
    """The agreed fee and GST on it; half a paisa rounds up, as in `pricing.money`."""
    base = (F("amount_minor") * Value(settings.GATEWAY_FEE_BP) + Value(BP // 2)) / Value(BP)
    whole = ExpressionWrapper(base, output_field=BigIntegerField())
    tax = ExpressionWrapper((F("base") * Value(settings.GATEWAY_FEE_GST_BP) + Value(BP // 2)) / Value(BP), output_field=BigIntegerField())
    lines = SettlementLine.objects.filter(
        ~_AGAIN, kind=PAYMENT, payment__isnull=False, booked_at__range=(window.start, window.end)
    ).annotate(base=whole).annotate(agreed=ExpressionWrapper(F("base") + tax, output_field=BigIntegerField()))
    for line in lines.exclude(fee_minor=F("agreed")).select_related("settlement", "payment").iterator(CHUNK):
        agreed = int(getattr(line, "agreed"))  # noqa: B009 an annotation
        yield _of_line(
            "fee_changed", line, line.fee_minor - agreed, ours={"agreedMinor": agreed, "ofMinor": line.amount_minor}
        )


def _of_line(
    cause: str, line: SettlementLine, amount_minor: int, *, ours: dict[str, object], stream: str | None = None
) -> Difference:
    owner = line.payment or line.refund or line.dispute
    return Difference(
        cause=cause, key=line.pk.hex, amount_minor=amount_minor, day=day_of(line.booked_at),
        stream=stream or (owner.stream if owner else line.settlement.stream), currency=line.settlement.currency,
        ours=ours,
        theirs={
            "settlement": line.settlement.gateway_settlement_id, "entity": line.entity_id, "kind": line.kind,
            "creditMinor": line.credit_minor, "debitMinor": line.debit_minor, "feeMinor": line.fee_minor,
        },
    )
