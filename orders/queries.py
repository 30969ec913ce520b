"""Reads of orders: one by id or number, in full, and what belongs to it. Each says what it costs; lists are `searching`'s."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q

from orders import return_queries
from orders.models import (
    Address,
    Checkout,
    CheckoutLine,
    Fulfilment,
    FulfilmentLine,
    Line,
    Order,
    OrderHold,
    OrderPayment,
    Person,
)
from orders.models.person import of as people_of
from payments.models import Dispute, Refund
from shipping.models import Label
from timeline import queries as stories
from timeline import vault
from timeline.errors import Missing
from timeline.ingest import Story
from timeline.models import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from payments.models import Payment
    from payments.rows import PaymentRow
    from shipping.models import Shipment
    from timeline.operations import Operation

P = TypeVar("P", bound="Payment | PaymentRow")
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ORDER_NUMBER = re.compile(r"ORD-[0-9]{8}-[0-9]{5,9}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel of an order with the units it carries: pairs of line id and quantity."""

    shipment: Shipment
    units: tuple[tuple[UUID, int], ...]
    has_label: bool


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """Everything about one order that is shown together."""

    order: Order
    lines: list[Line]
    payments: list[Payment]
    refunds: list[Refund]
    disputes: list[Dispute]
    parcels: list[Parcel]
    fulfilments: list[Fulfilment]
    holds: list[OrderHold]
    person: Person
    shipping: dict[str, Any]
    billing: dict[str, Any]
    version: int
    updated_at: datetime
    came_back: return_queries.CameBack = return_queries.NOTHING

    @property
    def items(self) -> list[Line]:
        """The lines that have units; those of which an edit took everything are left out."""
        return [line for line in self.lines if line.quantity]

    @property
    def refundable_minor(self) -> int:
        """Captured, less what went back or is on its way."""
        return sum(payment.refundable_minor for payment in self.payments)

    @property
    def is_disputed(self) -> bool:
        """Whether the customer's bank is deciding over money of this order."""
        return any(dispute.status in Dispute.RUNNING for dispute in self.disputes)

    @property
    def payment(self) -> Payment | None:
        """The payment that counts now: the newest that is no duplicate."""
        return current_payment(self.payments)


def id_of(text: str, *, person_id: UUID | None = None) -> UUID:
    """The id of the order of this id or number. One statement.

    Raises Missing when there is none, and in the same words when it is not this person's.
    """
    found = named(text, person_id=person_id).values_list("pk", flat=True).first()
    if found is None:
        raise Missing
    return found


def named(text: str, *, person_id: UUID | None = None) -> QuerySet[Order]:
    """The order of this id or number, if there is one and it is this person's. Raises Missing for what is neither id nor number."""
    if UUID_TEXT.fullmatch(text):
        wanted = Q(pk=UUID(text))
    elif ORDER_NUMBER.fullmatch(text):
        wanted = Q(number=text.upper())
    else:
        raise Missing
    mine = Q() if person_id is None else Q(person__in=people_of(person_id))
    return Order.objects.filter(wanted, mine)


def stories_of(words: Sequence[str]) -> dict[str, Story]:
    """The stories of the orders of these ids or numbers, by the word each was named with. One statement."""
    ids = {word: UUID(word) for word in words if UUID_TEXT.fullmatch(word)}
    numbers = {word: word.upper() for word in words if ORDER_NUMBER.fullmatch(word)}
    if not ids and not numbers:
        return {}
    found = Order.objects.filter(Q(pk__in=set(ids.values())) | Q(number__in=set(numbers.values())))
    rows = list(found.select_related("person__key").only("number", "person", "person__key"))
    known: dict[UUID | str, Story] = {}
    for order in rows:
        known[order.pk] = known[order.number] = Story(str(order.pk), "order", order.pk.hex, order.person.key)
    names: dict[str, UUID | str] = {**ids, **numbers}
    return {word: known[name] for word, name in names.items() if name in known}


def numbers_of(stories_: Iterable[str]) -> dict[str, str]:
    """The order number of each story that is an order's. One statement."""
    wanted = {UUID(story) for story in stories_ if UUID_TEXT.fullmatch(story)}
    return {str(pk): number for pk, number in Order.objects.filter(pk__in=wanted).values_list("pk", "number")}


def checkout_id_of(text: str, *, person_id: UUID) -> UUID:
    """The id of this person's checkout. Raises Missing. One statement."""
    pk = uuid_of(text)
    if not Checkout.objects.filter(pk=pk, person__in=people_of(person_id)).exists():
        raise Missing
    return pk


def order_of_shipment(text: str) -> UUID:
    """The order a parcel belongs to. Raises Missing. One statement."""
    found = Fulfilment.objects.filter(shipment_id=uuid_of(text)).values_list("order_id", flat=True).first()
    if found is None:
        raise Missing
    return found


def orders_of_streams(streams: Iterable[str]) -> dict[str, Order]:
    """The orders these stories are of; a story of something else is left out. One statement."""
    return {row.stream_id: row for row in Order.objects.filter(stream_id__in=list(streams))}


def order_of_refund(text: str) -> UUID:
    """The order a refund belongs to. Raises Missing. One statement."""
    link = OrderPayment.objects.filter(payment__refunds__id=uuid_of(text)).values_list("order_id", flat=True).first()
    if link is None:
        raise Missing
    return link


def uuid_of(text: str) -> UUID:
    """A UUID in its canonical form. Raises Missing, for what has another form names nothing."""
    if not UUID_TEXT.fullmatch(text):
        raise Missing
    return UUID(text)


