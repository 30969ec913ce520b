"""Issue invoices and credit notes: numbered, frozen and booked in one operation (Z6, rules 46 and 53(1A)).

Note [What a document covers]
    An invoice covers the order as it stands when its goods leave: every line's frozen amounts, less the parts of refunds
    that have gone back or are on their way. A credit note takes off what went back beyond that. Both follow from one
    rule, held per line and tax: what the documents say together = what was bought − what went back or is on its way. So a
    refund that was taken off the invoice already gets no note, and one that failed and was repeated gets exactly one.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import rfc8785
from django.conf import settings
from django.utils.timezone import localdate

from orders import locks
from orders.models import Document, Line, Order, RefundPart
from orders.operations import people
from orders.pricing import supply
from orders.pricing.money import round_half_up
from orders.pricing.supply import SHIPPING, Amounts, Bought, Row
from payments import journal
from payments.models import Refund
from shipping.states import state_of
from timeline import vault
from timeline.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from uuid import UUID

    from timeline.models import Event, SubjectKey
    from timeline.operations import Operation

PREFIXES = {Document.Kind.INVOICE: "INV", Document.Kind.CREDIT_NOTE: "CRN"}
SEQ_MAX = 999_999  # a number has at most 16 characters (rule 46(b))
CALLED_OFF, TAKEN_OFF = "order_cancelled", "units_taken_off"
_FIRST_MONTH = 4
_ON_THE_WAY = (Refund.Status.PENDING, Refund.Status.IN_DOUBT, Refund.Status.PROCESSED)


class SeriesFull(Refused):
    """This series has given out its last number of the financial year."""


class NothingToInvoice(Refused):
    """There is nothing to invoice: the order is not confirmed, or nothing of it is left."""


def issue_invoice(op: Operation, *, order_id: UUID) -> Document | None:
    """The order's tax invoice, issued now unless it was before; None when nothing is left to invoice.

    Note [What a document covers]. An order that waits for its payment or was called off gets none, nor
    does one that a channel took: its papers are the channel's, its sale is booked by `channels.booking`.
    """
    order = locks.order(order_id)
    known = invoice_of(order_id)

    if known is not None or order.channel_order_id or order.status in (Order.Status.PENDING, Order.Status.CANCELLED):
        return known
    rows = supply.supplied(
        _bought(order_id), _shipping(order), _given_back(order_id), delivery=f"Delivery, {order.shipping_method}"
    )
    if not supply.total(rows).total_minor:
        return None

    return _issue(op, order=order, kind=Document.Kind.INVOICE, rows=rows)


def issue_by_hand(op: Operation, *, order_id: UUID) -> Document:
    """The order's invoice before its goods leave, by staff's word. Raises NothingToInvoice."""
    document = issue_invoice(op, order_id=order_id)
    if document is None:
        raise NothingToInvoice
    return document


def issue_credit_note(op: Operation, *, order_id: UUID, refund_id: UUID) -> Document | None:
    """The credit note of a processed refund, issued now unless it was before.

    None when there is no invoice, or the refund has no parts, or the invoice left them out already.
    """
    order = locks.order(order_id)
    invoice = invoice_of(order_id)
    known = Document.objects.filter(refund_id=refund_id).first()

    parts = _parts_of(refund_id)
    if known is not None or invoice is None or not parts:
        return known
    refund = parts[0].refund
    if refund.status != Refund.Status.PROCESSED:
        return None
    left = standing(order_id)
    due = _still_due(order, left)
    off = {
        _key(part): (part.units, _amounts(part).within(due.get(_key(part), Amounts()))) for part in parts
    }
    rows = supply.taken_off(left, off)
    if not rows:
        return None

    return _issue(
        op, order=order, kind=Document.Kind.CREDIT_NOTE, rows=rows, original=invoice, refund=refund,
        reason=refund.reason_code,
    )


def issue_reduction(op: Operation, *, order_id: UUID) -> Document | None:
    """The credit note of units that were taken off an unpaid order after its invoice: what the documents say beyond what it costs.

    None when there is no invoice, or it says no more than that.
    """
    order = locks.order(order_id)
    invoice = invoice_of(order_id)
    if invoice is None:
        return None
    left = standing(order_id)
    units = {bought.key: bought.units for bought in _bought(order_id)}
    said = {row.key: row.quantity for row in left}
    off = {
        key: (max(0, said.get(key, 0) - units.get(key, 0)), amounts)
        for key, amounts in _still_due(order, left).items() if amounts.total_minor > 0
    }
    rows = supply.taken_off(left, off)
    if not rows:
        return None

    return _issue(op, order=order, kind=Document.Kind.CREDIT_NOTE, rows=rows, original=invoice, reason=TAKEN_OFF)


def take_invoice_back(op: Operation, *, order_id: UUID) -> Document | None:
    """The credit note of an order that was called off after its invoice and before any money came; None for others."""
    order = locks.order(order_id)
    invoice = invoice_of(order_id)
    known = Document.objects.filter(order_id=order_id, kind=Document.Kind.CREDIT_NOTE, refund=None).order_by("-seq").first()

    unpaid = order.status == Order.Status.CANCELLED and order.paid_minor == 0
    if invoice is None or not unpaid:
        return known
    left = [row for row in standing(order_id) if row.total_minor]
    if not left:
        return known

    return _issue(op, order=order, kind=Document.Kind.CREDIT_NOTE, rows=left, original=invoice, reason=CALLED_OFF)


def invoice_of(order_id: UUID) -> Document | None:
    """The order's invoice. One statement."""
    return Document.objects.filter(order_id=order_id, kind=Document.Kind.INVOICE).first()


