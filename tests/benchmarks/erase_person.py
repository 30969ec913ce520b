"""`python -m tests.benchmarks.erase_person`: one customer through all that keeps words; then, at a word on its input, erased."""

from __future__ import annotations

import copy
import json
import os
import sys
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.erase_settings")

import django

django.setup()

from django.db import connection
from django.test import Client
from django.utils import timezone

from orders.models import ChannelImport, DataRequest
from orders.privacy import erasures
from payments.gateways import use
from tests import makers
from tests.channels.bodies import SHOPIFY
from tests.endpoints.receiver import Receiver
from tests.payments.fake_gateway import FakeGateway
from tests.privacy import planting
from tests.privacy.planting import WORDS, Planted
from timeline import relay
from timeline.endpoints import sending
from timeline.exports import running
from timeline.log import seal
from timeline.models import Dispatch

LAST_STEPS = ("processing", "shipped", "delivered")


def main() -> None:
    """Say what was done, a line each."""
    gateway = FakeGateway()
    with use(gateway), Receiver() as receiver:
        planted = _plant(gateway, receiver)
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # the server is stopped meanwhile
        say(orders=2, sent=len(receiver.got), wordsSent=len(planting.hits(b"\n".join(body for _, body in receiver.got))))
        sys.stdin.readline()
        say(erased=_erase(planted))


def _plant(gateway: FakeGateway, receiver: Receiver) -> Planted:
    staff = makers.staff()
    hook = {"name": "crm", "url": receiver.url, "kinds": ["*"], "payload": "full"}
    makers.read(staff.post("/admin/endpoints", hook), 201)
    planted = planting.plant(gateway, Client())
    at = f"/storefront/orders/{planted.order.number}"
    makers.read(planted.caller.post(f"{at}/tickets", {"message": WORDS["told"]}, key=True), 201)
    makers.read(staff.post(f"/admin/orders/{planted.order.number}/tickets", {"message": WORDS["comment"]}, key=True), 201)
    _import(staff)
    for wish in ({"kind": "orders", "personal": True}, {"kind": "events"}, {"kind": "orders", "personal": True, "format": "jsonl"}):
        makers.read(staff.post("/admin/exports", wish), 202)
    makers.read(staff.post(f"/admin/customers/{planted.person_id}/data-requests", {"kind": "access"}, key=True), 202)
    erasures.serve_due(timezone.now())
    planting.settle(planted, gateway)
    _settle()
    return planted


def _import(staff: makers.Caller) -> None:
    """The same customer buys at a marketplace."""
    for sku in ("KURTA-M", "STOLE-1"):
        makers.product(sku, units=50)
    told: dict[str, Any] = copy.deepcopy(SHOPIFY)
    first, last = WORDS["name"].split()
    told |= {"email": WORDS["email"], "note": WORDS["note"], "customer": {"id": 7, "first_name": first, "last_name": last}}
    told["shipping_address"] |= {
        "name": WORDS["name"], "address1": WORDS["line1"], "address2": WORDS["line2"], "city": WORDS["city"], "phone": WORDS["phone"],
    }
    taken = makers.read(staff.post("/admin/channels/shopify/orders", told))["data"][0]
    relay.drain()
    for status in LAST_STEPS:
        makers.read(staff.patch(f"/admin/orders/{taken['orderNumber']}/status", {"status": status}))
        relay.drain()


def _settle() -> None:
    """Everything is sealed, written and sent."""
    relay.drain()
    while seal.seal().count:
        pass
    running.run_due()
    until = time.monotonic() + 60
    while seal.seal().count or sending.run(5) or Dispatch.objects.filter(state="due", attempts=0).exists():
        assert time.monotonic() < until, "messages are not sent"


def _erase(planted: Planted) -> list[str]:
    people = {planted.person_id, *ChannelImport.objects.values_list("person_id", flat=True)}
    asked = [
        makers.read(planted.staff.post(f"/admin/customers/{one}/data-requests", {"kind": "erasure"}, key=True), 202)["id"] for one in people
    ]
    for _ in range(3):
        DataRequest.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        erasures.serve_due(timezone.now())
        _settle()
    rows = DataRequest.objects.filter(pk__in=asked)
    assert {str(row.status) for row in rows} == {"done"}, [(str(row.status), row.reasons) for row in rows]
    return [str(one) for one in people]


def say(**words: Any) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
