"""Money that waits for a person, as the API shows it; amounts are minor units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers as s

from orders.api.rows import payment_row, refund_row
from orders.api.shapes import Money, PaymentShape, RefundShape
from orders.outstanding import LISTS
from timeline.api.query import Query
from timeline.api.wire import Choice, Output, Page

if TYPE_CHECKING:
    from orders.outstanding import Standing

LIST = "list"


class PaymentsQuery(Query):
    """Which list."""

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        """`list` is a word of the language, so the field cannot be declared."""
        return {**super().get_fields(), LIST: Choice(choices=tuple(LISTS))}


class StandingShape(Output):
    """One row: an order, or a payment, or a refund. What it has not is null.

    `amount` is what it is about: of an order what was paid too much, below zero what was paid too little.
    """

    kind = s.ChoiceField(choices=["order", "payment", "refund"])
    id = s.UUIDField()
    order_id = s.UUIDField(allow_null=True)
    order_number = s.CharField(allow_null=True)
    status = s.CharField()
    amount = Money()
    currency = s.CharField()
    created_at = s.DateTimeField()
    captured_amount = Money(allow_null=True, help_text="Of an order's payments.")
    returned_amount = Money(allow_null=True, help_text="Of an order: gone back or on its way; no goodwill.")
    disputed_amount = Money(allow_null=True, help_text="Of an order: what disputes have taken.")
    owed_amount = Money(allow_null=True, help_text="Of an order: its total less what was given back of it.")
    authorized_at = s.DateTimeField(allow_null=True)
    expires_at = s.DateTimeField(allow_null=True, help_text="When the gateway lets reserved money go.")
    error_code = s.CharField(allow_null=True)
    payment = PaymentShape(allow_null=True)
    refund = RefundShape(allow_null=True)
    refunds_in_doubt = RefundShape(many=True)


class StandingPage(Page):
    """Rows of one page."""

    data: Any = StandingShape(many=True)


def standing_row(found: Standing) -> dict[str, Any]:
    """One row of a list."""
    sums, order, money = found.sums, found.order, found.refund or found.payment
    return {
        "kind": found.kind,
        "id": found.row.pk,
        "orderId": order.pk if order else None,
        "orderNumber": order.number if order else None,
        "status": found.row.status,
        "amount": found.amount_minor,
        "currency": found.row.currency,
        "createdAt": found.row.created_at,
        "capturedAmount": sums.captured_minor if sums else None,
        "returnedAmount": sums.returned_minor if sums else None,
        "disputedAmount": sums.disputed_minor if sums else None,
        "owedAmount": sums.owed_minor if sums else None,
        "authorizedAt": found.authorized_at,
        "expiresAt": found.expires_at,
        "errorCode": (money.error_code or None) if money else None,
        "payment": payment_row(found.payment) if found.payment else None,
        "refund": refund_row(found.refund) if found.refund else None,
        "refundsInDoubt": [refund_row(refund) for refund in found.doubted],
    }
