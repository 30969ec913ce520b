"""Orders that are lived by the real operations, of every kind there are to be many of."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from inventory import operations as stock
from inventory.models import Variant, Warehouse
from orders import checkout as checkouts
from orders.checkout import Wish
from orders.models import Order
from orders.operations import cancel, fulfil, numbers, pay, process
from orders.queries import payment_of
from payments import operations as money
from timeline.actors import STAFF, Actor, system
from timeline.operations import operation

SEEDER: Final = system("seed")
PACKER: Final = Actor(type=STAFF, id="seed-asha", name="Asha", channel="console")
WAREHOUSE: Final = "SEED-1"
GOODS: Final = tuple(
    (f"SEED-{family}-{size}", f"{word} {size} g", price * size // 100, weight)
    for family, word, price, weight in (("TEA", "Assam Tea", 12_400, 110), ("SPC", "Pepper", 21_900, 105), ("SOP", "Soap", 9_900, 120))
    for size, weight in ((100, weight), (250, weight * 2), (500, weight * 4))
)
RECEIVED_AT_ONCE: Final = 100_000
SHELF_UNITS: Final = 1000  # of each SKU more than the orders take
CHANNELS: Final = ("web", "app", "whatsapp", "pos")
# How an order's life goes, and how many of a hundred go so.
LIVES: Final = (
    ("unpaid", 2), ("called_off", 6), ("confirmed", 3), ("processing", 3), ("shipped", 5), ("delivered", 55), ("cash_shipped", 2),
    ("cash_delivered", 24),
)
STATES: Final = ("IN-KA", "IN-MH", "IN-DL")
CITIES: Final = {
    "IN-KA": (("Bengaluru", "560001"), ("Mysuru", "570001"), ("Mangaluru", "575001")),
    "IN-MH": (("Mumbai", "400001"), ("Pune", "411001"), ("Nagpur", "440001")),
    "IN-DL": (("New Delhi", "110001"), ("Delhi", "110006")),
}
_REACHED: Final = {"processing": 1, "shipped": 2, "cash_shipped": 2, "delivered": 3, "cash_delivered": 3}


@dataclass(frozen=True, slots=True)
class Pattern:
    """One order that was lived, and the share of the many that are to be like it."""

    order: Order
    life: str
    state: str
    share: float


def live(chance: random.Random) -> list[Pattern]:
    """One order of each life, of one to three lines. Makes goods for them first."""
    _goods()
    found: list[Pattern] = []
    for life, percent in LIVES:
        for lines in (1, 2, 3):
            state = STATES[(lines + len(found)) % len(STATES)]
            basket = {sku: chance.randrange(1, 4) for sku in chance.sample([sku for sku, *_ in GOODS], lines)}
            found.append(Pattern(_live(life, basket, state, CHANNELS[len(found) % len(CHANNELS)]), life, state, percent / 3))
    return found


def address(state: str, name: str, phone: str, *, place: int = 0) -> dict[str, str]:
    """An address of this state as the API takes it."""
    city, pin = CITIES[state][place % len(CITIES[state])]
    return {"name": name, "phone": phone, "line1": "12 Lake View", "city": city, "state": state, "postalCode": pin, "country": "IN"}


def receive(units: Mapping[str, int]) -> None:
    """So many pieces come into the warehouse, by SKU."""
    for sku, count in sorted(units.items()):
        for first in range(0, count, RECEIVED_AT_ONCE):
            with operation("stock.receive", actor=SEEDER) as op:
                stock.receive(op, warehouse_code=WAREHOUSE, sku=sku, quantity=min(RECEIVED_AT_ONCE, count - first), reason="seed")


def _goods() -> None:
    if not Warehouse.objects.filter(code=WAREHOUSE).exists():
        with operation("warehouse.add", actor=SEEDER) as op:
            stock.add_warehouse(
                op, code=WAREHOUSE, name="Seeded store", state="IN-KA", priority=50, address=address("IN-KA", "Seeded store", "+918040000000"),
            )
    for sku, name, price_minor, weight_g in GOODS:
        if not Variant.objects.filter(sku=sku).exists():
            with operation("product.add", actor=SEEDER) as op:
                stock.add_variant(
                    op, product_id=stock.add_product(op, name=name).pk, sku=sku, price_minor=price_minor, gst_rate_bp=500, hsn="0902",
                    weight_g=weight_g, price_includes_gst=False,
                )
    receive({sku: SHELF_UNITS for sku, *_ in GOODS})


def _live(life: str, basket: dict[str, int], state: str, channel: str) -> Order:
    person_id, checkout_id = uuid.uuid4(), uuid.uuid4()
    actor = Actor(type="customer", id=str(person_id), channel="storefront_api")
    with operation("checkout.start", actor=actor, stream=str(checkout_id)) as op:
        checkouts.start(
            op, checkout_id=checkout_id, person_id=person_id, kind="customer", channel=channel,
            wants=[Wish(sku, quantity, {}) for sku, quantity in basket.items()],
        )
    where = address(state, "Seed Pattern", "+919800000000")
    changes = {
        "email": "pattern@example.in", "phone": where["phone"], "name": where["name"], "shippingAddress": where,
        "paymentMethod": "cod" if life.startswith("cash") else "razorpay",
    }
    with operation("checkout.change", actor=actor, stream=str(checkout_id)) as op:
        checkouts.amend(op, checkout_id=checkout_id, changes=changes)
    number = numbers.take(actor=actor)
    with operation("checkout.complete", actor=actor, stream=str(checkout_id)) as op:
        order = checkouts.complete(op, checkout_id=checkout_id, number=number).order
    if life == "called_off":
        with operation("order.cancel", actor=actor, stream=str(order.pk)) as op:
            cancel.cancel(op, order_id=order.pk, code="customer")
    elif life not in {"unpaid", "cash_shipped", "cash_delivered"}:
        _pay(order)
    for step in _STEPS[: _REACHED.get(life, 0)]:
        with operation(f"order.{step.__name__}", actor=PACKER, stream=str(order.pk)) as op:
            step(op, order_id=order.pk)
    return Order.objects.get(pk=order.pk)


def _pay(order: Order) -> None:
    payment = payment_of(order.pk)
    if payment is None:
        return
    with operation("payment.capture", actor=system("payments"), stream=str(order.pk)) as op:
        money.accept(op, payment_id=payment.pk, gateway_order_id=f"order_{order.pk.hex[-14:]}")
        money.capture(
            op, payment_id=payment.pk, gateway_payment_id=f"pay_{payment.pk.hex[-14:]}", amount_minor=payment.amount_minor,
            currency=payment.currency, method="upi",
        )
        pay.follow(op, order_id=order.pk)


_STEPS: Final[tuple[Callable[..., Any], ...]] = (process.start_processing, fulfil.ship_all, fulfil.deliver_all)
