"""The demo store "Mitti & Masala": made once, by the very operations that real data is made by."""

from __future__ import annotations

import random
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from config.local.selfcheck import Client
from inventory import operations as stock
from inventory.models import Variant
from orders import checkout as checkouts
from orders.checkout import Wish
from orders.models import Discount, Order
from orders.operations import accounts, cancel, fulfil, holds, notes, numbers, process, refund
from timeline import rights, staffing
from timeline.actors import STAFF, Actor, system
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from timeline.operations import Operation

DEMO = system("demo")
ASHA = Actor(type=STAFF, id="demo-asha", name="Asha", channel="console")
COLLEAGUES = (
    ("asha", "Asha", "manager"), ("ravi", "Ravi", "packer"), ("meera", "Meera", "finance"), ("kabir", "Kabir", "support"),
    ("tara", "Tara", "viewer"), ("nila", "Nila", "administrator"),
)
UNITS = 250
PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Shopper:
    """One invented customer; no message ever leaves the machine."""

    name: str
    email: str
    phone: str
    line1: str
    city: str
    state: str
    pin: str

    def address(self) -> dict[str, str]:
        """As the API takes it."""
        return {
            "name": self.name, "phone": self.phone, "line1": self.line1, "city": self.city, "state": self.state,
            "postalCode": self.pin, "country": "IN",
        }


SHOPPERS = (
    Shopper("Priya Shrivastava", "priya@example.in", "+919876543210", "12 MG Road", "Bengaluru", "IN-KA", "560001"),
    Shopper("Rohan Gupta", "rohan@example.in", "+919829012345", "4 Johari Bazaar", "Jaipur", "IN-RJ", "302003"),
    Shopper("Sourav Das", "sourav@example.in", "+919830012345", "88 College Street", "Kolkata", "IN-WB", "700073"),
    Shopper("मीरा अय्यर", "meera.iyer@example.in", "+919822012345", "7 Fergusson Road", "Pune", "IN-MH", "411004"),
    Shopper("Fatima Sheikh", "fatima@example.in", "+919849012345", "21 Charminar Road", "Hyderabad", "IN-TS", "500002"),
    Shopper("Harpreet Kaur", "harpreet@example.in", "+919814012345", "3 Mall Road", "Ludhiana", "IN-PB", "141001"),
    Shopper("Lakshmi Narayanan", "lakshmi@example.in", "+919840012345", "9 Mount Road", "Chennai", "IN-TN", "600002"),
)
CUSTOMER = SHOPPERS[0].email
WAREHOUSES = (
    ("BLR", "Bengaluru", "IN-KA", 10, Shopper("Mitti & Masala", "", "+918041234567", "5 Peenya Estate", "Bengaluru", "IN-KA", "560058")),
    ("BHW", "Bhiwandi", "IN-MH", 20, Shopper("Mitti & Masala", "", "+912522123456", "Gala 14, Kalher", "Bhiwandi", "IN-MH", "421302")),
)
# name, HSN, GST in basis points, variants as (sku, name, price in paise, grams); prices are without GST but for MARKED
PRODUCTS = (
    ("Assam CTC Tea", "0902", 500, (("TEA-ASM-250", "250 g", 24_900, 260), ("TEA-ASM-500", "500 g", 47_500, 515))),
    ("Darjeeling First Flush", "0902", 500, (("TEA-DRJ-100", "100 g", 69_900, 115),)),
    ("Kashmiri Chilli", "0904", 500, (("SPC-CHL-200", "200 g", 18_500, 210),)),
    ("Malabar Pepper", "0904", 500, (("SPC-PEP-100", "100 g", 21_900, 110), ("SPC-PEP-250", "250 g", 49_900, 262))),
    ("Alleppey Turmeric", "0910", 500, (("SPC-TUR-250", "250 g", 14_900, 260),)),
    ("Brass filter coffee set", "7418", 500, (("KIT-BRS-01", "", 133_929, 850),)),
    ("Copper water bottle", "7418", 500, (("KIT-COP-01", "950 ml", 89_900, 420),)),
    ("Kanjivaram stole", "5007", 500, (("HND-STL-RED", "Red", 249_900, 180), ("HND-STL-BLU", "Blue", 249_900, 180))),
    ("Block print bedcover", "6304", 500, (("HND-BED-Q", "Queen", 189_900, 1400),)),
    ("Sandalwood soap", "3401", 1800, (("SKN-SOP-3", "Pack of 3", 29_700, 330),)),
    ("Kumkumadi oil", "3304", 1800, (("SKN-KUM-30", "30 ml", 74_500, 90),)),
    ("Terracotta planter", "6913", 500, (("HOM-TER-M", "Medium", 59_900, 2100),)),
    ("Zafrani agarbatti box", "3307", 500, (("HOM-AGR-BOX", "", 99_900, 320),)),
)
MARKED = {"HOM-AGR-BOX": 12}  # sold at its MRP, tax included, and so few units of it
DISCOUNTS = (
    ("WELCOME10", {"kind": "percentage", "bp": 1000, "maxMinor": 20_000, "firstOrderOnly": True}, None, 1),
    ("FLAT100", {"kind": "fixed", "amountMinor": 10_000, "minSubtotalMinor": 99_900}, 1000, None),
    ("FREESHIP", {"kind": "free_shipping", "minSubtotalMinor": 49_900}, None, None),
    ("DIWALI10", {"kind": "percentage", "bp": 1000}, 500, 2),
    (
        "CHAI2PLUS1",
        {"kind": "buy_x_get_y", "buyQuantity": 2, "getQuantity": 1, "skus": ["TEA-ASM-250", "TEA-ASM-500", "TEA-DRJ-100"]},
        None, None,
    ),
    (
        "BRASSSET",
        {
            "kind": "bundle", "priceMinor": 199_900, "timesMax": 2,
            "items": [{"sku": "KIT-BRS-01", "quantity": 1}, {"sku": "KIT-COP-01", "quantity": 1}],
        },
        None, None,
    ),
)


