"""A shop with people and orders, made by the same verbs as the real one (STYLE 22)."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.test import Client

from inventory.models import Variant, Warehouse
from orders import checkout
from orders.api.authentication import issue_token
from orders.models import Order
from orders.operations import fulfil, numbers, pay, process
from orders.queries import payment_of
from payments import operations as money
from tests import shelves
from timeline import rights, staffing
from timeline.actors import Actor, system
from timeline.api.authentication import make_client
from timeline.operations import operation

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponse

    from orders.models import Checkout
    from orders.operations.place import Placed

TESTER, STAFF = shelves.TESTER, shelves.ASHA
address = shelves.address
WAREHOUSE = "BLR-1"
_numbers = itertools.count(1)


def warehouse() -> str:
    """The one warehouse, made when it is not there."""
    if not Warehouse.objects.filter(code=WAREHOUSE).exists():
        shelves.warehouse(WAREHOUSE)
    return WAREHOUSE


def product(
    sku: str | None = None, *, price_minor: int = 49_900, gst_rate_bp: int = 1800, units: int = 1000, name: str = "",
    price_includes_gst: bool = False,
) -> Variant:
    """A product of one variant with units on the shelf."""
    sku = sku or f"SKU-{next(_numbers)}"
    return shelves.product(
        sku, code=WAREHOUSE, price_minor=price_minor, gst_rate_bp=gst_rate_bp, hsn="6204", units=units, name=name,
        price_includes_gst=price_includes_gst,
    )


@dataclass
class Caller:
    """Somebody with credentials who calls the API and reads JSON."""

    headers: dict[str, str] = field(default_factory=dict)
    person_id: uuid.UUID | None = None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **query: Any) -> HttpResponse:
        """Read."""
        return self.client.get(path, query, headers=self.headers)  # type: ignore[return-value]

    def send(
        self, method: str, path: str, body: Any = None, *, key: str | bool | None = None, **headers: str
    ) -> HttpResponse:
        """Write; `key=True` takes a fresh Idempotency-Key. A body of bytes goes as it is."""
        more = dict(headers)
        if key:
            more["Idempotency-Key"] = key if isinstance(key, str) else f"test-{uuid.uuid4()}"
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        media = more.pop("content_type", "application/json")
        return self.client.generic(  # type: ignore[return-value]
            method, path, raw, content_type=media, headers={**self.headers, **more}
        )

    def post(self, path: str, body: Any = None, **words: Any) -> HttpResponse:
        """POST."""
        return self.send("POST", path, body, **words)

    def patch(self, path: str, body: Any = None, **words: Any) -> HttpResponse:
        """PATCH."""
        return self.send("PATCH", path, body, **words)

    def delete(self, path: str, **words: Any) -> HttpResponse:
        """DELETE."""
        return self.client.delete(path, headers={**self.headers, **words})  # type: ignore[return-value]


def read(response: Any, status: int = 200) -> Any:
    """The JSON of an answer of this status."""
    assert response.status_code == status, response.content
    return json.loads(response.content)


def customer_token(person_id: uuid.UUID, kind: str = "customer") -> str:
    """A bearer token of our own."""
    return issue_token(person_id, kind)[0]  # type: ignore[arg-type]


def customer(kind: str = "customer") -> Caller:
    """A new customer or guest."""
    person_id = uuid.uuid4()
    return Caller({"Authorization": f"Bearer {customer_token(person_id, kind)}"}, person_id)


def nobody() -> Caller:
    """Somebody without credentials."""
    return Caller()


def staff_key(*scopes: str) -> str:
    """An API key; of all scopes unless some are named."""
    with operation("test.key", actor=TESTER) as op:
        return make_client(op, name=f"tests {next(_numbers)}", scopes=list(scopes) or ["*"])


def staff(*scopes: str) -> Caller:
    """A caller with an API key."""
    return Caller({"Authorization": f"Bearer {staff_key(*scopes)}"})


def member(username: str = "asha", *roles: str, password: str | None = None, **names: str) -> User:
    """A member of staff with these roles; a manager unless some are named."""
    with operation("test.member", actor=TESTER) as op:
        return staffing.add(  # type: ignore[no-any-return]
            op, username=username, roles=roles or ["manager"], password=password, by=frozenset(rights.RIGHTS), **names
        )


def signed_in(username: str = "asha", *roles: str, **names: str) -> Client:
    """The browser of a member of staff with these roles."""
    client = Client()
    client.force_login(member(username, *roles, **names))
    return client


def shopper(person_id: uuid.UUID) -> Actor:
    """The actor of a customer."""
    return Actor(type="customer", id=str(person_id), channel="storefront_api")


def checkout_ready(
    *, person_id: uuid.UUID | None = None, lines: int = 1, quantity: int = 2, payment_method: str = "razorpay",
    skus: list[str] | None = None, kind: str = "customer", **details: Any,
) -> Checkout:
    """A checkout that can be completed."""
    person_id = person_id or uuid.uuid4()
    wanted = skus or [product().sku for _ in range(lines)]
    actor = shopper(person_id)
    with operation("test.checkout", actor=actor) as op:
        pk = op.new_id()
        op.open_stream(str(pk))
        checkout.start(
            op, checkout_id=pk, person_id=person_id, kind=kind, channel="web",
            wants=[checkout.Wish(sku, quantity, {}) for sku in wanted],
        )
    with operation("test.amend", actor=actor, stream=str(pk)) as op:
        changes = {"email": "meera@example.com", "shippingAddress": address(), "paymentMethod": payment_method}
        return checkout.amend(op, checkout_id=pk, changes={**changes, **details})


def placed(**wish: Any) -> Placed:
    """What a completed checkout became."""
    ready = checkout_ready(**wish)
    actor = shopper(ready.person_id)
    number = numbers.take(actor=actor)
    with operation("test.complete", actor=actor, stream=str(ready.pk)) as op:
        return checkout.complete(op, checkout_id=ready.pk, number=number)


def placed_order(**wish: Any) -> Order:
    """An order that waits for its payment (confirmed at once with `payment_method="cod"`)."""
    return placed(**wish).order


def paid_order(**wish: Any) -> Order:
    """A confirmed order whose money is captured."""
    order = placed_order(**wish)
    capture(order)
    return again(order)


def capture(order: Order, *, gateway_order_id: str | None = None) -> None:
    """The gateway takes the payment and says so."""
    payment = payment_of(order.pk)
    assert payment is not None, "an order that was placed has a payment"
    ours = gateway_order_id or f"order_{order.pk.hex[:14]}"
    with operation("test.capture", actor=system("payments"), stream=str(order.pk)) as op:
        money.accept(op, payment_id=payment.pk, gateway_order_id=ours)
        money.capture(
            op, payment_id=payment.pk, gateway_payment_id=f"pay_{uuid.uuid4().hex[:14]}",
            amount_minor=payment.amount_minor, currency=payment.currency, method="upi",
        )
        pay.follow(op, order_id=order.pk)


def processing_order(**wish: Any) -> Order:
    """A paid order somebody is packing."""
    order = paid_order(**wish)
    with operation("test.process", actor=STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
    return again(order)


def shipped_order(**wish: Any) -> Order:
    """An order on its way with the own fleet."""
    order = processing_order(**wish)
    with operation("test.ship", actor=STAFF, stream=str(order.pk)) as op:
        fulfil.ship_all(op, order_id=order.pk)
    return again(order)


def delivered_order(**wish: Any) -> Order:
    """An order that arrived."""
    order = shipped_order(**wish)
    with operation("test.deliver", actor=STAFF, stream=str(order.pk)) as op:
        fulfil.deliver_all(op, order_id=order.pk)
    return again(order)


def delivered_order_at_door(**wish: Any) -> Order:
    """An order that arrived and was paid in cash."""
    order = placed_order(payment_method="cod", **wish)
    with operation("test.walk", actor=STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk)
        fulfil.deliver_all(op, order_id=order.pk)
    return again(order)


def again(order: Order) -> Order:
    """The order as the database has it now."""
    return Order.objects.get(pk=order.pk)