def detail(order_id: UUID) -> OrderDetail:
    """One order with all its parts, in at most fifteen statements however many parts there are. Raises Missing."""
    order = (
        Order.objects.select_related("stream", "person__key", "shipping_address", "billing_address", "risk", "assignment")
        .filter(pk=order_id)
        .first()
    )
    if order is None:
        raise Missing
    payments = [
        link.payment
        for link in OrderPayment.objects.filter(order_id=order_id).select_related("payment").order_by("id")
    ]
    refunds = Refund.objects.filter(payment__in=[payment.pk for payment in payments]).select_related("key")
    shipping = address_of(order.shipping_address, order.person)
    same = order.billing_address_id == order.shipping_address_id
    plan = _fulfilments(Q(order=order))
    return OrderDetail(
        order=order,
        lines=list(Line.objects.filter(order_id=order_id).order_by("place")),
        payments=payments,
        refunds=list(refunds.order_by("created_at", "id")) if payments else [],
        disputes=list(Dispute.objects.filter(stream=order.stream_id).order_by("opened_at", "id")) if payments else [],
        parcels=_parcels(plan),
        fulfilments=plan,
        holds=list(OrderHold.objects.filter(order_id=order_id).order_by("created_at", "id")),
        person=order.person,
        shipping=shipping,
        billing=shipping if same else address_of(order.billing_address, order.person),
        version=order.stream.seq,
        updated_at=order.stream.at,
        came_back=return_queries.came_back(order_id),
    )


def detail_within(op: Operation, order_id: UUID) -> OrderDetail:
    """The order as this operation leaves it: its version and time are the operation's own."""
    found = detail(order_id)
    version = op.version(str(order_id))
    return replace(found, version=version, updated_at=op.now if version != found.version else found.updated_at)


def checkout(checkout_id: UUID) -> tuple[Checkout, list[CheckoutLine]]:
    """A checkout with its person and lines. Raises Missing. Two statements."""
    found = Checkout.objects.select_related("person__key").filter(pk=checkout_id).first()
    if found is None:
        raise Missing
    lines = CheckoutLine.objects.select_related("variant__product").filter(checkout_id=checkout_id)
    return found, list(lines.order_by("created_at", "id"))


def timeline(order_id: UUID, *, public_only: bool) -> list[Event]:
    """The order's events, oldest first. Two statements."""
    return stories.story(str(order_id), public_only=public_only)


def events(order_id: UUID, *, public_only: bool) -> QuerySet[Event]:
    """The order's events with the keys that open what is sealed, for a page of them."""
    found = Event.objects.filter(stream=str(order_id)).select_related("person_key")
    return found.filter(public=True) if public_only else found


def person_of(order_id: UUID) -> Person:
    """The customer of an order, with their key. One statement."""
    return Person.objects.select_related("key").get(orders=order_id)


def is_erased(person_id: UUID) -> bool:
    """Whether this person was known and is erased. One statement."""
    return Person.objects.filter(pk=person_id, erased_at__isnull=False).exists()


def parcel(shipment_id: UUID) -> Parcel:
    """One parcel with its units. Raises Missing. At most three statements."""
    found = _parcels(_fulfilments(Q(shipment_id=shipment_id)))
    if not found:
        raise Missing
    return found[0]


def current_payment(payments: Iterable[P]) -> P | None:
    """The payment that counts now: the newest that is no duplicate of another and asks for what is due."""
    every = list(payments)
    first_hand = [payment for payment in every if not payment.facts.get("duplicate_of")] or every
    asked = [payment for payment in first_hand if not payment.is_superseded] or first_hand
    return asked[-1] if asked else None


def payment_of(order_id: UUID) -> Payment | None:
    """The order's current payment; None when there was nothing to pay. One statement."""
    links = OrderPayment.objects.filter(order_id=order_id).select_related("payment").order_by("id")
    return current_payment(link.payment for link in links)


def payment_named(order_id: UUID, *, gateway_order_id: str) -> Payment | None:
    """The payment of this order that the gateway knows under this order id. One statement."""
    link = (
        OrderPayment.objects.filter(order_id=order_id, payment__gateway_order_id=gateway_order_id)
        .select_related("payment")
        .first()
    )
    return link.payment if link is not None else None


def address_of(address: Address, person: Person) -> dict[str, Any]:
    """The address as it was given; empty once the person is erased."""
    return vault.unseal(person.key, f"address:{address.pk}", bytes(address.sealed)) or {}


def hold_note(hold: OrderHold, person: Person) -> str | None:
    """The hold's note in the clear."""
    if hold.sealed is None:
        return None
    opened = vault.unseal(person.key, f"hold:{hold.pk}", bytes(hold.sealed))
    return None if opened is None else opened.get("note")


def _fulfilments(wanted: Q) -> list[Fulfilment]:
    """With parcel, lines and scans: three statements."""
    return list(
        Fulfilment.objects.filter(wanted)
        .select_related("shipment__key")
        .annotate(has_label=Exists(Label.objects.filter(shipment_id=OuterRef("shipment_id"))))
        .prefetch_related(Prefetch("lines", FulfilmentLine.objects.order_by("id")), "shipment__scans")
        .order_by("created_at", "id")
    )


def _parcels(fulfilments: Iterable[Any]) -> list[Parcel]:
    return [
        Parcel(
            shipment=found.shipment,
            units=tuple((item.line_id, item.quantity) for item in found.lines.all()),
            has_label=bool(found.has_label),
        )
        for found in fulfilments
        if found.shipment is not None
    ]
