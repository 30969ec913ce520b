"""A shop in which every page has something to show, made by operations and by the console's own forms."""

from __future__ import annotations

import io
import json
import uuid
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, reverse
from django.utils import timezone

from orders import helping, proving, tracking
from orders.bulk import running as jobs
from orders.models import (
    Case,
    ChannelImport,
    Checkout,
    DataRequest,
    Job,
    Order,
    OrderEdit,
    Return,
    RiskBlock,
    SavedView,
    Ticket,
)
from orders.models import Fulfilment as Work
from orders.operations import cancel, holds, notes, tickets
from orders.operations import refund as refunds
from orders.pages import urls
from orders.pages.stock_steps import STEPS
from payments import disputes
from payments.models import Dispute, Refund, Settlement
from shipping.models import Manifest, Shipment
from tests import makers, shelves
from tests.api.test_parcels import labelled
from tests.channels.bodies import body
from tests.flows import makers as flows
from tests.log import makers as book
from tests.pages.markup import check
from tests.pages.test_settlements import settled
from tests.reconciliation import makers as reconciliation
from tests.returns import makers as returns
from timeline import relay
from timeline.endpoints import sending
from timeline.exports import running as exports
from timeline.exports.export import Export
from timeline.log import seal
from timeline.models import Delivery, Dispatch, Endpoint, Event
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from tests.payments.fake_gateway import FakeGateway

PERSON = uuid.UUID(int=0xB0B0)
# Names as they come: another script, one that is written from the right, one without a space, a long one.
_NOTHING = {"UUIDConverter": uuid.UUID(int=1), "StringConverter": "x", "SlugConverter": "x", "IntConverter": 1}
NAMES = ("मीरा अय्यर", "عائشة الأنصاري", "Wolfeschlegelsteinhausenbergerdorff", "Maria Antonia Fernández-Villaverde y Sánchez de la Torre", "李小龍", "Meera Nair")


def fill(staff: Client, gateway: FakeGateway) -> None:
    """People, orders in every state, and one of everything that hangs on them."""
    _orders(gateway)
    _parcels(staff)
    _stock(staff)
    _money(gateway)
    _data(staff)
    relay.drain()
    seal.seal()


def _mine(verb: Callable[..., Order], place: int = 0, **wish: Any) -> Order:
    """An order of the shop's best customer."""
    home = makers.address(name=NAMES[place % len(NAMES)])
    return verb(person_id=PERSON, shippingAddress=home, skus=["TEA-1"], **wish)


def _do(order: Order, deed: Callable[..., Any], **nouns: Any) -> Any:
    with operation("test.do", actor=makers.STAFF, stream=str(order.pk)) as op:
        return deed(op, order_id=order.pk, **nouns)


def _orders(gateway: FakeGateway) -> None:
    makers.product("TEA-1", name="Darjeeling First Flush, hand-picked on the slopes above the Teesta, in a tin")
    _mine(makers.placed_order, 0)
    _mine(makers.placed_order, 1, payment_method="cod")
    paid = _mine(makers.paid_order, 2)
    _do(paid, notes.add, note="Ring twice. @asha")
    _mine(makers.processing_order, 3)
    shipped = _mine(makers.shipped_order, 4)
    delivered = _mine(makers.delivered_order, 5, quantity=3)
    _do(_mine(makers.paid_order, 0), holds.hold, reason="address", note="The PIN is of another city.")
    _do(_mine(makers.paid_order, 1), cancel.cancel, code="customer_request")
    back = _mine(makers.delivered_order, 2)
    for order, amount in ((back, back.total_minor), (_mine(makers.delivered_order, 3), 10_000)):
        _do(order, refunds.give, reason="Sorry", amount_minor=amount)
    _do(_mine(makers.delivered_order, 1), refunds.give, reason="Too dear", amount_minor=5_000, limit_minor=1)
    _do(shipped, tickets.open_ticket, topic="delivery", message="Where is it?")
    returns.approved(delivered)
    returns.asked(_mine(makers.delivered_order, 4))
    makers.checkout_ready(person_id=PERSON, skus=["TEA-1"])


