"""The doctor's word on documents: gaps and sums that differ are named."""

from __future__ import annotations

import pytest
from django.db import connection

from orders.documents import audit
from orders.models import DocumentSeries, Line
from tests import makers
from tests.documents.makers import finish, give_back, invoice
from timeline import triggers

pytestmark = pytest.mark.django_db(transaction=True)


def tamper(statement: str) -> None:
    """What somebody with the database's own keys could do."""
    triggers.drop()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    triggers.attach()


def test_sound_documents_have_no_difference_and_broken_ones_are_named() -> None:
    orders = [makers.processing_order(quantity=2) for _ in range(3)]
    for order in orders:
        invoice(order)
    finish(give_back(orders[0], {Line.objects.get(order=orders[0]).pk: 1}))
    assert list(audit.differences()) == []

    DocumentSeries.objects.filter(series__startswith="INV").update(last=9)
    assert [text for text in audit.differences() if "gave out 9" in text]
    DocumentSeries.objects.filter(series__startswith="INV").update(last=3)
    tamper("UPDATE orders_document SET seq = 7 WHERE seq = 3 AND kind = 'invoice'")
    assert [text for text in audit.differences() if "numbered 1 to 7" in text]
    tamper("UPDATE orders_document SET seq = 3 WHERE seq = 7 AND kind = 'invoice'")
    tamper(
        "UPDATE orders_document SET taxable_minor = taxable_minor + 1, total_minor = total_minor + 1 WHERE kind = 'credit_note'"
    )
    assert [text.split(" ")[2] for text in audit.differences()] == ["credit_note", "credit_note"]
