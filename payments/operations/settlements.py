"""The gateway's payouts, written down and booked line by line.

Note [What a settlement line is worth]
    A line moves `credit − debit` towards the bank. What it settles stands on `gateway_receivable` under the entity's own
    id: a payment's amount, of which the gateway keeps its fee; a refund's; what a dispute took. Whatever is left of the
    line, and lines of something we do not know or that come a second time, stand on `suspense` until they are explained.
    So the receivable of each entity comes to zero exactly when it was settled once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.timezone import localdate

from payments import journal
from payments.models import RAZORPAY, Dispute, Payment, Refund, Settlement, SettlementLine
from payments.statements import ADJUSTMENT, PAYMENT, REFUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from payments.operations.seen import SeenLine, SeenSettlement
    from timeline.models import Event
    from timeline.operations import Operation

PAYOUTS_STREAM = "payouts"


@dataclass(slots=True)
class Known:
    """What we have behind the gateway's ids; `awaited` are payments we know by our own receipt alone, as yet."""

    payments: dict[str, Payment] = field(default_factory=dict)
    awaited: dict[str, Payment] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)

    def link(self, line: SettlementLine, dispute_id: str | None = None) -> bool:
        """Link the line with what it is of; whether that is known."""
        if line.kind == PAYMENT:
            line.payment = self.payments.get(line.entity_id) or self.awaited.get(line.order_receipt)
        elif line.kind == REFUND:
            line.refund = self.refunds.get(line.entity_id)
        elif line.kind == ADJUSTMENT and dispute_id:
            line.dispute = self.disputes.get(dispute_id)
        return line.is_matched


def book_settlement(op: Operation, *, seen: SeenSettlement, lines: Sequence[SeenLine]) -> Settlement:
    """Write a payout and its lines down, once; Note [What a settlement line is worth].

    Reading the same report again writes nothing. Lines that came since, a second line of one entity among them, are added;
    lines that nothing was known behind are explained when it is known now.
    """
    stream = f"settlement:{seen.id}"
    op.open_stream(stream)
    _one_at_a_time(op)
    settlement = Settlement.objects.filter(gateway_settlement_id=seen.id).first()
    known = _known(lines)
    kind = "settlement.amended"
    if settlement is None:
        kind, settlement = "settlement.booked", _written(op, seen)

    new = _new_lines(op, settlement, lines, known)
    if new or kind == "settlement.booked":
        net = sum(line.credit_minor - line.debit_minor for line in new)
        facts = {"processor_ref": seen.id, "amount_minor": net, "lines": len(new), "said_minor": seen.amount_minor}
        event = op.record(settlement, kind, stream=stream, facts=facts)
        if kind == "settlement.booked":
            settlement.save(force_insert=True)
        SettlementLine.objects.bulk_create(new)
        before = _settled_elsewhere(settlement, new)
        journal.post(op, event, [side for line in new for side in _postings(settlement, line, again=_is_again(line, before))])
    _explain(op, settlement, lines, known)
    return settlement


def _one_at_a_time(op: Operation) -> None:
    """Two payouts that name one payment are not booked at once: the later sees what the earlier settled."""
    op.open_stream(PAYOUTS_STREAM)


def _written(op: Operation, seen: SeenSettlement) -> Settlement:
    at = seen.created_at or op.now
    return Settlement(
        id=op.new_id(), gateway=RAZORPAY, gateway_settlement_id=seen.id, utr=seen.utr, amount_minor=seen.amount_minor,
        fees_minor=seen.fees_minor, tax_minor=seen.tax_minor, settled_at=at, day=localdate(at),
    )


def _new_lines(
    op: Operation, settlement: Settlement, lines: Iterable[SeenLine], known: Known
) -> list[SettlementLine]:
    had = Counter(SettlementLine.objects.filter(settlement=settlement).values_list("entity_id", "kind"))
    met: Counter[tuple[str, str]] = Counter()
    new = []
    for seen in lines:
        met[seen.entity_id, seen.kind] += 1
        occurrence = met[seen.entity_id, seen.kind]
        if occurrence <= had[seen.entity_id, seen.kind]:
            continue
        line = SettlementLine(
            id=op.new_id(), settlement=settlement, entity_id=seen.entity_id, kind=seen.kind, occurrence=occurrence,
            debit_minor=seen.debit_minor, credit_minor=seen.credit_minor, amount_minor=seen.amount_minor,
            fee_minor=seen.fee_minor, tax_minor=seen.tax_minor, order_receipt=(seen.order_receipt or "")[:60],
            created_at=seen.created_at, booked_at=op.now,
        )
        known.link(line, seen.dispute_id)
        new.append(line)
    return new


