"""Settlements, bank lines, remittances and balances as the API shows them; amounts are minor units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers as s

from orders.api.shapes import Money
from payments.statements import ADJUSTMENT, PAYMENT, REFUND, TRANSFER
from timeline.api.query import Query, QueryBool, QueryDay, QueryMoment, QueryText
from timeline.api.wire import Output, Page

if TYPE_CHECKING:
    from payments.journal import Balance
    from payments.models import BankLine, Remittance, SettlementLine
    from payments.payouts import Payout


class DaysQuery(Query):
    """Business days `from` and `to`, both included."""

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        """`from` is a word of the language, so the fields cannot be declared."""
        names = ("from", "to")
        return {**super().get_fields(), **{name: QueryDay(required=False, default=None) for name in names}}


class SettlementsQuery(DaysQuery):
    """Settlements, newest first."""

    utr = QueryText(max_length=60, required=False, default="", help_text="Whole.")


class BankLinesQuery(Query):
    """Lines of the bank's statements, newest first."""

    matched = QueryBool(required=False, default=None, allow_null=True)


class InstantQuery(Query):
    """As of when; without it, now."""

    at = QueryMoment(required=False, default=None)


class SettlementShape(Output):
    """One payout of the gateway. A difference is what was found less what the gateway says it paid, and is null while unknown."""

    id = s.CharField()
    gateway = s.CharField()
    day = s.DateField()
    settled_at = s.DateTimeField()
    utr = s.CharField(allow_null=True)
    currency = s.CharField()
    amount = Money()
    fees = Money()
    tax = Money()
    line_count = s.IntegerField()
    unmatched_count = s.IntegerField()
    lines_amount = Money()
    lines_difference = Money()
    bank_amount = Money(allow_null=True)
    bank_difference = Money(allow_null=True)


class SettlementLineShape(Output):
    """One line of the report; of what we know nothing about, `orderId` and the three ids are null."""

    id = s.UUIDField()
    entity_id = s.CharField()
    kind = s.ChoiceField(choices=[PAYMENT, REFUND, TRANSFER, ADJUSTMENT])
    occurrence = s.IntegerField()
    credit = Money()
    debit = Money()
    amount = Money()
    fee = Money()
    tax = Money()
    order_receipt = s.CharField(allow_null=True)
    order_id = s.CharField(allow_null=True)
    payment_id = s.UUIDField(allow_null=True)
    refund_id = s.UUIDField(allow_null=True)
    dispute_id = s.UUIDField(allow_null=True)
    created_at = s.DateTimeField(allow_null=True)


class BankLineShape(Output):
    """One line of the bank's statement; money in is positive."""

    id = s.UUIDField()
    day = s.DateField()
    utr = s.CharField(allow_null=True)
    narration = s.CharField()
    amount = s.IntegerField()
    settlement_id = s.CharField(allow_null=True)
    remittance_id = s.UUIDField(allow_null=True)


class ImportedShape(Output):
    """What became of a statement: its lines, and those that were not known before."""

    lines = s.IntegerField()
    imported = s.IntegerField()


class RemittanceShape(Output):
    """One batch of cash a carrier handed over."""

    id = s.UUIDField()
    carrier = s.CharField()
    reference = s.CharField()
    day = s.DateField()
    utr = s.CharField(allow_null=True)
    currency = s.CharField()
    amount = Money()


class ListedRemittanceShape(RemittanceShape):
    """A batch in a list, with its parcels, those nobody knows, what is short, and what came to the bank."""

    parcel_count = s.IntegerField()
    unknown_count = s.IntegerField()
    short_amount = s.IntegerField()
    bank_amount = Money(allow_null=True)


class RemittancesBookedShape(Output):
    """The batches of a file, in its order."""

    items = RemittanceShape(many=True)


class BalanceShape(Output):
    """One account: `balance` is debits less credits."""

    account = s.CharField()
    name = s.CharField()
    kind = s.ChoiceField(choices=["asset", "liability", "income", "expense"])
    debit = Money()
    credit = Money()
    balance = s.IntegerField()


class BalancesShape(Output):
    """Every account as of an instant; debits and credits sum to the same."""

    at = s.DateTimeField()
    currency = s.CharField()
    accounts = BalanceShape(many=True)
    debit = Money()
    credit = Money()


class SettlementPage(Page):
    """Settlements of one page."""

    data: Any = SettlementShape(many=True)


class SettlementLinePage(Page):
    """Lines of one page."""

    data: Any = SettlementLineShape(many=True)


class BankLinePage(Page):
    """Bank lines of one page."""

    data: Any = BankLineShape(many=True)


class RemittancePage(Page):
    """Remittances of one page."""

    data: Any = ListedRemittanceShape(many=True)


def settlement_row(payout: Payout) -> dict[str, Any]:
    """One payout beside its lines and the bank."""
    settlement = payout.settlement
    return {
        "id": settlement.gateway_settlement_id,
        "gateway": settlement.gateway,
        "day": settlement.day,
        "settledAt": settlement.settled_at,
        "utr": settlement.utr or None,
        "currency": settlement.currency,
        "amount": settlement.amount_minor,
        "fees": payout.fees_minor,
        "tax": payout.tax_minor,
        "lineCount": payout.lines,
        "unmatchedCount": payout.unmatched,
        "linesAmount": payout.lines_minor,
        "linesDifference": payout.lines_difference_minor,
        "bankAmount": payout.bank_minor,
        "bankDifference": payout.bank_difference_minor,
    }


def settlement_line_row(line: SettlementLine) -> dict[str, Any]:
    """One line and what it is of."""
    owner = line.owner
    return {
        "id": line.pk,
        "entityId": line.entity_id,
        "kind": line.kind,
        "occurrence": line.occurrence,
        "credit": line.credit_minor,
        "debit": line.debit_minor,
        "amount": line.amount_minor,
        "fee": line.fee_minor,
        "tax": line.tax_minor,
        "orderReceipt": line.order_receipt or None,
        "orderId": owner.stream if owner is not None else None,
        "paymentId": line.payment_id,
        "refundId": line.refund_id,
        "disputeId": line.dispute_id,
        "createdAt": line.created_at,
    }


def bank_line_row(line: BankLine) -> dict[str, Any]:
    """One line of a statement."""
    return {
        "id": line.pk,
        "day": line.day,
        "utr": line.utr or None,
        "narration": line.narration,
        "amount": line.amount_minor,
        "settlementId": line.settlement.gateway_settlement_id if line.settlement is not None else None,
        "remittanceId": line.remittance_id,
    }


def remittance_row(remittance: Remittance) -> dict[str, Any]:
    """One batch."""
    return {
        "id": remittance.pk,
        "carrier": remittance.carrier,
        "reference": remittance.reference,
        "day": remittance.day,
        "utr": remittance.utr or None,
        "currency": remittance.currency,
        "amount": remittance.amount_minor,
    }


def listed_remittance_row(row: Any) -> dict[str, Any]:
    """A row of `payouts.remittances`."""
    return {
        **remittance_row(row),
        "parcelCount": row.its_parcels,
        "unknownCount": row.its_unknown,
        "shortAmount": row.its_short,
        "bankAmount": row.its_bank,
    }


def balance_row(balance: Balance) -> dict[str, Any]:
    """One account."""
    return {
        "account": balance.account,
        "name": balance.name,
        "kind": balance.kind,
        "debit": balance.debit_minor,
        "credit": balance.credit_minor,
        "balance": balance.amount_minor,
    }
