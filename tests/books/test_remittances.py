"""Cash from doors: each parcel's payment is found by its number, short cash stays owed, bad files book nothing (A4)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from orders.models import Order
from orders.operations import fulfil, process, remittances
from payments import journal, payouts, remittance_file
from payments.models import Entry, Payment, Remittance, RemittanceLine
from payments.operations import BANK_STREAM, RemittanceDiffers
from payments.remittance_file import BadRemittanceFile
from shipping.models import Shipment
from tests import makers
from timeline.operations import operation

pytestmark = pytest.mark.django_db

HEADER = "carrier,reference,utr,date,awb,amount\n"


def cash_order(*, deliver: bool = True) -> tuple[Order, str, Payment]:
    """An order paid at the door, its parcel's number, and its payment."""
    order = makers.placed_order(payment_method="cod")
    with operation("test.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk)
        if deliver:
            fulfil.deliver_all(op, order_id=order.pk)
    return order, Shipment.objects.get(stream=str(order.pk)).tracking_number, Payment.objects.get(stream=str(order.pk))


def book(rows: list[tuple[str, int]], *, reference: str = "R-1", carrier: str = "own_fleet") -> Remittance:
    with operation("remittance.book", actor=makers.STAFF, stream=BANK_STREAM) as op:
        return remittances.book_remittance(
            op, carrier=carrier, reference=reference, utr="CODUTR000001", day=date(2026, 11, 20), rows=rows
        )


def test_cash_is_found_by_the_parcels_number_and_owed_no_more() -> None:
    """Own fleet: what the driver hands in is a remittance too, however the fleet is spelled."""
    _, number, payment = cash_order()
    assert journal.balance("cod_receivable", ref=payment.pk.hex) == payment.amount_minor
    book([(number, payment.amount_minor)], carrier="Own Fleet")
    assert RemittanceLine.objects.get().payment_id == payment.pk
    assert journal.balance("cod_receivable", ref=payment.pk.hex) == 0
    assert journal.balance("settlement_transit") == payment.amount_minor


def test_short_cash_stays_owed_until_the_rest_is_handed_over() -> None:
    _, number, payment = cash_order()
    book([(number, payment.amount_minor - 5000)])
    assert journal.balance("cod_receivable", ref=payment.pk.hex) == 5000
    assert getattr(payouts.remittances().get(), "its_short") == 5000  # noqa: B009 an annotation
    book([(number, 5000)], reference="R-2")
    assert journal.balance("cod_receivable", ref=payment.pk.hex) == 0
    assert list(RemittanceLine.objects.order_by("due_minor").values_list("due_minor", "paid_minor")) == [
        (5000, 5000), (payment.amount_minor, payment.amount_minor - 5000),
    ]


def test_a_batch_comes_twice_and_books_once() -> None:
    _, number, payment = cash_order()
    first = book([(number, payment.amount_minor)])
    entries = Entry.objects.count()
    assert book([(number, payment.amount_minor)]) == first
    assert Entry.objects.count() == entries
    with pytest.raises(RemittanceDiffers):
        book([(number, 1)])


def test_cash_of_a_parcel_nobody_knows_waits_in_suspense() -> None:
    book([("NOBODYS-1", 700)])
    assert journal.balance("suspense", ref="NOBODYS-1") == -700


def test_cash_that_comes_before_the_delivery_scan_is_closed_by_it() -> None:
    """The carrier's money is sometimes faster than its scan."""
    order, number, payment = cash_order(deliver=False)
    book([(number, payment.amount_minor)])
    assert journal.balance("cod_receivable", ref=payment.pk.hex) == -payment.amount_minor
    with operation("test.deliver", actor=makers.STAFF, stream=str(order.pk)) as op:
        fulfil.deliver_all(op, order_id=order.pk)
    assert journal.balance("cod_receivable", ref=payment.pk.hex) == 0


def test_a_file_holds_several_batches() -> None:
    text = HEADER + 'bluedart,B1,U1,21/11/2026,AWB1,"1,23,456.70"\nbluedart,B2,U2,2026-11-22,AWB1,5\n\nbluedart,B1,U1,21-11-2026,=A1,0\n'
    found = remittance_file.read(text)
    assert [(batch.reference, batch.utr, batch.day, batch.rows) for batch in found] == [
        ("B1", "U1", date(2026, 11, 21), (("AWB1", 12_345_670), ("=A1", 0))),
        ("B2", "U2", date(2026, 11, 22), (("AWB1", 500),)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        "carrier,reference,utr,date,awb\nx,R,U,21/11/2026,A\n",
        f"{HEADER}x,R,U,21/11/2026,A\n",
        f"{HEADER},R,U,21/11/2026,A,5\n",
        f"{HEADER}x,,U,21/11/2026,A,5\n",
        f"{HEADER}x,R,U,21/11/2026,,5\n",
        f"{HEADER}x,R,U,21/13/2026,A,5\n",
        f"{HEADER}x,R,U,21/11/2026,A,\n",
        f"{HEADER}x,R,U,21/11/2026,A,-5\n",
        f"{HEADER}x,R,U,21/11/2026,A,5.005\n",
        f"{HEADER}x,R,U,21/11/2026,A\x00B,5\n",
        f"{HEADER}{'x' * 41},R,U,21/11/2026,A,5\n",
        f"{HEADER}x,R,U,21/11/2026,A,5\nx,R,U,21/11/2026,A,5\n",
        f"{HEADER}x,R,U,21/11/2026,A,5\nx,R,V,21/11/2026,B,5\n",
        f'{HEADER}x,R,"U"x,21/11/2026,A,5\n',
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(text: str) -> None:
    with pytest.raises(BadRemittanceFile):
        remittance_file.read(text)


def test_the_bad_line_is_named() -> None:
    refused: Any
    with pytest.raises(BadRemittanceFile) as refused:
        remittance_file.read(f"{HEADER}x,R,U,21/11/2026,A,5\nx,R,U,soon,B,5\n")
    assert refused.value.errors == [("#/lines/3", "'soon' is no date.")]