def load(base: str) -> str:
    """Make the store when there is none: people, catalogue, stock, codes, and an order in every state. Safe to repeat."""
    if Variant.objects.exists():
        return f"Demo store: {Variant.objects.count()} variants, {Order.objects.count()} orders"
    _staff()
    for code, name, state, priority, place in WAREHOUSES:
        _do(
            "warehouse.add", stock.add_warehouse, code=code, name=name, state=state, priority=priority,
            address=place.address(),
        )
    for product in PRODUCTS:
        _offer(*product)
    for code, rule, most, mine in DISCOUNTS:
        _do("discount.add", add_discount, code=code, rule=rule, uses_max=most, uses_per_person_max=mine)
    _orders(base)
    return f"Demo store loaded: {Variant.objects.count()} variants, {Order.objects.count()} orders in every state"


def one_more(base: str) -> Order:
    """One more order of an ordinary day: somebody buys one thing, and it gets as far as it gets.

    Raises OutOfStock when the shelf is empty, CheckFailed when the sandbox does not answer.
    """
    shopper = random.choice(SHOPPERS)  # noqa: S311 a demo, not a secret
    sku = random.choice([variant[0] for product in PRODUCTS for variant in product[3]])  # noqa: S311
    state = random.choice(("failed", "confirmed", "processing", "shipped", "delivered", "delivered", "cancelled"))  # noqa: S311
    order = _place(shopper, _person_of(shopper), {sku: 1}, "", cash=False)
    _lead(Client(base), order, state)
    return order


def add_discount(
    op: Operation, *, code: str, rule: dict[str, Any], uses_max: int | None, uses_per_person_max: int | None
) -> Discount:
    """One discount code, with its rule and limits."""
    row = Discount(
        id=op.new_id(), code=code, rule=rule, uses_max=uses_max, uses_per_person_max=uses_per_person_max,
        created_at=op.now,
    )
    op.open_stream(str(row.pk))
    op.record(row, "discount.added", stream=str(row.pk), facts={"code": code, "rule": rule})
    row.save(force_insert=True)
    return row


def _staff() -> None:
    """One account for each role, with the password `demo`; one that is there already keeps what it has."""
    for username, first, role in COLLEAGUES:
        with suppress(staffing.NameTaken):
            _do(
                "staff.add", staffing.add, username=username, roles=[role], password="demo",  # noqa: S106 the demo's own
                by=frozenset(rights.RIGHTS), first_name=first, last_name=rights.ROLES[role].word,
            )