def _parcels(staff: Client) -> None:
    chosen = labelled()
    staff.post("/console/shipments/manifest/", {"shipment": [str(chosen.pk)], "idempotency_key": uuid.uuid4().hex})
    lost = Shipment.objects.get(stream=str(makers.shipped_order().pk))
    staff.post(f"/console/shipments/{lost.pk}/do/lose/", {"claim_amount": "500", "idempotency_key": uuid.uuid4().hex})


def _stock(staff: Client) -> None:
    shelves.warehouse("DEL", priority=20)
    for path, fields in (
        ("do/send/", {"source": makers.WAREHOUSE, "target": "DEL", "lines": "TEA-1 4"}),
        ("do/count/", {"warehouse": makers.WAREHOUSE, "lines": "TEA-1 8"}),
    ):
        staff.post(f"/console/stock/{path}", {"idempotency_key": uuid.uuid4().hex, **fields})
    file = io.BytesIO(b"sku,on_hand\nTEA-1,8\nNONE,1\n")
    file.name = "counts.csv"
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M:%S")
    staff.post("/console/stock/conflicts/", {"counts-warehouse": makers.WAREHOUSE, "counts-taken_at": now, "counts-file": file})


def _money(gateway: FakeGateway) -> None:
    flows.product("POT-1", units=50, code=makers.WAREHOUSE)
    disputed = flows.delivered_order(gateway, {"POT-1": 1})
    gateway.dispute(flows.payment_of(disputed).gateway_payment_id or "")
    disputes.sweep()
    refused = reconciliation.paid(gateway, {"POT-1": 1})
    with operation("refund.ask", actor=makers.STAFF, stream=str(refused.pk)) as op:
        refund = reconciliation.payments.ask_refund(op, payment_id=reconciliation.payment(refused).pk, amount_minor=700, reason_code="goodwill")
        reconciliation.payments.fail_refund(op, refund_id=refund.pk, code="BAD", reason="no balance")
    settled(makers.paid_order())
    reconciliation.run()


def _data(staff: Client) -> None:
    order = _mine(makers.paid_order, 5)
    staff.post("/console/channels/", {"channel": "woocommerce", "file": SimpleUploadedFile("orders.json", json.dumps(body("woocommerce")).encode())})
    staff.post("/console/jobs/send/", {"kind": "statuses", "file": SimpleUploadedFile("steps.csv", f"order_number,status\n{order.number},processing\nORD-19990101-00001,processing\n".encode())})
    while jobs.run_due(60):
        pass
    staff.post("/console/exports/ask/", {"kind": "events", "format": "csv", "action": "order.*", "month": ""})
    staff.post("/console/exports/every-month/", {"every-name": "Accounts", "every-kind": "orders", "every-format": "parquet", "every-day": "2", "every-at": "06:30"})
    exports.run_due()
    staff.post("/console/views/save/", {"name": "Pune", "back": "?view=to-pack&q=city:Pune", "is_shared": "on", "sort": "-total"})
    staff.post("/console/risk/blocklist/", {"kind": "email", "value": "meera@example.com", "reason": "chargeback", "idempotency_key": "1" * 32})
    staff.post("/console/privacy/ask/", {"customer": "meera@example.com", "kind": "access"})
    hidden = dict(check(staff.get("/console/endpoints/").content.decode()).hidden)
    staff.post("/console/endpoints/", {**hidden, "name": "Warehouse", "url": "http://127.0.0.1:9/hook", "kinds": "stock.*, order.placed", "payload": "full", "envelope": "standard"})
    relay.drain()
    book.arrival("TEA-1")
    seal.seal()
    sending.run(5)
    rows = Delivery.objects.order_by("id")[:2]
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(state="parked", attempts=relay.ATTEMPTS_MAX, error="ConnectionError: the mail server is silent")


