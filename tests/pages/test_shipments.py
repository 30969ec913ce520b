"""Parcels in the console: found, printed, handed over, claimed; and what waits for a person (UX B2, B9)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shipping import operations as parcels
from shipping.models import Claim, Manifest, Shipment
from tests.api.test_parcels import flagged, labelled, reverse_of, shipped
from tests.pages.markup import check
from tests.shelves import ASHA
from timeline.operations import operation

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/console/shipments/"


def text(asha: Client, path: str, **query: Any) -> str:
    response = asha.get(path, query)
    assert response.status_code == 200
    found = response.content.decode()
    check(found)
    return found


def do(asha: Client, shipment: Shipment, deed: str, **wish: Any) -> int:
    key = {"idempotency_key": uuid.uuid4().hex}
    return asha.post(f"{PATH}{shipment.pk}/do/{deed}/", {**key, **wish}).status_code


def again(shipment: Shipment) -> Shipment:
    return Shipment.objects.get(pk=shipment.pk)


def test_each_view_shows_its_own(asha: Client) -> None:
    late, odd, here = shipped(), shipped(), labelled()
    back = reverse_of(late)
    Shipment.objects.filter(pk=late.pk).update(promised_on=timezone.localdate() - timedelta(days=2))
    flagged(odd)
    for view, wanted in {
        "all": {late, odd, here, back}, "late": {late}, "flagged": {odd}, "here": {here}, "moving": {late, odd}, "reverse": {back}, "back": set(),
    }.items():
        found = text(asha, PATH, view=view)
        assert {one for one in (late, odd, here, back) if f"{PATH}{one.pk}/" in found} == wanted, view
    assert "The carrier did not cancel it" in text(asha, PATH, view="flagged")
    assert f"{PATH}{odd.pk}/" in text(asha, PATH, number=odd.reference)
    assert f"{PATH}{odd.pk}/" not in text(asha, PATH, number=odd.reference, carrier="nobody")


def test_the_list_costs_the_same_for_two_as_for_eight(asha: Client) -> None:
    costs = []
    for many in (2, 6):
        for _ in range(many):
            shipped()
        with CaptureQueriesContext(connection) as seen:
            text(asha, PATH)
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_an_empty_list_says_what_to_do(asha: Client) -> None:
    assert "No parcels yet" in text(asha, PATH)
    assert "Nothing waits here" in text(asha, PATH, view="late")
    assert "No parcel in this view fits" in text(asha, PATH, number="X")


def test_the_steps_of_one_parcel_work_by_forms_alone(asha: Client) -> None:
    shipment = labelled()
    page = text(asha, f"{PATH}{shipment.pk}/")
    assert "Hand over to carrier" in page
    assert "Give it up" not in page, "illegal steps are not drawn"
    assert do(asha, shipment, "dispatch") == 302
    assert do(asha, shipment, "scan", status="in_transit", place="Pune hub") == 302
    assert do(asha, shipment, "attempt", reason="address") == 302
    page = text(asha, f"{PATH}{shipment.pk}/")
    assert "Pune hub" in page
    assert "Mend the address" in page
    assert do(asha, shipment, "damage", claim_amount="12.50") == 302
    assert do(asha, shipment, "lose", claim_amount="99") == 302
    assert (again(shipment).status, set(Claim.objects.values_list("kind", "amount_minor"))) == ("lost", {("damaged", 1250), ("lost", 9900)})
    assert do(asha, shipment, "dispatch") == 409
    assert do(asha, shipment, "explode") == 404


def test_what_is_wrong_stands_beside_its_field_and_changes_nothing(asha: Client) -> None:
    shipment = shipped()
    assert do(asha, shipment, "attempt", reason="tired") == 422
    assert do(asha, shipment, "scan", status="") == 422
    assert again(shipment).status == "shipped"


def test_a_flag_is_answered(asha: Client) -> None:
    shipment = shipped()
    flagged(shipment)
    assert "The carrier did not cancel it" in text(asha, f"{PATH}{shipment.pk}/")
    assert do(asha, shipment, "answer", note="called them") == 302
    assert not again(shipment).is_flagged


def test_a_doubtful_number_is_pointed_out(asha: Client) -> None:
    """PROTOCOLS 3.3: shown, never refused."""
    shipment = shipped()
    Shipment.objects.filter(pk=shipment.pk).update(carrier="UPS", tracking_number="1Z5R89390357567128")
    assert "check digit" in text(asha, f"{PATH}{shipment.pk}/")


def test_the_chosen_ones_are_printed_or_put_on_a_manifest(asha: Client) -> None:
    chosen = [labelled(), labelled()]
    form = {"shipment": [str(one.pk) for one in chosen], "idempotency_key": uuid.uuid4().hex}
    response = asha.post(f"{PATH}labels/", {**form, "with": "pick_list"})
    assert (response.status_code, response.content[:5]) == (200, b"%PDF-")
    assert asha.post(f"{PATH}manifest/", form).status_code == 302
    assert asha.post(f"{PATH}manifest/", form).status_code == 302, "a double click makes one"
    manifest = Manifest.objects.get()
    assert manifest.number in text(asha, "/console/manifests/")
    assert asha.get(f"/console/manifests/{manifest.pk}/").content.startswith(b"%PDF-")
    assert asha.post(f"/console/manifests/{manifest.pk}/hand-over/").status_code == 302
    assert {again(one).status for one in chosen} == {"shipped"}
    assert "2 parcels handed over" in text(asha, "/console/manifests/")


def test_what_cannot_be_printed_is_named(asha: Client) -> None:
    bare = shipped()
    response = asha.post(f"{PATH}labels/", {"shipment": [str(bare.pk)], "back": "?view=moving"}, follow=True)
    assert response.redirect_chain[-1][0] == f"{PATH}?view=moving"
    assert f"{bare.tracking_number}: It has no label." in response.content.decode()
    assert "Between 1 and" in asha.post(f"{PATH}manifest/", {}, follow=True).content.decode()


def test_a_manifest_is_dropped(asha: Client) -> None:
    shipment = labelled()
    with operation("test.manifest", actor=ASHA) as op:
        manifest = parcels.open_manifest(op, shipment_ids=[shipment.pk])
    asha.post(f"/console/manifests/{manifest.pk}/drop/", {"idempotency_key": uuid.uuid4().hex})
    assert "Dropped" in text(asha, "/console/manifests/")
    assert "not possible" in asha.post(f"/console/manifests/{manifest.pk}/hand-over/", follow=True).content.decode()


def test_claims_are_filed_and_settled(asha: Client) -> None:
    shipment = shipped()
    do(asha, shipment, "lose", claim_amount="500")
    claim = Claim.objects.get()
    assert "₹500.00" in text(asha, "/console/claims/")
    for step, wish in (("file", {"reference": "CLM-1"}), ("pay", {"paid_amount": "450"})):
        asha.post(f"/console/claims/{claim.pk}/{step}/", {**wish, "idempotency_key": uuid.uuid4().hex})
    claim = Claim.objects.get()
    assert (claim.status, claim.reference, claim.paid_minor) == ("paid", "CLM-1", 45_000)
    page = text(asha, "/console/claims/")
    assert "₹450.00" in page
    assert "₹0.00 waits" in page


def test_only_staff_see_them(client: Client) -> None:
    for path in (PATH, "/console/manifests/", "/console/claims/", f"{PATH}{uuid.uuid4()}/"):
        assert client.get(path).status_code == 302
    assert client.post(f"{PATH}labels/").status_code == 302


def test_a_parcel_that_is_not_there_is_a_missing_page(asha: Client) -> None:
    assert asha.get(f"{PATH}{uuid.uuid4()}/").status_code == 404
    assert asha.get(f"/console/manifests/{uuid.uuid4()}/").status_code == 404
    assert asha.post(f"/console/claims/{uuid.uuid4()}/file/").status_code == 404
