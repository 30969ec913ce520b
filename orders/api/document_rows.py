"""Documents as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers as s

from orders.api.shapes import Money
from timeline.api.query import Query, QueryText
from timeline.api.wire import Output

if TYPE_CHECKING:
    from orders.models import Document


class DocumentShape(Output):
    """An invoice or a credit note; its PDF is at `…/documents/{id}`."""

    id = s.UUIDField()
    kind = s.ChoiceField(choices=["invoice", "credit_note"])
    number = s.CharField()
    original_number = s.CharField(allow_null=True)
    refund_id = s.UUIDField(allow_null=True)
    date = s.DateField()
    issued_at = s.DateTimeField()
    place_of_supply = s.CharField()
    currency = s.CharField()
    taxable_amount = Money()
    cgst_amount = Money()
    sgst_amount = Money()
    igst_amount = Money()
    total = Money()


class DocumentsShape(Output):
    """The documents of an order, oldest first."""

    items = DocumentShape(many=True)


class MonthQuery(Query):
    """Which month."""

    month = QueryText(max_length=7)


def document_row(document: Document) -> dict[str, Any]:
    """One document."""
    return {
        "id": document.pk,
        "kind": document.kind,
        "number": document.number,
        "originalNumber": document.original.number if document.original is not None else None,
        "refundId": document.refund_id,
        "date": document.day,
        "issuedAt": document.issued_at,
        "placeOfSupply": document.place_of_supply,
        "currency": document.currency,
        "taxableAmount": document.taxable_minor,
        "cgstAmount": document.cgst_minor,
        "sgstAmount": document.sgst_minor,
        "igstAmount": document.igst_minor,
        "total": document.total_minor,
    }