def rows_of(document: Document) -> list[Row]:
    """The document's rows."""
    return [Row(**row) for row in document.content["rows"]]


def standing(order_id: UUID) -> list[Row]:
    """What the invoice and its credit notes say together, row by row of the invoice; quantities less those given back."""
    documents = list(Document.objects.filter(order_id=order_id).order_by("issued_at", "id"))
    rows = [row for document in documents if document.kind == Document.Kind.INVOICE for row in rows_of(document)]
    noted: dict[tuple[str, int], tuple[int, Amounts]] = {}
    for document in documents:
        if document.kind == Document.Kind.CREDIT_NOTE:
            for row in rows_of(document):
                units, amounts = noted.get((row.key, row.rate_bp), (0, Amounts()))
                noted[row.key, row.rate_bp] = (units + row.quantity, amounts + row.amounts)
    found = []
    for row in rows:
        units, amounts = noted.get((row.key, row.rate_bp), (0, Amounts()))
        found.append(
            supply.row_of(
                row.key, row.amounts - amounts, sku=row.sku, description=row.description, hsn=row.hsn,
                rate_bp=row.rate_bp, quantity=max(0, row.quantity - units), price_minor=row.price_minor,
            )
        )
    return found


def financial_year(day: date) -> str:
    """`26-27`: April to March."""
    first = day.year if day.month >= _FIRST_MONTH else day.year - 1
    return f"{first % 100:02d}-{(first + 1) % 100:02d}"


def _issue(
    op: Operation, *, order: Order, kind: Document.Kind, rows: Sequence[Row], original: Document | None = None,
    refund: Refund | None = None, reason: str = "",
) -> Document:
    recipient = original.recipient() if original is not None else _recipient(order)
    place = original.place_of_supply if original is not None else _gst_code(order.destination_state)
    sums = supply.total(rows)
    document = Document(
        id=op.new_id(), kind=kind, order=order, refund=refund, original=original, day=localdate(op.now),
        issued_at=op.now, currency=order.currency, place_of_supply=place,
        registered=original.registered if original is not None else bool(recipient.get("gstin")),
        **asdict(sums), total_minor=sums.total_minor, content=_content(order, rows, place, original, reason),
    )
    document.seal_recipient(_key_of(op, order, original, is_registered=document.registered), recipient)
    _number(document)  # the series is the last lock: whoever waits for it waits for nothing else
    event = op.record(
        document, f"{kind}.issued", stream=str(order.pk), facts=_facts(document),
        targets=[("order", order.pk), ("customer", order.person_id), *([("refund", refund.pk)] if refund else [])],
    )
    document.save(force_insert=True)
    _book(op, event, document, rows)
    return document


def _key_of(op: Operation, order: Order, original: Document | None, *, is_registered: bool) -> SubjectKey:
    """Under which key the recipient is kept. Tax law asks for a registered business's name and GSTIN for years (CGST Act, s. 36)."""
    if original is not None and vault.is_alive(original.key):
        return original.key
    if is_registered:
        return vault.new_key(op)
    return order.person.key if vault.is_alive(order.person.key) else vault.house_key()


def _number(document: Document) -> None:
    prefix = PREFIXES[Document.Kind(document.kind)]
    series = locks.series(f"{prefix}/{financial_year(document.day)}")
    if series.last >= SEQ_MAX:
        raise SeriesFull
    series.last += 1
    series.save(update_fields=["last"])
    document.series, document.seq = series.series, series.last
    document.number = f"{series.series}/{series.last:06d}"


