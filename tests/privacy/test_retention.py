"""Each kind is kept so many days and then let go of; events, books and invoices never (B69)."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from orders.models import DataRequest, Document, JobChunk, Message, ReturnPhoto
from orders.operations.returns import picture
from orders.privacy import retention
from payments.models import Entry, Notice
from shipping.models import Label
from tests.payments.fake_gateway import FakeGateway
from tests.privacy import planting
from timeline.models import Event, Receipt

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_dry_run_tells_and_a_run_does_it(shop_gateway: FakeGateway, settings: Any) -> None:
    planted = planting.plant(shop_gateway, Client())
    planting.settle(planted, shop_gateway)
    settings.RETAIN_PERSONS_DAYS = 700
    much_later = timezone.now() + timedelta(days=400)
    before = {line.name: line for line in retention.preview(timezone.now())}
    assert {name for name, line in before.items() if line.over} == set()
    assert all(before[name].oldest_kept is not None for name in ("notices", "messages", "labels", "answers", "photos", "files"))

    out = StringIO()
    call_command("retain", "--dry-run", stdout=out)
    assert out.getvalue().count("\n") == len(retention.RULES)
    kept = (Event.objects.count(), Entry.objects.count(), Document.objects.get(kind="invoice").recipient())
    told = {line.name: line.over for line in retention.preview(much_later) if line.over}
    done = retention.apply(much_later)
    assert done == told
    assert {"notices", "messages", "labels", "answers", "photos", "files", "carts"} <= set(done)
    assert not Notice.objects.exclude(sealed=b"").exists()
    assert not Receipt.objects.exists()
    assert Label.objects.get().file() == b""
    assert picture(ReturnPhoto.objects.get()) == b""
    assert JobChunk.objects.get().rows() == []
    assert Message.objects.exclude(sealed=b"").count() == 0
    assert planted.staff.get("/admin/orders").status_code == 200
    event = Event.objects.get(kind="retention.applied")
    assert (event.facts["counts"], event.facts["total"]) == (done, sum(done.values()))
    assert (Event.objects.count() - 1, Entry.objects.count(), Document.objects.get(kind="invoice").recipient()) == kept
    assert retention.apply(much_later) == {}

    settings.RETAIN_PERSONS_DAYS = 0
    assert not DataRequest.objects.exists(), "nobody is erased by itself unless days are set"
    settings.RETAIN_BOOKS_DAYS = 30
    assert retention.apply(much_later) == {"business_recipients": 2}, "the invoice's and the credit note's"
    assert Document.objects.get(kind="invoice").recipient() == {}
