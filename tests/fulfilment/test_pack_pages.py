"""The packing table: waves, pick list, slip, scans that count once, with and without a script (UX B5.5)."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import work
from orders.models import Fulfilment, Order, PackScan
from orders.operations import holds
from shipping.distances import zone
from shipping.states import STATES
from tests import makers as shop
from tests.fulfilment import makers
from timeline import relay

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
INDIA = ZoneInfo("Asia/Kolkata")
CUTOFFS = [time(11), time(15)]


@pytest.fixture
def asha(client: Client, django_user_model: Any) -> Client:
    client.force_login(shop.member("asha"))
    return client


@pytest.fixture
def order() -> Order:
    skus = [shop.product("TEA-1").sku, shop.product("CUP-2").sku]
    made = shop.paid_order(skus=skus, quantity=2)
    makers.planned(made)
    return made


def box_of(order: Order) -> Fulfilment:
    return order.fulfilments.order_by("created_at", "id").first()  # type: ignore[return-value]


def scan(asha: Client, box: Fulfilment, code: str, *, scan_id: str = "") -> Any:
    body = {"scan": scan_id or str(uuid.uuid4()), "code": code}
    response = asha.post(f"/console/pack/{box.pk}/scan/", body, headers={"Accept": "application/json"})
    return response.status_code, json.loads(response.content)


@pytest.mark.parametrize(
    ("since", "leaves"), [("2026-11-28 10:59", "2026-11-28 11:00"), ("2026-11-28 11:00", "2026-11-28 15:00"), ("2026-11-28 15:30", "2026-11-29 11:00")]
)
def test_a_box_leaves_at_the_first_cutoff_after_its_release(since: str, leaves: str) -> None:
    at = datetime.fromisoformat(since).replace(tzinfo=INDIA).astimezone(UTC)
    assert work.cutoff_after(at, CUTOFFS, INDIA) == datetime.fromisoformat(leaves).replace(tzinfo=INDIA)


def test_every_state_is_in_a_region() -> None:
    assert {zone(state.code, state.code) for state in STATES} == {"same_state"}
    assert all("same_region" in {zone(state.code, other.code) for other in STATES} for state in STATES)
    assert (zone("IN-KA", "IN-TN"), zone("IN-KA", "IN-DL"), zone("IN-KA", "")) == ("same_region", "elsewhere", "elsewhere")


def test_waves_are_by_cutoff_warehouse_and_zone_and_leave_out_what_is_held(order: Order) -> None:
    far = shop.paid_order(skus=["TEA-1"], shippingAddress=shop.address(state="IN-DL", postalCode="110001"))
    kept = shop.paid_order(skus=["TEA-1"])
    for one in (far, kept):
        makers.planned(one)
    makers.do(kept, holds.hold, reason="fraud")
    found = work.waves(cutoffs=CUTOFFS, zone_info=INDIA)
    assert [(wave.zone, [box.order_id for box in wave.boxes], wave.units) for wave in found] == [
        ("same_state", [order.pk], 4), ("elsewhere", [far.pk], 2),
    ]


def test_waves_cost_the_same_for_one_box_and_for_many(order: Order) -> None:
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as seen:
            work.waves(cutoffs=CUTOFFS, zone_info=INDIA)
        costs.append(len(seen))
        for _ in range(5):
            makers.planned(shop.paid_order(skus=["TEA-1"]))
    assert costs[0] == costs[1] <= 4


def test_a_box_is_scanned_together_and_packs_itself(asha: Client, order: Order) -> None:
    box = box_of(order)
    assert scan(asha, box, "tea-1")[1]["result"] == "right"
    assert shop.again(order).status == "processing", "the first scan starts the packing"
    assert scan(asha, box, "TEA-1 ")[1]["left"] == 2
    status, said = scan(asha, box, "TEA-1")
    assert (status, said["result"], said["left"]) == (200, "over", 2)
    assert scan(asha, box, "SOAP-9")[1]["result"] == "wrong"
    scan(asha, box, "CUP-2")
    said = scan(asha, box, "CUP-2")[1]
    assert (said["isPacked"], said["left"], said["status"]) == (True, 0, "packed")
    packed = box_of(order)
    assert packed.shipment is not None
    assert packed.shipment.carrier == "own_fleet"
    relay.drain()
    state = json.loads(asha.get(f"/console/pack/{box.pk}/", headers={"Accept": "application/json"}).content)
    assert state["label"] == f"/admin/shipments/{packed.shipment_id}/label"
    makers.require_sums(order)


def test_a_scan_that_is_sent_twice_counts_once(asha: Client, order: Order) -> None:
    """The queue of an offline table is sent again after a lost answer."""
    box = box_of(order)
    mine = str(uuid.uuid4())
    first, again = (scan(asha, box, "TEA-1", scan_id=mine) for _ in range(2))
    assert first == again
    assert (first[1]["left"], PackScan.objects.count()) == (3, 1)
    other = shop.paid_order(skus=["TEA-1"])
    makers.planned(other)
    status, said = scan(asha, box_of(other), "TEA-1", scan_id=mine)
    assert (status, said["result"]) == (409, "refused")


@pytest.mark.parametrize(("code", "mine"), [("", None), ("x" * 65, None), ("a\x00b", None), ("TEA-1", "not-an-id")])
def test_what_is_no_scan_is_refused_in_words(asha: Client, order: Order, code: str, mine: str | None) -> None:
    status, said = scan(asha, box_of(order), code, scan_id=mine or "")
    assert (status, said["result"]) == (422, "refused")
    assert PackScan.objects.count() == 0


def test_without_a_script_each_scan_is_a_form(asha: Client, order: Order) -> None:
    box = box_of(order)
    page = asha.get(f"/console/pack/{box.pk}/").content.decode()
    mine = re.search(r'name="scan" value="([^"]+)"', page)
    assert mine is not None
    response = asha.post(f"/console/pack/{box.pk}/scan/", {"scan": mine[1], "code": "TEA-1"}, follow=True)
    assert "Right" in response.content.decode()
    assert "data-left-all>3<" in response.content.decode()
    refused = asha.post(f"/console/pack/{box.pk}/scan/", {"scan": "x", "code": "TEA-1"})
    assert (refused.status_code, "has no id" in refused.content.decode()) == (422, True)


def test_a_full_box_goes_and_the_rest_is_a_box_of_its_own(asha: Client, order: Order) -> None:
    """F2."""
    box = box_of(order)
    empty = asha.post(f"/console/pack/{box.pk}/finish/", {})
    assert empty.status_code == 409
    scan(asha, box, "TEA-1")
    assert asha.post(f"/console/pack/{box.pk}/finish/", {}).status_code == 302
    boxes = list(order.fulfilments.order_by("created_at", "id"))
    assert [(row.status, makers.units(row)) for row in boxes] == [
        ("packed", {"TEA-1": 1}), ("released", {"TEA-1": 1, "CUP-2": 2}),
    ]
    makers.require_sums(order)


def test_missing_units_are_noted_and_the_rest_is_packed(asha: Client, order: Order) -> None:
    """F4: the exception is made, the rest is kept; the last unit there is closes the box."""
    box = box_of(order)
    for code in ("TEA-1", "TEA-1", "CUP-2"):
        scan(asha, box, code)
    line = order.lines.get(sku="CUP-2")
    assert asha.post(f"/console/pack/{box.pk}/short/", {"line": str(line.pk), "units": "x"}).status_code == 422
    assert asha.post(f"/console/pack/{box.pk}/short/", {"line": str(line.pk), "units": "1"}).status_code == 302
    boxes = list(order.fulfilments.order_by("created_at", "id"))
    assert [(row.status, makers.units(row)) for row in boxes] == [("packed", {"TEA-1": 2, "CUP-2": 1}), ("released", {"CUP-2": 1})]
    makers.require_sums(order)


def test_a_box_that_is_left_is_emptied(asha: Client, order: Order) -> None:
    box = box_of(order)
    scan(asha, box, "TEA-1")
    assert asha.post(f"/console/pack/{box.pk}/leave/", {}).status_code == 302
    assert scan(asha, box, "TEA-1")[1]["left"] == 3, "what was in it has gone back"


def test_papers_are_pdfs_and_a_scanned_number_opens_its_box(asha: Client, order: Order) -> None:
    box = box_of(order)
    page = asha.get("/console/pack/").content.decode()
    link = re.search(r'href="(/console/pack/lists/[^"]+\.pdf)"', page)
    assert link is not None
    for path in (link[1], f"/console/pack/{box.pk}/slip.pdf"):
        response = asha.get(path)
        assert (response.status_code, response["Content-Type"], response.content[:4]) == (200, "application/pdf", b"%PDF")
    assert asha.get("/console/pack/", {"code": order.number.lower()}).headers["Location"] == f"/console/pack/{box.pk}/"
    assert asha.get("/console/pack/", {"code": str(box.pk)}).status_code == 302
    assert asha.get("/console/pack/", {"code": "ORD-19990101-00001"}).status_code == 404
    assert asha.get("/console/pack/lists/nothing.pdf").status_code == 404


def test_nothing_to_pack_says_when_the_next_carrier_comes(asha: Client) -> None:
    assert "The next carrier collects" in asha.get("/console/pack/").content.decode()


def test_it_is_for_staff_alone(client: Client, order: Order) -> None:
    box = box_of(order)
    for path in ("/console/pack/", f"/console/pack/{box.pk}/", f"/console/pack/{box.pk}/slip.pdf"):
        assert client.get(path).status_code == 302
    assert client.post(f"/console/pack/{box.pk}/scan/", {"scan": str(uuid.uuid4()), "code": "TEA-1"}).status_code == 302
    assert PackScan.objects.count() == 0


def test_a_box_that_is_not_there_is_404(asha: Client) -> None:
    assert asha.get(f"/console/pack/{uuid.uuid4()}/").status_code == 404
    assert asha.post(f"/console/pack/{uuid.uuid4()}/scan/", {"scan": str(uuid.uuid4()), "code": "A"}).status_code == 404
