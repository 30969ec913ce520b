"""Parcels over the API: lists, what is seen on the way, losses and claims, paper for many, manifests (E16 to E20, Z4, B33, B34)."""

from __future__ import annotations

import json
import re
import uuid
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Level
from orders import parcels as reading
from orders.models import Order
from orders.operations import fulfil, holds
from orders.queries import parcel
from shipping import papers
from shipping.models import Claim, Label, Manifest, ManifestParcel, Shipment
from tests import makers
from timeline.models import Event
from timeline.operations import operation

pytestmark = pytest.mark.django_db


def body(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


def shipped(**wish: Any) -> Shipment:
    order = makers.shipped_order(**wish)
    return Shipment.objects.get(stream=str(order.pk))


def labelled(**wish: Any) -> Shipment:
    """A parcel of an order, with a number and a label, still here."""
    order = makers.processing_order(**wish)
    with operation("test.book", actor=makers.STAFF, stream=str(order.pk)) as op:
        shipment = fulfil.book(op, order_id=order.pk, items=None)
    from timeline import relay

    relay.drain()
    return Shipment.objects.get(pk=shipment.pk)


def reverse_of(shipment: Shipment) -> Shipment:
    """A parcel that comes back from the same customer."""
    from shipping import operations as parcels
    from shipping.addresses import from_wire

    with operation("test.reverse", actor=makers.STAFF, stream=shipment.stream) as op:
        back = parcels.book(
            op, stream=shipment.stream, reference=shipment.reference, carrier="own_fleet", service="standard", warehouse_code="BLR-1",
            origin=shipment.origin, destination=from_wire(shipment.private()["destination"]), key=shipment.key, weight_g=250,
            contents=shipment.contents, cod_amount_minor=0, currency="INR", direction="reverse",
        )
        return parcels.label_by_hand(op, shipment_id=back.pk)


def again(shipment: Shipment) -> Shipment:
    return Shipment.objects.get(pk=shipment.pk)


def flagged(shipment: Shipment) -> None:
    from shipping import operations as parcels

    with operation("test.flag", actor=makers.STAFF, stream=shipment.stream) as op:
        parcels.flag(op, shipment_id=shipment.pk, word="cancel_refused")


def test_the_list_is_found_by_what_is_asked() -> None:
    boss = makers.staff()
    first, second = shipped(), shipped()
    back = reverse_of(first)
    Shipment.objects.filter(pk=first.pk).update(promised_on=timezone.localdate() - timedelta(days=1))
    flagged(second)

    def ids(**query: Any) -> set[str]:
        return {row["id"] for row in body(boss.get("/admin/shipments", **query))["data"]}

    assert ids() == {str(first.pk), str(second.pk), str(back.pk)}
    assert ids(direction="reverse") == {str(back.pk)}
    assert ids(late="true") == {str(first.pk)}
    assert ids(late="false") == {str(second.pk), str(back.pk)}
    assert ids(flagged="true") == {str(second.pk)}
    assert ids(status="shipped,delivered") == {str(first.pk), str(second.pk)}
    assert ids(carrier="nobody") == set()
    assert ids(number=second.tracking_number) == {str(second.pk)}
    assert ids(number=first.reference.lower()) == {str(first.pk), str(back.pk)}
    assert boss.get("/admin/shipments", sideways="1").status_code == 400
    row = body(boss.get("/admin/shipments", number=second.tracking_number))["data"][0]
    assert (row["orderNumber"], row["flags"], row["isLate"], row["warnings"]) == (second.reference, ["cancel_refused"], False, [])


def test_the_list_costs_the_same_for_two_as_for_twelve() -> None:
    boss = makers.staff()
    costs = []
    for many in (2, 10):
        for _ in range(many):
            shipped()
        with CaptureQueriesContext(connection) as seen:
            body(boss.get("/admin/shipments", limit=50))
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_a_parcel_that_comes_back_is_read_moved_and_never_the_orders_own() -> None:
    """Returns: reverse parcels are carried by the same verbs and count for nothing of the order."""
    boss = makers.staff()
    order = makers.delivered_order()
    there = Shipment.objects.get(stream=str(order.pk))
    back = reverse_of(there)
    assert body(boss.get(f"/admin/shipments/{back.pk}"))["direction"] == "reverse"
    assert body(boss.post(f"/admin/shipments/{back.pk}/dispatch"))["status"] == "shipped"
    assert body(boss.post(f"/admin/shipments/{back.pk}/scans", {"status": "in_transit"}))["status"] == "in_transit"
    assert body(boss.post(f"/admin/shipments/{back.pk}/deliver"))["status"] == "delivered"
    found = Order.objects.get(pk=order.pk)
    assert (found.status, found.fulfilment_state) == (order.status, order.fulfilment_state)


def test_scans_by_hand_move_the_parcel_and_a_delivery_ends_the_order() -> None:
    """B34."""
    boss, shipment = makers.staff(), shipped()
    path = f"/admin/shipments/{shipment.pk}/scans"
    row = body(boss.post(path, {"status": "in_transit", "place": "Pune hub"}))
    assert (row["status"], row["scans"][0]["place"]) == ("in_transit", "Pune hub")
    assert body(boss.post(path, {"status": "delivered"}))["status"] == "delivered"
    assert Order.objects.get(pk=shipment.stream).status == "delivered"
    assert boss.post(path, {"status": "in_transit"}).status_code == 409


@pytest.mark.parametrize(
    ("wish", "status"),
    [({"status": "lost"}, 400), ({"status": ""}, 400), ({}, 400), ({"status": "in_transit", "reason": "tired"}, 400),
     ({"status": "in_transit", "at": "2150-01-01T00:00:00Z"}, 422), ({"status": "in_transit", "colour": "red"}, 400)],
)
def test_a_scan_that_is_none_changes_nothing(wish: dict[str, Any], status: int) -> None:
    boss, shipment = makers.staff(), shipped()
    assert boss.post(f"/admin/shipments/{shipment.pk}/scans", wish).status_code == status
    assert (again(shipment).status, Event.objects.filter(kind="shipment.scanned").count()) == ("shipped", 0)


def test_an_attempt_says_why_and_what_is_next() -> None:
    boss, shipment = makers.staff(), shipped()
    row = body(boss.post(f"/admin/shipments/{shipment.pk}/attempt", {"reason": "address"}))
    assert (row["status"], row["attempts"], row["attemptReason"], row["nextStep"]) == ("attempted", 1, "address", "mend_address")


def test_refused_at_the_door_and_sent_back_is_on_its_way_to_us() -> None:
    """Z4: the goods are stock again when they are received."""
    boss, shipment = makers.staff(), shipped()
    row = body(boss.post(f"/admin/shipments/{shipment.pk}/attempt", {"reason": "refused", "nextStep": "send_back"}))
    assert row["status"] == "returning"
    on_hand = Level.objects.get(variant__sku=shipment.contents[0]["sku"]).on_hand
    assert body(boss.post(f"/admin/shipments/{shipment.pk}/return"))["status"] == "returned"
    assert Level.objects.get(variant__sku=shipment.contents[0]["sku"]).on_hand == on_hand + 2


def test_a_parcel_is_called_back() -> None:
    boss, shipment = makers.staff(), shipped()
    assert body(boss.post(f"/admin/shipments/{shipment.pk}/bring-back"))["status"] == "returning"
    assert boss.post(f"/admin/shipments/{shipment.pk}/bring-back").status_code == 409


def test_a_lost_parcel_is_claimed_at_the_goods_worth_and_the_claim_is_followed() -> None:
    boss = makers.staff()
    order = makers.processing_order()
    order_path = f"/admin/orders/{order.pk}/status"
    body(boss.patch(order_path, {"status": "shipped", "carrier": "Blue Dart", "trackingNumber": "76878391881"}))
    shipment = Shipment.objects.get(stream=str(order.pk))
    assert body(boss.post(f"/admin/shipments/{shipment.pk}/lose"))["status"] == "lost"
    claim = body(boss.get("/admin/claims"))["data"][0]
    assert (claim["status"], claim["amount"], claim["orderNumber"]) == ("open", order.total_minor - order.shipping_minor, order.number)

    path = f"/admin/claims/{claim['id']}"
    assert boss.post(f"{path}/pay", {"paidAmount": 1}).status_code == 409, "it is not filed"
    assert body(boss.post(f"{path}/file", {"reference": "CLM-1"}))["status"] == "filed"
    assert body(boss.post(f"{path}/refuse"))["status"] == "refused"
    assert body(boss.post(f"{path}/file", {"reference": "CLM-2"}))["reference"] == "CLM-2"
    assert boss.post(f"{path}/pay", {"paidAmount": claim["amount"] + 1}).status_code == 422
    paid = body(boss.post(f"{path}/pay", {"paidAmount": 100}))
    assert (paid["status"], paid["paidAmount"]) == ("paid", 100)
    assert boss.post(f"{path}/drop").status_code == 409
    assert body(boss.get("/admin/claims", status="open"))["data"] == []
    kinds = set(Event.objects.filter(stream=str(order.pk), kind__startswith="claim.").values_list("kind", flat=True))
    assert kinds == {"claim.opened", "claim.filed", "claim.refused", "claim.paid"}


def test_our_own_drivers_owe_us_nothing_unless_it_is_said() -> None:
    boss, first, second = makers.staff(), shipped(), shipped()
    body(boss.post(f"/admin/shipments/{first.pk}/lose"))
    assert Claim.objects.count() == 0
    body(boss.post(f"/admin/shipments/{second.pk}/lose", {"claimAmount": 5_000}))
    assert Claim.objects.get().amount_minor == 5_000


def test_a_damaged_parcel_goes_on_and_is_claimed_once() -> None:
    boss, shipment = makers.staff(), shipped()
    path = f"/admin/shipments/{shipment.pk}/damage"
    row = body(boss.post(path, {"claimAmount": 700, "note": "wet"}))
    assert (row["status"], bool(row["damagedAt"])) == ("shipped", True)
    assert boss.post(path, {}).status_code == 409
    assert Claim.objects.get().kind == "damaged"
    assert Event.objects.get(kind="shipment.damaged").facts == {"tracking_number": shipment.tracking_number}


def test_a_flag_is_answered_by_a_person() -> None:
    boss, shipment = makers.staff(), shipped()
    flagged(shipment)
    path = f"/admin/shipments/{shipment.pk}/flags/answer"
    assert body(boss.post(path, {"note": "seen"}))["flags"] == []
    assert boss.post(path, {}).status_code == 409


def test_a_doubtful_number_is_a_warning_and_no_refusal() -> None:
    """PROTOCOLS 3.3."""
    boss, order = makers.staff(), makers.processing_order()
    row = body(boss.patch(f"/admin/orders/{order.pk}/status", {"status": "shipped", "carrier": "UPS", "trackingNumber": "1Z5R89390357567128"}))
    assert row["status"] == "shipped"
    assert len(row["shipments"][0]["warnings"]) == 1


def test_a_customer_sees_no_flags_of_their_parcel() -> None:
    caller = makers.customer()
    order = makers.shipped_order(person_id=caller.person_id)
    row = body(caller.get(f"/storefront/orders/{order.pk}"))["shipments"][0]
    assert not {"flags", "warnings", "isLate", "nextStep", "damagedAt"} & row.keys()
    assert row["trackingPage"].startswith("/t/")


# --- Paper ------------------------------------------------------------------------------------------------------------


def pages(pdf: bytes) -> int:
    inflated = b""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            inflated += zlib.decompress(stream)
        except zlib.error:
            continue
    return len(re.findall(rb"/Type\s*/Page(?![a-zA-Z])", pdf + inflated))


@pytest.mark.django_db(transaction=True)
def test_many_labels_are_one_pdf_with_a_pick_list_in_front() -> None:
    boss = makers.staff()
    chosen = [str(labelled().pk) for _ in range(3)]
    response = boss.post("/admin/shipments/labels", {"shipmentIds": chosen})
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/pdf")
    assert pages(response.content) == 3
    assert pages(boss.post("/admin/shipments/labels", {"shipmentIds": chosen, "pickList": True}).content) == 4


@pytest.mark.django_db(transaction=True)
def test_labels_of_carriers_are_put_together_page_by_page_and_unreadable_ones_named() -> None:
    boss, good, bad = makers.staff(), labelled(), labelled()
    two = papers.labels_pdf([good.pk, bad.pk])
    Label.objects.filter(shipment=good).update(pdf=two)
    assert pages(papers.labels_pdf([good.pk])) == 2, "a label of two pages stays one of two"
    Label.objects.filter(shipment=bad).update(pdf=b"%PDF-1.7\n% nothing")
    response = boss.post("/admin/shipments/labels", {"shipmentIds": [str(good.pk), str(bad.pk)]})
    assert [row["pointer"] for row in body(response, 422)["errors"]] == ["#/shipmentIds/1"]


@pytest.mark.parametrize(("wish", "status"), [([], 400), ([str(uuid.uuid4())], 422), ([str(uuid.uuid4()) for _ in range(101)], 400), (["x"], 400)])
def test_labels_that_are_not_there_are_named(wish: list[str], status: int) -> None:
    assert makers.staff().post("/admin/shipments/labels", {"shipmentIds": wish}).status_code == status


@pytest.mark.django_db(transaction=True)
def test_a_manifest_is_listed_signed_and_handed_over_in_one_go() -> None:
    boss, chosen = makers.staff(), [labelled(), labelled()]
    made = body(boss.post("/admin/manifests", {"shipmentIds": [str(one.pk) for one in chosen]}), 201)
    assert (made["status"], made["parcels"], made["carrier"], made["warehouse"]) == ("open", 2, "own_fleet", "BLR-1")
    paper = boss.get(made["document"])
    assert paper.content.startswith(b"%PDF-")
    assert boss.post("/admin/manifests", {"shipmentIds": [str(chosen[0].pk)]}).status_code == 422, "it stands on one already"
    path = f"/admin/manifests/{made['id']}"
    done = body(boss.post(f"{path}/hand-over"))
    assert (done["status"], done["left"], done["stayed"]) == ("handed_over", 2, [])
    assert {again(one).status for one in chosen} == {"shipped"}
    assert body(boss.post(f"{path}/hand-over"))["left"] == 2, "safe to repeat"
    assert boss.post(f"{path}/drop").status_code == 409
    assert Event.objects.filter(kind="shipment.shipped").count() == 2
    assert [row["id"] for row in body(boss.get("/admin/manifests", status="handed_over"))["data"]] == [made["id"]]


@pytest.mark.django_db(transaction=True)
def test_one_order_on_hold_keeps_its_own_parcel_here_and_no_other() -> None:
    boss, first, second = makers.staff(), labelled(), labelled()
    made = body(boss.post("/admin/manifests", {"shipmentIds": [str(first.pk), str(second.pk)]}), 201)
    with operation("test.hold", actor=makers.STAFF, stream=first.stream) as op:
        holds.hold(op, order_id=uuid.UUID(first.stream), reason="fraud")
    done = body(boss.post(f"/admin/manifests/{made['id']}/hand-over"))
    assert (done["left"], [row["shipmentId"] for row in done["stayed"]]) == (1, [str(first.pk)])
    assert (again(first).status, again(second).status) == ("labelled", "shipped")
    assert not ManifestParcel.objects.get(shipment=first).is_live, "it may stand on the next"


@pytest.mark.django_db(transaction=True)
def test_a_dropped_manifest_sets_its_parcels_free() -> None:
    boss, shipment = makers.staff(), labelled()
    made = body(boss.post("/admin/manifests", {"shipmentIds": [str(shipment.pk)]}), 201)
    assert body(boss.post(f"/admin/manifests/{made['id']}/drop"))["status"] == "dropped"
    assert boss.post(f"/admin/manifests/{made['id']}/hand-over").status_code == 409
    assert again(shipment).status == "labelled"
    body(boss.post("/admin/manifests", {"shipmentIds": [str(shipment.pk)]}), 201)


def test_a_manifest_takes_labelled_parcels_of_one_carrier() -> None:
    boss, gone = makers.staff(), shipped()
    response = body(boss.post("/admin/manifests", {"shipmentIds": [str(gone.pk), str(uuid.uuid4())]}), 422)
    assert [row["pointer"] for row in response["errors"]] == ["#/shipmentIds/0", "#/shipmentIds/1"]
    assert Manifest.objects.count() == 0


@pytest.mark.parametrize("path", ["scans", "attempt", "lose", "damage", "bring-back", "flags/answer"])
def test_keys_without_the_scope_and_parcels_that_are_not_there(path: str) -> None:
    wish = {"scans": {"status": "in_transit"}, "attempt": {"reason": "other"}}.get(path, {})
    assert makers.staff("orders:read").post(f"/admin/shipments/{uuid.uuid4()}/{path}", wish).status_code == 403
    assert makers.staff().post(f"/admin/shipments/{uuid.uuid4()}/{path}", wish).status_code == 404
    assert makers.nobody().post(f"/admin/shipments/{uuid.uuid4()}/{path}", wish).status_code == 401


def test_a_repeat_with_the_same_key_changes_nothing() -> None:
    boss, shipment = makers.staff(), shipped()
    path = f"/admin/shipments/{shipment.pk}/attempt"
    first = boss.post(path, {"reason": "later"}, key="attempt-once-1")
    second = boss.post(path, {"reason": "later"}, key="attempt-once-1")
    assert first.content == second.content
    assert again(shipment).attempts == 1


def test_both_readings_of_a_parcel_agree() -> None:
    shipment = shipped()
    ours, theirs = reading.parcel(shipment.pk), parcel(shipment.pk)
    assert (ours.units, ours.has_label) == (theirs.units, theirs.has_label)
