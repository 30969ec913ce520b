"""Invoices and credit notes: what they cover, when they come, how they are numbered and booked (Z6, B26 to B28)."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Document, DocumentSeries, Line, Order
from orders.operations import cancel, documents, fulfil
from orders.operations.refund import AboveRefundable
from orders.pricing import supply
from orders.pricing.supply import Amounts, Bought
from orders.subscribers import paper_due
from payments import journal
from payments.books import Posting
from tests import makers
from tests.documents.makers import fail, finish, give_back, invoice, owed
from tests.thorough import many
from timeline.models import Delivery, Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def note_of(order: Order) -> Document:
    return Document.objects.get(order=order, kind="credit_note")


def test_z6_an_invoice_has_the_frozen_amounts_the_next_number_and_its_entry() -> None:
    order = makers.processing_order(lines=2)
    issued = invoice(order)
    assert (issued.total_minor, issued.cgst_minor + issued.sgst_minor + issued.igst_minor) == (
        order.total_minor, order.gst_minor + sum(order.pricing_snapshot["shippingTaxIncluded"].values()),
    )
    assert issued.number == f"INV/{documents.financial_year(issued.day)}/000001"
    assert issued.recipient()["name"] == "Meera Nair"
    assert owed(order) == 0
    assert {row.ref for row in Posting.objects.filter(entry__kind="invoice.issued")} == {issued.number}
    event = Event.objects.get(kind="invoice.issued")
    assert (event.stream, event.facts["amount_minor"]) == (str(order.pk), order.total_minor)


def test_a_price_marked_with_gst_is_shown_without_it() -> None:
    """Rule 46 asks for the value; the sum is still what the customer saw."""
    sku = makers.product(price_minor=99_900, gst_rate_bp=500, price_includes_gst=True).sku
    row = documents.rows_of(invoice(makers.processing_order(skus=[sku], quantity=1)))[0]
    assert (row.price_minor, row.taxable_minor, row.cgst_minor, row.sgst_minor, row.total_minor) == (
        95_142, 95_142, 2_379, 2_379, 99_900,
    )


def test_an_invoice_is_issued_once() -> None:
    order = makers.processing_order()
    assert invoice(order).pk == invoice(order).pk
    assert DocumentSeries.objects.get().last == 1


@pytest.mark.parametrize(("day", "text"), [((2026, 3, 31), "25-26"), ((2026, 4, 1), "26-27"), ((2099, 12, 31), "99-00")])
def test_z6_a_financial_year_begins_in_april(day: tuple[int, int, int], text: str) -> None:
    assert documents.financial_year(dt.date(*day)) == text


def test_an_order_not_confirmed_or_cancelled_has_no_invoice() -> None:
    for order in (makers.placed_order(), makers.processing_order()):
        with operation("order.cancel", actor=makers.STAFF, stream=str(order.pk)) as op:
            if order.status != "pending":
                cancel.cancel(op, order_id=order.pk)
        with pytest.raises(documents.NothingToInvoice):
            invoice(order)
    assert not DocumentSeries.objects.exists(), "no number is spent on nothing"


def test_what_went_back_before_the_invoice_reduces_it_and_what_goes_back_after_is_a_note() -> None:
    order = makers.processing_order(quantity=3)
    line = Line.objects.get(order=order)
    early = give_back(order, {line.pk: 1}, restock=True)
    issued = invoice(order)
    assert issued.total_minor == order.total_minor - early.amount_minor
    assert issued.content["rows"][0]["quantity"] == 2
    assert finish(early) is None, "the invoice left it out already"

    late = give_back(order, {line.pk: 2}, shipping=True)
    note = finish(late)
    assert note is not None
    assert (note.total_minor, note.original, note.refund) == (late.amount_minor, issued, late)
    assert note.number.startswith("CRN/")
    assert note.content["original"] == {"number": issued.number, "day": issued.day.isoformat()}
    assert finish(late) == note, "a repeat gives the same note"
    assert owed(order) == 0


def test_a_refund_on_its_way_at_the_invoice_that_fails_and_is_asked_again_is_counted_once() -> None:
    order = makers.processing_order(quantity=2)
    line = Line.objects.get(order=order)
    early = give_back(order, {line.pk: 1})
    invoice(order)
    fail(early)
    again = give_back(order, {line.pk: 1})
    assert finish(again) is None
    assert owed(order) == 0


def test_goods_that_leave_by_hand_are_invoiced_and_a_processed_refund_gets_its_note() -> None:
    order = makers.processing_order()
    with operation("order.ship", actor=makers.STAFF, stream=str(order.pk)) as op:
        fulfil.ship_all(op, order_id=order.pk)
    _hear("shipment.labelled", "shipment.shipped")
    issued = Document.objects.get(order=order)
    line = Line.objects.get(order=order)
    made = give_back(order, {line.pk: 1})
    assert Document.objects.count() == 1, "a credit note comes when the money has gone back"
    finish(made)
    assert (note_of(order).original, owed(order)) == (issued, 0)


def test_cash_on_delivery_called_off_after_its_invoice_is_taken_back_whole() -> None:
    order = makers.placed_order(payment_method="cod")
    issued = invoice(order)
    assert owed(order) == issued.total_minor
    with operation("order.cancel", actor=makers.STAFF, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk)
    _hear("order.cancelled")
    assert (note_of(order).total_minor, note_of(order).refund, owed(order)) == (issued.total_minor, None, 0)


def test_what_was_free_from_the_beginning_stays_on_the_invoice_as_value_and_discount() -> None:
    free = Bought(
        key="1", sku="GIFT", name="Gift", hsn="6204", quantity=1, units=1, price_minor=500, rate_bp=1800,
        discount_minor=500, amounts=Amounts(),
    )
    row = supply.supplied([free], Amounts(), {}, delivery="Delivery")[0]
    assert (row.value_minor, row.discount_minor, row.total_minor) == (500, 500, 0)


@given(st.data())
@settings(max_examples=many(30), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_b27_documents_equal_the_ledger_and_every_customer_comes_to_zero(data: st.DataObject) -> None:
    """Random orders, partial refunds before and after the invoice, some still on their way when it is issued."""
    skus = [
        makers.product(
            price_minor=data.draw(st.integers(1, 250_000)), gst_rate_bp=data.draw(st.sampled_from([0, 500, 1800, 4000])),
            price_includes_gst=data.draw(st.booleans()),
        ).sku
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    state = data.draw(st.sampled_from(["IN-KA", "IN-MH"]))
    pin = {"IN-KA": "560001", "IN-MH": "400001"}[state]
    order = makers.processing_order(
        skus=skus, quantity=data.draw(st.integers(1, 4)), shippingAddress=makers.address(state=state, postalCode=pin)
    )
    lines = list(Line.objects.filter(order=order))
    left = {line.pk: line.quantity for line in lines}
    moments = data.draw(st.permutations(["invoice", *["refund"] * data.draw(st.integers(0, 4))]))
    waiting, shipping = [], True
    for moment in moments:
        if moment == "invoice":
            invoice_or_none(order)
            continue
        units = {pk: data.draw(st.integers(0, count)) for pk, count in left.items()}
        units = {pk: count for pk, count in units.items() if count}
        with_delivery = shipping and data.draw(st.booleans())
        try:
            waiting.append(give_back(makers.again(order), units, shipping=with_delivery))
        except AboveRefundable:  # of nothing
            continue
        left = {pk: count - units.get(pk, 0) for pk, count in left.items()}
        shipping = shipping and not with_delivery
        if data.draw(st.booleans()):
            finish(waiting.pop())
    for made in waiting:
        finish(made)

    issued = list(Document.objects.filter(order=order))
    if issued:
        assert owed(order) == 0
    for account in ("cgst", "sgst", "igst"):
        signed = sum(
            getattr(row, f"{account}_minor") * (1 if row.kind == "invoice" else -1) for row in Document.objects.all()
        )
        assert journal.balance(f"{account}_payable") == -signed


def invoice_or_none(order: Order) -> None:
    with operation("invoice.issue", actor=makers.STAFF, stream=str(order.pk)) as op:
        documents.issue_invoice(op, order_id=order.pk)


def _hear(*kinds: str) -> None:
    """Hand the subscriber what it is owed, and nothing to those who talk to the outside."""
    owing = Delivery.objects.filter(subscriber="orders.subscribers.paper_due", event__kind__in=kinds).order_by("event_id")
    for delivery in owing.select_related("event"):
        with operation("relay", actor=makers.TESTER, stream=delivery.stream) as op:
            paper_due(op, delivery.event)


def test_a_document_cannot_leave_a_gap_nor_be_changed() -> None:
    """Z6: the database itself says no."""
    issued = invoice(makers.processing_order())
    with pytest.raises(DatabaseError), transaction.atomic():
        Document.objects.filter(pk=issued.pk).update(total_minor=1)
    issued.pk, issued.number, issued.seq = uuid.uuid4(), "INV/26-27/000003", 3
    issued.order = makers.processing_order()
    issued._state.adding = True
    with pytest.raises(DatabaseError), transaction.atomic():
        issued.save(force_insert=True)
