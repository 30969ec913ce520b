"""A person's data, handed over as one archive that only they and staff can fetch, for a while (B95, GDPR 15 and 20)."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import ArchivePart
from orders.privacy import erasures
from tests import makers
from tests.payments.fake_gateway import FakeGateway
from tests.privacy import planting
from timeline.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
MINE = "/storefront/me/data-requests"


def body_of(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def test_the_archive_says_everything_and_goes_to_nobody_else(shop_gateway: FakeGateway) -> None:
    planted = planting.plant(shop_gateway, Client())
    me = planted.caller
    asked = makers.read(me.post(MINE, {"kind": "access"}, key=True), 202)
    assert makers.read(me.post(MINE, {"kind": "access"}, key=True), 202)["id"] == asked["id"], "one of a kind is open at a time"
    erasures.serve_due(timezone.now())
    ready = makers.read(me.get(f"{MINE}/{asked['id']}"))
    assert (ready["status"], ready["archiveBytes"] > 0) == ("ready", True)

    data = body_of(me.get(ready["archiveUrl"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        everything = b"\n".join(archive.read(name) for name in names)
    assert {"README.txt", "profile.json", "events.json", f"orders/{planted.order.number}.json"} <= set(names)
    assert any(name.endswith("-1.png") for name in names), "the photo of the return"
    unsaid = set(planting.WORDS) - set(planting.hits(everything))
    assert unsaid == {"file", "reason"}, "the row of the file did nothing, and the reason was not said yet"
    assert planting.hits(planting.database_bytes()) == [], "the archive is kept sealed"

    other = makers.customer()
    assert other.get(ready["archiveUrl"]).status_code == 404
    assert other.get(f"{MINE}/{asked['id']}").status_code == 404
    assert makers.nobody().get(ready["archiveUrl"]).status_code == 401
    assert makers.staff("orders:read").get(ready["archiveUrl"].replace(MINE, "/admin/data-requests")).status_code == 403
    assert me.get(f"{MINE}/{asked['id']}/archive", token="forged").status_code == 404
    assert body_of(planted.staff.get(makers.read(planted.staff.get(f"/admin/data-requests/{asked['id']}"))["archiveUrl"])) == data
    assert Event.objects.filter(kind="privacy.archive_fetched", stream=str(planted.person_id)).count() == 2

    erasures.serve_due(timezone.now() + timedelta(days=8))
    assert me.get(ready["archiveUrl"]).status_code == 410, "the link has died"
    assert makers.read(me.get(f"{MINE}/{asked['id']}"))["status"] == "expired"
    assert not ArchivePart.objects.exists()