def places() -> dict[frozenset[str], list[dict[str, Any]]]:
    """What there is, by the names of the parts of an address: `{number}`, `{number, fulfilment_id}`, …"""
    # What arrived has the most to show.
    mine = sorted(Order.objects.filter(person_id=PERSON), key=lambda order: (order.status != "delivered", order.created_at))
    every = [*mine, *Order.objects.exclude(person_id=PERSON)]
    numbers = {order.pk: order.number for order in every}
    found: list[dict[str, Any]] = [{"number": number} for number in numbers.values()]
    found += [{"number": numbers[row.order_id], "fulfilment_id": row.pk} for row in Work.objects.all()]
    found += [{"number": numbers[row.order_id], "rma": row.number} for row in Return.objects.all()]
    found += [{"number": numbers[row.order_id], "ticket_id": row.pk} for row in Ticket.objects.all()]
    found += [{"number": numbers[row.order_id], "edit_id": row.pk} for row in OrderEdit.objects.all()]
    found += [{"number": numbers[uuid.UUID(row.stream)], "refund_id": row.pk} for row in Refund.objects.select_related("payment")]
    found += [{"number": numbers[uuid.UUID(row.stream)], "entry_id": row.public_id} for row in Event.objects.filter(kind=notes.ADDED)]
    found += [{"token": helping.token_of(order.pk)} for order in mine]
    found += [{"token": helping.token_of(row.order_id), "ticket_id": row.pk} for row in Ticket.objects.all()]
    found += [{"token": tracking.path_of(row.pk).rpartition("/")[2]} for row in Shipment.objects.all()]
    found += [{"token": proving.link_of(order.pk).rpartition("/")[2]} for order in mine]
    for word, model in (
        ("fulfilment_id", Work), ("ticket_id", Ticket), ("shipment_id", Shipment), ("manifest_id", Manifest), ("export_id", Export), ("job_id", Job),
        ("import_id", ChannelImport), ("case_id", Case), ("endpoint_id", Endpoint), ("dispatch_id", Dispatch), ("view_id", SavedView),
        ("block_id", RiskBlock), ("request_id", DataRequest), ("refund_id", Refund),
    ):
        found += [{word: row.pk} for row in model.objects.all()[:4]]
    found += [{"rma": row.number} for row in Return.objects.all()]
    found += [{"settlement_id": row.gateway_settlement_id} for row in Settlement.objects.all()]
    found += [{"dispute_id": row.pk} for row in Dispute.objects.all()]
    found += [{"day": timezone.localdate().isoformat()}, {"sku": "TEA-1"}, *({"verb": verb} for verb in STEPS)]
    found += [{"checkout_id": row.pk} for row in Checkout.objects.filter(person_id=PERSON, order=None)]
    result: dict[frozenset[str], list[dict[str, Any]]] = {}
    for one in found:
        result.setdefault(frozenset(one), []).append(one)
    return result


def pages(client: Client, *, most: int) -> tuple[dict[str, list[str]], set[str]]:
    """At most so many addresses of every page, by its name in the URL table; and the names of those of which the shop has none.

    What takes no GET is no page, and neither is what answers with a file or a part of a page.
    """
    found: dict[str, list[str]] = {}
    missing = set()
    known = places()
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        name, parts = str(pattern.name), pattern.pattern.converters
        nothing = {word: _NOTHING[type(kind).__name__] for word, kind in parts.items()}
        if client.get(reverse(name, kwargs=nothing)).status_code == 405:
            continue
        right: list[tuple[str, Any]] = []
        for words in known.get(frozenset(parts), []) if parts else [{}]:
            answer = client.get(path := reverse(name, kwargs=words))
            if answer.status_code == 200:
                right.append((path, answer))
            if len(right) == most:
                break
        drawn = [path for path, answer in right if answer.headers["Content-Type"].startswith("text/html") and b"<html" in answer.content]
        if drawn:
            found[name] = drawn
        elif not right:
            missing.add(name)
    return found, missing