def _offer(name: str, hsn: str, rate: int, variants: tuple[tuple[str, str, int, int], ...]) -> None:
    product = _do("product.add", stock.add_product, name=name)
    for sku, title, price, grams in variants:
        _do(
            "variant.add", stock.add_variant, product_id=product.pk, sku=sku, name=title, price_minor=price,
            gst_rate_bp=rate, hsn=hsn, weight_g=grams, price_includes_gst=sku in MARKED,
        )
        few = MARKED.get(sku)
        for code, share in (("BLR", UNITS), ("BHW", UNITS // 2)) if few is None else (("BLR", few),):
            _do("stock.receive", stock.receive, warehouse_code=code, sku=sku, quantity=share, reason="purchase")


def _orders(base: str) -> None:
    """Orders in every state, paid through the genuine gateway protocol at the sandbox."""
    client = Client(base)
    plans: tuple[tuple[int, dict[str, int], str, str], ...] = (
        (0, {"TEA-ASM-500": 2, "KIT-BRS-01": 1}, "pending", "DIWALI10"),
        (1, {"SPC-PEP-100": 1}, "failed", ""),
        (2, {"HND-STL-RED": 1}, "confirmed", "FLAT100"),
        (3, {"SPC-CHL-200": 3, "SPC-TUR-250": 2}, "confirmed", "WELCOME10"),
        (4, {"KIT-COP-01": 2}, "held", ""),
        (5, {"TEA-DRJ-100": 1, "SKN-SOP-3": 2}, "processing", ""),
        (0, {"TEA-ASM-250": 3, "HOM-TER-M": 1}, "split", ""),
        (6, {"HND-BED-Q": 1}, "shipped", "FREESHIP"),
        (1, {"SKN-KUM-30": 1}, "delivered", ""),
        (2, {"TEA-ASM-500": 1}, "partly_refunded", ""),
        (3, {"SPC-PEP-250": 1}, "refunded", ""),
        (4, {"HND-STL-BLU": 1}, "cancelled", ""),
        (5, {"KIT-BRS-01": 1}, "called_back", ""),
        (6, {"SPC-TUR-250": 4}, "cash", ""),
    )
    people = {shopper.email: _person_of(shopper) for shopper in SHOPPERS}
    for who, basket, state, code in plans:
        shopper = SHOPPERS[who]
        order = _place(shopper, people[shopper.email], basket, code, cash=state == "cash")
        _lead(client, order, state)


def _person_of(shopper: Shopper) -> uuid.UUID:
    with operation("person.add", actor=DEMO) as op:
        return accounts.know(op, email=shopper.email).pk


def _place(shopper: Shopper, person_id: uuid.UUID, basket: dict[str, int], code: str, *, cash: bool) -> Order:
    actor = Actor(type="customer", id=str(person_id), channel="storefront_api")
    checkout_id = uuid.uuid4()
    with operation("checkout.start", actor=actor, stream=str(checkout_id)) as op:
        checkouts.start(
            op, checkout_id=checkout_id, person_id=person_id, kind="customer", channel="web",
            wants=[Wish(sku, quantity, {}) for sku, quantity in basket.items()],
        )
    changes: dict[str, Any] = {
        "email": shopper.email, "phone": shopper.phone, "name": shopper.name, "shippingAddress": shopper.address(),
        "paymentMethod": "cod" if cash else "razorpay",
    }
    if code:
        changes["discountCode"] = code
    with operation("checkout.amend", actor=actor, stream=str(checkout_id)) as op:
        checkouts.amend(op, checkout_id=checkout_id, changes=changes)
    number = numbers.take(actor=actor)
    with operation("checkout.complete", actor=actor, stream=str(checkout_id)) as op:
        return checkouts.complete(op, checkout_id=checkout_id, number=number).order


def _lead(client: Client, order: Order, state: str) -> None:
    """Lead the order to the state, step by step, as its customer and the staff would."""
    if state != "cash" and not _pay(client, order, {"pending": "", "failed": "failed"}.get(state, "captured")):
        return
    if state in ("pending", "failed", "confirmed"):
        return
    if state == "held":
        _step(order, "order.hold", holds.hold, reason="address", note="PIN looks wrong")
    elif state == "cancelled":
        _step(order, "order.cancel", cancel.cancel, code="customer_request")
    else:
        _send(order, state)


def _send(order: Order, state: str) -> None:
    """From its packing on."""
    _step(order, "order.process", process.start_processing)
    _step(order, "order.note", notes.add, note="Packed with care.", is_public=False)
    if state == "processing":
        return
    if state == "split":
        first = order.lines.order_by("place")[0]
        _step(order, "shipment.book", fulfil.book, items={first.pk: 1})
        return
    _step(order, "order.ship", fulfil.ship_all)
    if state == "called_back":
        _step(order, "order.cancel", cancel.cancel, code="customer_request")
    if state in ("shipped", "called_back"):
        return
    _step(order, "order.deliver", fulfil.deliver_all)
    share = {"partly_refunded": 2, "refunded": 1}.get(state)
    if share:
        _step(order, "order.refund", refund.give, amount_minor=order.total_minor // share, reason="Arrived damaged")


def _pay(client: Client, order: Order, outcome: str) -> bool:
    """Wait until the gateway has its order, pay there, and wait until the webhook has told us; whether it has.

    On a machine that is very busy a question to the gateway may run out of time, and is asked again only a while later: such an
    order stays where it is.
    """
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        payment = order.order_payments.select_related("payment").get().payment
        if payment.gateway_order_id:
            break
        time.sleep(0.05)
    if not outcome or not payment.gateway_order_id:
        return False
    client.call("POST", f"/sandbox/razorpay/pay/{payment.gateway_order_id}", {"outcome": outcome})
    wanted = {"captured": ("confirmed",), "failed": ("failed",)}[outcome]
    while time.monotonic() < end:
        row = Order.objects.filter(pk=order.pk).values_list("status", "payment_state").get()
        if set(row) & set(wanted):
            return True
        time.sleep(0.05)
    return False


@retried
def _step(order: Order, word: str, verb: Callable[..., Any], /, **nouns: Any) -> None:
    with operation(word, actor=ASHA, stream=str(order.pk)) as op:
        verb(op, order_id=order.pk, **nouns)


@retried
def _do(word: str, verb: Callable[..., Any], /, **nouns: Any) -> Any:
    with operation(word, actor=DEMO) as op:
        return verb(op, **nouns)
