"""Reads of orders: one by id or number, in full, by search, by customer. Each says what it costs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
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
    PersonToken,
)
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
    from shipping.models import Shipment
    from timeline.operations import Operation

SORTS = {
    "createdAt": "created_at",
    "total": "total_minor",
    "orderNumber": "number",
    "updatedAt": "stream__at",
    "status": "status",
}
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBER = re.compile(r"ORD-[0-9]{8}-[0-9]{5,9}", re.IGNORECASE | re.ASCII)

Token = tuple[str, bytes]


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


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """What staff look for. Words of one field are alternatives, fields go together.

    `tokens` and `text_tokens` are groups of blind tokens (`orders.operations.people.tokens_for_search`); a person fits
    when each group has one of theirs. The ends of intervals are exclusive, money is in minor units.
    """

    statuses: Sequence[str] = ()
    payment_states: Sequence[str] = ()
    fulfilment_states: Sequence[str] = ()
    channels: Sequence[str] = ()
    person_ids: Sequence[UUID] = ()
    tokens: Sequence[Sequence[Token]] = ()
    number: str = ""
    text: str = ""
    text_tokens: Sequence[Sequence[Token]] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    delivered_from: datetime | None = None
    delivered_to: datetime | None = None
    min_total_minor: int | None = None
    max_total_minor: int | None = None
    extra: Q = field(default_factory=Q)


def id_of(text: str, *, person_id: UUID | None = None) -> UUID:
    """The id of the order of this id or number. One statement.

    Raises Missing when there is none, and in the same words when it is not this person's.
    """
    if _UUID.fullmatch(text):
        wanted = Q(pk=UUID(text))
    elif _NUMBER.fullmatch(text):
        wanted = Q(number=text.upper())
    else:
        raise Missing
    mine = Q() if person_id is None else Q(person_id=person_id)
    found = Order.objects.filter(wanted, mine).values_list("pk", flat=True).first()
    if found is None:
        raise Missing
    return found


def story_of(text: str) -> Story | None:
    """The story of the order of this id or number, as outside apps name it; None when there is none. One statement."""
    try:
        pk = id_of(text)
    except Missing:
        return None
    return Story(str(pk), "order", pk.hex, person_of(pk).key)


def numbers_of(stories_: Iterable[str]) -> dict[str, str]:
    """The order number of each story that is an order's. One statement."""
    wanted = {UUID(story) for story in stories_ if _UUID.fullmatch(story)}
    return {str(pk): number for pk, number in Order.objects.filter(pk__in=wanted).values_list("pk", "number")}


def checkout_id_of(text: str, *, person_id: UUID) -> UUID:
    """The id of this person's checkout. Raises Missing. One statement."""
    pk = uuid_of(text)
    if not Checkout.objects.filter(pk=pk, person_id=person_id).exists():
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
    if not _UUID.fullmatch(text):
        raise Missing
    return UUID(text)


def detail(order_id: UUID) -> OrderDetail:
    """One order with all its parts, in at most fifteen statements however many parts there are. Raises Missing."""
    order = (
        Order.objects.select_related("stream", "person__key", "shipping_address", "billing_address")
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


def search(filters: OrderSearch) -> QuerySet[Order]:
    """The orders that fit, in no order yet; `rows` adds what a list shows."""
    wanted = filters.extra
    for column, values in (
        ("status", filters.statuses), ("payment_state", filters.payment_states), ("channel", filters.channels),
        ("fulfilment_state", filters.fulfilment_states), ("person_id", filters.person_ids),
    ):
        if values:
            wanted &= Q(**{f"{column}__in": list(values)})
    for column, bound in (
        ("created_at__gte", filters.created_from),
        ("created_at__lt", filters.created_to),
        ("delivered_at__gte", filters.delivered_from),
        ("delivered_at__lt", filters.delivered_to),
        ("total_minor__gte", filters.min_total_minor),
        ("total_minor__lte", filters.max_total_minor),
    ):
        if bound is not None:
            wanted &= Q(**{column: bound})
    if filters.number:
        wanted &= _numbered(filters.number)
    if filters.tokens:
        wanted &= _of_persons(filters.tokens)
    if filters.text:
        wanted &= _anything(filters.text, filters.text_tokens)
    return Order.objects.filter(wanted)


def for_customer(person_id: UUID, *, statuses: Sequence[str] = ()) -> QuerySet[Order]:
    """The orders of one person."""
    return search(OrderSearch(person_ids=(person_id,), statuses=statuses))


def rows(orders: QuerySet[Order]) -> QuerySet[Order]:
    """The same orders with what a list shows: two statements more, however many orders there are."""
    return orders.select_related("stream", "person__key").prefetch_related(
        Prefetch("lines", Line.objects.order_by("place")),
        Prefetch("order_payments", OrderPayment.objects.select_related("payment").order_by("id")),
    )


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


def parcel(shipment_id: UUID) -> Parcel:
    """One parcel with its units. Raises Missing. At most three statements."""
    found = _parcels(_fulfilments(Q(shipment_id=shipment_id)))
    if not found:
        raise Missing
    return found[0]


def current_payment(payments: Iterable[Payment]) -> Payment | None:
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


def _numbered(text: str) -> Q:
    word = text.upper()
    return Q(number=word) if _NUMBER.fullmatch(word) else Q(number__contains=word)


def _of_persons(groups: Sequence[Sequence[Token]]) -> Q:
    wanted = Q()
    for group in groups:
        tokens = Q(pk__in=())
        for kind, token in group:
            tokens |= Q(kind=kind, token=token)
        wanted &= Q(person_id__in=PersonToken.objects.filter(tokens).values("person_id"))
    return wanted


def _anything(text: str, groups: Sequence[Sequence[Token]]) -> Q:
    """Part of a number, a customer, a SKU, a tracking number."""
    wanted = _numbered(text)
    if _UUID.fullmatch(text):
        wanted |= Q(pk=UUID(text)) | Q(person_id=UUID(text))
    if groups:
        wanted |= _of_persons(groups)
    wanted |= Q(pk__in=Line.objects.filter(sku=text.upper()).values("order_id"))
    return wanted | Q(pk__in=Fulfilment.objects.filter(shipment__tracking_number=text).values("order_id"))