def _postings(settlement: Settlement, line: SettlementLine, *, again: bool) -> list[journal.Line]:
    net, ref = line.credit_minor - line.debit_minor, _ref(line)
    transit = journal.Line(journal.SETTLEMENT_TRANSIT, net, ref=settlement.gateway_settlement_id)
    if again or not line.is_matched:
        return [transit, journal.Line(journal.SUSPENSE, -net, ref=line.entity_id)]
    owed = _owed(line)
    fee, tax = line.fee_minor - line.tax_minor, line.tax_minor
    return [
        transit,
        journal.Line(journal.GATEWAY_FEES, fee, ref=line.entity_id),
        journal.Line(journal.FEE_GST, tax, ref=line.entity_id),
        journal.Line(journal.GATEWAY_RECEIVABLE, -owed, ref=ref, stream=_story(line)),
        journal.Line(journal.SUSPENSE, owed - net - fee - tax, ref=line.entity_id),
    ]


def _owed(line: SettlementLine) -> int:
    """What the line takes off the receivable: a payment's amount, less a refund's, or what a dispute took or gave."""
    if line.kind == PAYMENT:
        return line.amount_minor
    if line.kind == REFUND:
        return -line.amount_minor
    return line.credit_minor - line.debit_minor


def _is_again(line: SettlementLine, before: set[tuple[str, str]]) -> bool:
    """Whether the same entity was settled before, in this payout or another."""
    return line.occurrence > 1 or (line.entity_id, line.kind) in before


def _settled_elsewhere(settlement: Settlement, lines: Sequence[SettlementLine]) -> set[tuple[str, str]]:
    """Entities that another payout's line was explained by; a line nobody knows yet takes nothing off the receivable."""
    others = SettlementLine.objects.filter(entity_id__in=[line.entity_id for line in lines]).exclude(settlement=settlement)
    explained = Q(payment__isnull=False) | Q(refund__isnull=False) | Q(dispute__isnull=False)
    return set(others.filter(explained).values_list("entity_id", "kind"))


def _explain(op: Operation, settlement: Settlement, lines: Sequence[SeenLine], known: Known) -> None:
    """Lines that nothing was known behind, and something is now: from suspense to where they belong."""
    open_lines = SettlementLine.objects.filter(
        settlement=settlement, payment=None, refund=None, dispute=None
    )
    disputes = {seen.entity_id: seen.dispute_id for seen in lines}
    for line in open_lines:
        if not known.link(line, disputes.get(line.entity_id)):
            continue
        links = {"payment": line.payment, "refund": line.refund, "dispute": line.dispute}
        SettlementLine.objects.filter(pk=line.pk).update(**links)
        facts = {"processor_ref": line.entity_id}
        event = op.record(settlement, "settlement.matched", stream=settlement.stream, facts=facts)
        _book_again(op, event, settlement, line)


def _book_again(op: Operation, event: Event, settlement: Settlement, line: SettlementLine) -> None:
    net = line.credit_minor - line.debit_minor
    again = _is_again(line, _settled_elsewhere(settlement, [line]))
    if again:
        return
    wanted = [side for side in _postings(settlement, line, again=False) if side.account != journal.SETTLEMENT_TRANSIT]
    journal.post(op, event, [journal.Line(journal.SUSPENSE, net, ref=line.entity_id), *wanted])


def _known(lines: Sequence[SeenLine]) -> Known:
    ids = {seen.entity_id for seen in lines}
    disputes = {seen.dispute_id for seen in lines if seen.dispute_id}
    return Known(
        payments={str(row.gateway_payment_id): row for row in Payment.objects.filter(gateway_payment_id__in=ids)},
        awaited=_awaited(lines),
        refunds={str(row.gateway_refund_id): row for row in Refund.objects.filter(gateway_refund_id__in=ids)},
        disputes={row.gateway_dispute_id: row for row in Dispute.objects.filter(gateway_dispute_id__in=disputes)},
    )


def _awaited(lines: Sequence[SeenLine]) -> dict[str, Payment]:
    """Payments whose money no notice has told us of yet, by our receipt, where one entity alone names it."""
    named: dict[str, set[str]] = defaultdict(set)
    for seen in lines:
        if seen.kind == PAYMENT and seen.order_receipt:
            named[seen.order_receipt].add(seen.entity_id)
    alone = [receipt for receipt, ids in named.items() if len(ids) == 1]
    return {row.receipt: row for row in Payment.objects.filter(receipt__in=alone, gateway_payment_id=None, gateway=RAZORPAY)}


def _ref(line: SettlementLine) -> str:
    return line.dispute.gateway_dispute_id if line.dispute else line.entity_id


def _story(line: SettlementLine) -> str | None:
    return line.owner.stream if line.owner is not None else None
