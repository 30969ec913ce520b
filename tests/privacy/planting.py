"""A customer whose every word is unlike any other, led through everything that keeps words; and the search for them."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection

from orders.api.authentication import issue_token
from orders.models import Order
from orders.operations import accounts
from payments import exchanges as money
from payments.models import Payment
from tests import makers
from tests.payments.fake_gateway import FakeGateway, body_of, sign
from tests.privacy.words import WORDS, hits, needles
from timeline import relay
from timeline.operations import operation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.makers import Caller

__all__ = ["WORDS", "hits", "needles"]
_PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def database_bytes() -> bytes:
    """SQLite: the very file, free pages included. PostgreSQL: every row of every table, as text."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return bytes(connection.connection.serialize())
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            for (text,) in cursor.fetchall():
                rows.append(text.encode())
                rows += [bytes.fromhex(part[:len(part) // 2 * 2]) for part in _hex(text)]
    return b"\n".join(rows)


def _hex(text: str) -> list[str]:
    parts = []
    for piece in text.split("\\x")[1:]:
        end = next((place for place, letter in enumerate(piece) if letter not in "0123456789abcdef"), len(piece))
        parts.append(piece[:end])
    return parts


def folder_bytes(folder: Path) -> bytes:
    """Every file below."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@dataclass
class Planted:
    """The customer and what was made of them."""

    person_id: uuid.UUID
    caller: Caller
    staff: Caller
    order: Order
    key: str
    answers: list[Any] = field(default_factory=list)


def plant(gateway: FakeGateway, client: Any) -> Planted:
    """From the sign-in to the refund, by the API, with every word said somewhere."""
    with operation("test.code", actor=makers.TESTER) as op:
        person = accounts.know(op, email=WORDS["email"])
        accounts.write_code(op, person=person, email=WORDS["email"], subject=f"Hello {WORDS['name']}", body=f"For {WORDS['name']}")
    me = makers.Caller({"Authorization": f"Bearer {issue_token(person.pk, 'customer')[0]}"}, person.pk)
    staff = makers.staff()
    sku = makers.product(price_minor=49_900).sku
    address = makers.address(**{part: WORDS[part] for part in ("name", "phone", "line1", "line2", "city")})
    started = makers.read(me.post(
        "/storefront/checkouts", {"lines": [{"sku": sku, "quantity": 3, "metadata": {"engraving": WORDS["engraving"]}}]}, key=True,
    ), 201)
    cart = f"/storefront/checkouts/{started['id']}"
    makers.read(me.patch(cart, {
        "email": WORDS["email"], "phone": WORDS["phone"], "name": WORDS["name"], "gstin": WORDS["gstin"], "shippingAddress": address,
        "billingAddress": {**address, "name": WORDS["other"], "gstin": WORDS["gstin"]},
    }, key=True))
    key = f"complete-{uuid.uuid4()}"
    placed = makers.read(me.post(f"{cart}/complete", {}, key=key), 201)
    order = Order.objects.get(pk=placed.get("id") or placed["order"]["id"])
    relay.drain()
    _pay(gateway, order, client)
    at = f"/admin/orders/{order.number}"
    makers.read(staff.post(f"{at}/notes", {"note": WORDS["note"], "isPublic": True}, key=True), 201)
    held = makers.read(staff.post(f"{at}/holds", {"reason": "address", "note": WORDS["hold"]}, key=True), 201)
    makers.read(staff.delete(f"{at}/holds/{held['id']}"))
    makers.read(staff.post("/api/v1/events", {
        "actor": {"id": WORDS["email"], "name": WORDS["name"], "type": "customer"}, "action": "call.taken",
        "targets": [{"type": "customer", "id": WORDS["email"], "name": WORDS["name"]}], "resource": "customer",
        "resourceId": WORDS["email"], "metadata": {"said": WORDS["told"]},
    }), 202)
    makers.read(staff.patch(f"{at}/status", {"status": "processing"}))
    makers.read(staff.patch(f"{at}/status", {"status": "shipped"}))
    relay.drain()
    parcel = makers.read(staff.get(at))["shipments"][0]
    makers.read(staff.post(f"/admin/shipments/{parcel['id']}/deliver", {"deliveredTo": WORDS["taken_in"]}))
    relay.drain()
    line = makers.read(me.get(f"/storefront/orders/{order.pk}"))["items"][0]["id"]
    asked = makers.read(me.post(f"/storefront/orders/{order.pk}/returns", {
        "items": [{"orderItemId": line, "quantity": 1, "reason": "defective"}], "comment": WORDS["comment"], "pickupAddress": address,
    }, key=True), 201)
    photo = me.client.post(
        f"/storefront/orders/{order.pk}/returns/{asked['id']}/photos", _PNG, content_type="image/png", headers=me.headers,
    )
    assert photo.status_code == 201, photo.content
    job = makers.read(staff.post("/admin/jobs/statuses", {"csv": f"order_number,status,note\n{order.number},shipped,{WORDS['file']}\n"}, key=True), 202)
    _run_jobs()
    return Planted(person.pk, me, staff, order, key, [started, asked["id"], job["id"], parcel["id"]])


def settle(planted: Planted, gateway: FakeGateway) -> None:
    """Whatever still needs the data comes to its end: the return is declined, a refund is given and paid out."""
    makers.read(planted.staff.post(f"/admin/returns/{planted.answers[1]}/decline", {"reason": WORDS["reason"]}, key=True))
    makers.read(planted.staff.post(
        f"/admin/orders/{planted.order.number}/refund", {"amount": 1000, "reason": WORDS["reason"], "initiatePaymentRefund": True}, key=True,
    ), 201)
    relay.drain()
    payment = Payment.objects.get(stream=str(planted.order.pk))
    refund = payment.refunds.get()
    if refund.status != "processed":
        gateway.move_refund(str(refund.gateway_refund_id), "processed")
        money._ask_refund_again(refund)
    relay.drain()


def _pay(gateway: FakeGateway, order: Order, client: Any) -> None:
    payment = Payment.objects.get(stream=str(order.pk))
    pay_id = gateway.pay(payment.gateway_order_id or "")
    paid = gateway.payments[pay_id]
    body = body_of("payment.captured", payment={
        "id": pay_id, "order_id": paid.order_id, "amount": paid.amount_minor, "currency": paid.currency, "status": paid.status,
        "email": WORDS["email"], "contact": WORDS["phone"], "vpa": WORDS["email"], "captured": True,
    })
    answer = client.post(
        "/webhooks/razorpay", data=body, content_type="application/json",
        headers={"X-Razorpay-Signature": sign(body), "X-Razorpay-Event-Id": f"evt_{uuid.uuid4().hex[:14]}"},
    )
    assert answer.status_code == 200, answer.content
    relay.drain()


def _run_jobs() -> None:
    from orders.tasks import run_jobs

    run_jobs()
    relay.drain()
