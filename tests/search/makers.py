"""A few orders that differ in everything that is searched for, and what a plain loop in Python finds among them."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import time_machine
from django.utils import timezone

from orders.models import Order
from orders.operations import fulfil, holds, notes, process, step
from orders.queries import detail
from tests import makers
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE = (
    ("Meera Sharma", "meera.sharma@example.com", "+919845012345"),
    ("Asha O'Brien", "asha@tea.example", "+919845099345"),
    ("मीरा कुमारी", "mk@example.com", "+918041234567"),
    ("Li K Wei", "li.wei@example.org", "+919900000042"),
)
CITIES = (("Pune", "411001", "IN-MH"), ("New Delhi", "110001", "IN-DL"), ("Bengaluru", "560001", "IN-KA"))
SKUS = ("TEA-ASM-500", "TEA-DAR-100", "MUG-1")


@dataclass(frozen=True)
class Known:
    """Everything about one order in the clear."""

    order: Order
    name: str
    email: str
    phone: str
    city: str
    pin: str
    skus: frozenset[str]
    awbs: frozenset[str]
    method: str
    has: frozenset[str]


def shop(count: int = 9) -> list[Known]:
    """So many orders, over some weeks, at every stage."""
    chance = random.Random(7)
    for place, sku in enumerate(SKUS):
        makers.product(sku, price_minor=10_000 + 25_050 * place)
    persons = [uuid.uuid4() for _ in PEOPLE]
    now = timezone.now()
    for place in range(count):
        who = place % len(PEOPLE)
        name, email, phone = PEOPLE[who]
        city, pin, state = CITIES[chance.randrange(3)]
        address = makers.address(name=name, city=city, postalCode=pin, state=state, phone=phone)
        with time_machine.travel(now - dt.timedelta(days=4 * (count - place), hours=place), tick=True):
            _one(place, chance, person_id=persons[who], email=email, address=address)
    return [known(order) for order in Order.objects.order_by("created_at")]


def _one(place: int, chance: random.Random, *, person_id: uuid.UUID, email: str, address: dict[str, Any]) -> None:
    steps = place % 6
    skus = chance.sample(SKUS, 1 + place % 2)
    make: Callable[..., Order] = makers.placed_order if steps == 0 else makers.paid_order
    if place % 4 == 3:
        order = makers.placed_order(person_id=person_id, email=email, shippingAddress=address, skus=skus, payment_method="cod")
    else:
        order = make(person_id=person_id, email=email, shippingAddress=address, skus=skus, quantity=1 + place % 3)
    with operation("test.walk", actor=makers.STAFF, stream=str(order.pk)) as op:
        if steps >= 2 and order.status != "pending":
            process.start_processing(op, order_id=order.pk)
        if steps >= 3 and order.status != "pending":
            fulfil.ship_all(op, order_id=order.pk)
        if steps == 4:
            fulfil.deliver_all(op, order_id=order.pk)
        if steps == 1:
            holds.hold(op, order_id=order.pk, reason="other")
        if steps == 0 and place:
            step.take(op, order_id=order.pk, status="cancelled")
        if place % 3 == 0:
            notes.add(op, order_id=order.pk, note="Ring twice")


def known(order: Order) -> Known:
    """This order in the clear."""
    found = detail(order.pk)
    profile = found.person.profile()
    has = {
        "hold": order.on_hold, "parcel": bool(found.parcels), "refund": bool(found.refunds), "discount": bool(order.discount_minor),
        "note": Event.objects.filter(stream=str(order.pk), kind="note.added").exists(),
    }
    return Known(
        order, profile["name"], profile["email"], profile["phone"], found.shipping["city"], found.shipping["postalCode"],
        frozenset(line.sku for line in found.lines), frozenset(p.shipment.tracking_number for p in found.parcels),
        found.payment.method if found.payment else "", frozenset(name for name, is_so in has.items() if is_so),
    )