def _book(op: Operation, event: Event, document: Document, rows: Sequence[Row]) -> None:
    goods = [row for row in rows if row.key != SHIPPING]
    charged = sum(row.taxable_minor for row in rows if row.key == SHIPPING)
    value, discount = sum(row.value_minor for row in goods), sum(row.discount_minor for row in goods)
    is_invoice = document.kind == Document.Kind.INVOICE
    sign = 1 if is_invoice else -1
    lines = [
        (journal.CUSTOMERS, sign * document.total_minor),
        (journal.SALES if is_invoice else journal.SALES_RETURNS, -sign * value),
        (journal.DISCOUNTS, sign * discount),
        (journal.SHIPPING, -sign * charged),
        (journal.CGST_PAYABLE, -sign * document.cgst_minor),
        (journal.SGST_PAYABLE, -sign * document.sgst_minor),
        (journal.IGST_PAYABLE, -sign * document.igst_minor),
    ]
    journal.post(
        op, event, [journal.Line(account, amount, ref=document.number) for account, amount in lines],
        currency=document.currency,
    )


def _content(
    order: Order, rows: Iterable[Row], place: str, original: Document | None, reason: str
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "version": 1,
        "order": order.number,
        "supplier": original.content["supplier"] if original is not None else {
            "name": settings.SHOP_NAME,
            "address": settings.SHOP_ADDRESS,
            "gstin": settings.SHOP_GSTIN,
            "state": _gst_code(settings.SHOP_STATE),
        },
        "placeOfSupply": place,
        "reverseCharge": False,
        "rows": [asdict(row) for row in rows],
    }
    if original is not None:
        content |= {"original": {"number": original.number, "day": original.day.isoformat()}, "reason": reason}
    return content


def _facts(document: Document) -> dict[str, Any]:
    return {
        "document_id": document.pk,
        "number": document.number,
        "original": document.original.number if document.original is not None else None,
        "refund_id": document.refund_id,
        "amount_minor": document.total_minor,
        "taxable_minor": document.taxable_minor,
        "cgst_minor": document.cgst_minor,
        "sgst_minor": document.sgst_minor,
        "igst_minor": document.igst_minor,
        "place_of_supply": document.place_of_supply,
        "currency": document.currency,
        "digest": hashlib.sha256(rfc8785.dumps(document.content)).hexdigest(),
    }


def _recipient(order: Order) -> dict[str, Any]:
    billing = people.read_address(order.billing_address, order.person)
    delivery = people.read_address(order.shipping_address, order.person)
    return {
        "name": billing.get("name"),
        "gstin": billing.get("gstin"),
        "billing": billing,
        "delivery": delivery if order.shipping_address_id != order.billing_address_id else None,
    }


def _bought(order_id: UUID) -> list[Bought]:
    return [
        Bought(
            key=str(line.pk), sku=line.sku, name=line.name, hsn=line.hsn, quantity=line.quantity,
            units=line.quantity - line.quantity_cancelled, rate_bp=line.gst_rate_bp,
            price_minor=round_half_up(line.value_minor, line.quantity),  # without tax, also of a price marked with it
            discount_minor=line.discount_minor, amounts=_frozen(line),
        )
        for line in locks.lines(order_id)
        if line.quantity
    ]


def _still_due(order: Order, left: Iterable[Row]) -> dict[str, Amounts]:
    """How much more the documents say, by key, than was bought less what went back or is on its way."""
    given = _given_back(order.pk)
    frozen = {str(line.pk): _frozen(line) for line in Line.objects.filter(order=order)} | {SHIPPING: _shipping(order)}
    return {
        key: amounts - (frozen[key] - given.get(key, Amounts())) for key, amounts in supply.by_key(left).items()
    }


def _given_back(order_id: UUID) -> dict[str, Amounts]:
    found: dict[str, Amounts] = {}
    for part in RefundPart.objects.filter(order_id=order_id, refund__status__in=_ON_THE_WAY):
        found[_key(part)] = found.get(_key(part), Amounts()) + _amounts(part)
    return found


def _parts_of(refund_id: UUID) -> list[RefundPart]:
    return list(RefundPart.objects.filter(refund_id=refund_id).select_related("refund").order_by("id"))


def _shipping(order: Order) -> Amounts:
    tax = order.prices()["shippingTaxIncluded"]
    return Amounts(order.shipping_minor - sum(tax.values()), tax["cgst"], tax["sgst"], tax["igst"])


def _frozen(line: Line) -> Amounts:
    return Amounts(line.total_minor - line.gst_minor, line.cgst_minor, line.sgst_minor, line.igst_minor)


def _amounts(part: RefundPart) -> Amounts:
    return Amounts(part.taxable_minor, part.cgst_minor, part.sgst_minor, part.igst_minor)


def _key(part: RefundPart) -> str:
    return str(part.line_id) if part.line_id else SHIPPING


def _gst_code(state: str) -> str:
    found = state_of(state)
    return found.gst_code if found is not None else ""
