"""What staff note of parcels on their way, the paper for many at once, and what carriers owe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders import handing_over, masking, parcels, queries, viewing
from orders.api.admin.shipments import past, row_of
from orders.api.inputs import Nothing
from orders.api.parcel_rows import claim_row, handed_over_row, manifest_row
from orders.api.parcel_shapes import (
    AnswerInput,
    AttemptInput,
    ClaimFileInput,
    ClaimPage,
    ClaimPayInput,
    ClaimShape,
    ClaimsQuery,
    DamagedParcelInput,
    HandedOverShape,
    LabelsInput,
    LossInput,
    ManifestInput,
    ManifestPage,
    ManifestShape,
    ManifestsQuery,
    ScanInput,
    ShipmentShape,
)
from orders.api.views import OrderWrite, StaffView, shown
from orders.operations import carrying, claims
from shipping import operations as carried
from shipping import papers
from shipping.models import Claim, Manifest
from timeline.api.answers import answered
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.errors import Missing
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from rest_framework.request import Request

    from timeline.operations import Operation


class _Step(OrderWrite, StaffView):
    """One step of one parcel."""

    required_scopes: ClassVar = {"POST": "shipments:write"}
    takes_if_match = True

    def step(self, name: str, shipment_id: str, act: Callable[..., Any], **wish: Any) -> HttpResponse:
        """Take it within the order's story, and answer with the parcel."""
        order_id, shipment = parcels.story_of(shipment_id)
        return self.write(name, order_id, lambda op: act(op, shipment=shipment, **wish), row=row_of)


class ScansView(_Step):
    """`/admin/shipments/{id}/scans`."""

    @extend_schema(operation_id="admin_shipment_scan", request=ScanInput, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """Note what was seen of a parcel; the latest sighting says where it is."""
        wish = ScanInput.parse(request.data)
        return self.step("shipment.scan", shipment_id, carrying.scan, **{**wish, "at": past(wish["at"])})


class AttemptView(_Step):
    """`/admin/shipments/{id}/attempt`."""

    @extend_schema(operation_id="admin_shipment_attempt", request=AttemptInput, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """Nobody took the parcel in: why, and what is next."""
        wish = AttemptInput.parse(request.data)
        return self.step("shipment.attempt", shipment_id, carrying.attempt, **{**wish, "at": past(wish["at"])})


class LoseView(_Step):
    """`/admin/shipments/{id}/lose`."""

    @extend_schema(operation_id="admin_shipment_lose", request=LossInput, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """Give the parcel up; its carrier owes what the goods are worth, unless another amount is named."""
        return self.step("shipment.lose", shipment_id, carrying.lose, **LossInput.parse(request.data))


class DamageView(_Step):
    """`/admin/shipments/{id}/damage`."""

    @extend_schema(operation_id="admin_shipment_damage", request=DamagedParcelInput, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """The parcel was damaged on its way; its carrier owes for it as for a lost one."""
        return self.step("shipment.damage", shipment_id, carrying.damage, **DamagedParcelInput.parse(request.data))


class BringBackView(_Step):
    """`/admin/shipments/{id}/bring-back`."""

    @extend_schema(operation_id="admin_shipment_bring_back", request=Nothing, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """Call the parcel back; its goods are stock again when they are received."""
        Nothing.parse(request.data)
        return self.step("shipment.bring_back", shipment_id, carrying.bring_back)


class AnswerView(_Step):
    """`/admin/shipments/{id}/flags/answer`."""

    @extend_schema(operation_id="admin_shipment_answer", request=AnswerInput, responses={200: ShipmentShape})
    def post(self, request: Request, shipment_id: str) -> HttpResponse:
        """Say that a person has looked at what is flagged; it is quiet until something new is seen."""
        return self.step("shipment.answer", shipment_id, carrying.answer, **AnswerInput.parse(request.data))


class LabelsView(StaffView):
    """`/admin/shipments/labels`."""

    required_scopes: ClassVar = {"POST": "shipments:write"}

    @extend_schema(
        operation_id="admin_shipments_labels", request=LabelsInput, responses={(200, "application/pdf"): OpenApiTypes.BINARY}
    )
    def post(self, request: Request) -> HttpResponse:
        """Print the labels of up to a hundred parcels as one PDF, in the order given.

        Labels name the recipient, and are for who sends parcels; that they were printed is an event of each customer's story.
        """
        masking.require_labels(request)
        wish = LabelsInput.parse(request.data)
        pdf = papers.labels_pdf(wish["shipment_ids"], with_pick_list=wish["pick_list"])
        viewing.of_parcels(wish["shipment_ids"], actor=self.actor(), what="label", now=timezone.now())
        return HttpResponse(
            pdf, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="labels.pdf"', "Cache-Control": "private, no-store"}
        )


class ManifestsView(StaffView):
    """`/admin/manifests`."""

    required_scopes: ClassVar = {"GET": "orders:read", "POST": "shipments:write"}

    @extend_schema(operation_id="admin_manifests_list", parameters=[ManifestsQuery], responses={200: ManifestPage})
    def get(self, request: Request) -> HttpResponse:
        """List manifests, the newest first."""
        wish = ManifestsQuery.parse(request.query_params)
        rows = Manifest.objects.filter(status__in=wish["status"]) if wish["status"] else Manifest.objects.all()
        page = paged(rows, order=("-created_at", "-id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([manifest_row(row) for row in page.rows]))

    @extend_schema(operation_id="admin_manifest_open", request=ManifestInput, responses={201: ManifestShape})
    def post(self, request: Request) -> HttpResponse:
        """List labelled parcels of one carrier and warehouse for its driver; each stands on one manifest."""
        return self._open(ManifestInput.parse(request.data)["shipment_ids"])

    @retried
    def _open(self, shipment_ids: list[UUID]) -> HttpResponse:
        actor = self.actor()
        with operation("manifest.open", actor=actor, key=key_of(self.request, actor)) as op:
            return answered(op, 201, manifest_row(carried.open_manifest(op, shipment_ids=shipment_ids)))


class ManifestView(StaffView):
    """`/admin/manifests/{id}`."""

    required_scopes: ClassVar = {"GET": "orders:read"}

    @extend_schema(operation_id="admin_manifest_read", responses={200: ManifestShape})
    def get(self, request: Request, manifest_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one manifest."""
        return shown(manifest_row(_manifest(manifest_id)))


class ManifestDocumentView(StaffView):
    """`/admin/manifests/{id}/document`."""

    required_scopes: ClassVar = {"GET": "orders:read"}

    @extend_schema(operation_id="admin_manifest_document", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, manifest_id: str) -> HttpResponse:  # noqa: ARG002
        """Fetch the list to be signed by the driver."""
        found = _manifest(manifest_id)
        named = f'inline; filename="manifest-{found.number}.pdf"'
        return HttpResponse(papers.manifest_pdf(found), content_type="application/pdf", headers={"Content-Disposition": named})


class HandOverView(StaffView):
    """`/admin/manifests/{id}/hand-over`."""

    required_scopes: ClassVar = {"POST": "shipments:write"}

    @extend_schema(operation_id="admin_manifest_hand_over", request=Nothing, responses={200: HandedOverShape})
    def post(self, request: Request, manifest_id: str) -> HttpResponse:
        """The driver has signed: every parcel on the list leaves. One that may not (its order is on hold) stays and is named.

        Safe to repeat: a parcel leaves once.
        """
        Nothing.parse(request.data)
        return shown(handed_over_row(handing_over.hand_over(_manifest(manifest_id).pk, actor=self.actor())))


class DropManifestView(StaffView):
    """`/admin/manifests/{id}/drop`."""

    required_scopes: ClassVar = {"POST": "shipments:write"}

    @extend_schema(operation_id="admin_manifest_drop", request=Nothing, responses={200: ManifestShape})
    def post(self, request: Request, manifest_id: str) -> HttpResponse:
        """Nobody came: the parcels may stand on another manifest."""
        Nothing.parse(request.data)
        return self._drop(_manifest(manifest_id))

    @retried
    def _drop(self, found: Manifest) -> HttpResponse:
        actor = self.actor()
        with operation("manifest.drop", actor=actor, stream=found.stream, key=key_of(self.request, actor)) as op:
            return answered(op, 200, manifest_row(carried.drop_manifest(op, manifest_id=found.pk)))


class ClaimsView(StaffView):
    """`/admin/claims`."""

    required_scopes: ClassVar = {"GET": "orders:read"}

    @extend_schema(operation_id="admin_claims_list", parameters=[ClaimsQuery], responses={200: ClaimPage})
    def get(self, request: Request) -> HttpResponse:
        """List what carriers owe for lost and damaged parcels, the newest first."""
        wish = ClaimsQuery.parse(request.query_params)
        rows = Claim.objects.filter(status__in=wish["status"]) if wish["status"] else Claim.objects.all()
        page = paged(rows, order=("-created_at", "-id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        numbers = queries.numbers_of(row.stream for row in page.rows)
        return shown(page.envelope([claim_row(row, numbers.get(row.stream)) for row in page.rows]))


class _ClaimStep(StaffView):
    """One step of one claim."""

    required_scopes: ClassVar = {"POST": "shipments:write"}

    @retried
    def step(self, name: str, text: str, act: Callable[[Operation, UUID], Claim]) -> HttpResponse:
        """Take it within the order's story, and answer with the claim."""
        found = Claim.objects.filter(pk=queries.uuid_of(text)).first()
        if found is None:
            raise Missing
        actor = self.actor()
        with operation(name, actor=actor, stream=found.stream, key=key_of(self.request, actor)) as op:
            claim = act(op, found.pk)
            return answered(op, 200, claim_row(claim, queries.numbers_of([claim.stream]).get(claim.stream)))


class ClaimFileView(_ClaimStep):
    """`/admin/claims/{id}/file`."""

    @extend_schema(operation_id="admin_claim_file", request=ClaimFileInput, responses={200: ClaimShape})
    def post(self, request: Request, claim_id: str) -> HttpResponse:
        """The carrier has the claim; again, when it refused before."""
        reference = ClaimFileInput.parse(request.data)["reference"] or ""
        return self.step("claim.file", claim_id, lambda op, pk: carried.file_claim(op, claim_id=pk, reference=reference))


class ClaimPayView(_ClaimStep):
    """`/admin/claims/{id}/pay`."""

    @extend_schema(operation_id="admin_claim_pay", request=ClaimPayInput, responses={200: ClaimShape})
    def post(self, request: Request, claim_id: str) -> HttpResponse:
        """The carrier paid, all or part of it."""
        paid = ClaimPayInput.parse(request.data)["paid_amount"]
        return self.step("claim.pay", claim_id, lambda op, pk: claims.settle(op, claim_id=pk, paid_minor=paid))


class ClaimRefuseView(_ClaimStep):
    """`/admin/claims/{id}/refuse`."""

    @extend_schema(operation_id="admin_claim_refuse", request=Nothing, responses={200: ClaimShape})
    def post(self, request: Request, claim_id: str) -> HttpResponse:
        """The carrier will not pay."""
        Nothing.parse(request.data)
        return self.step("claim.refuse", claim_id, lambda op, pk: carried.refuse_claim(op, claim_id=pk))


class ClaimDropView(_ClaimStep):
    """`/admin/claims/{id}/drop`."""

    @extend_schema(operation_id="admin_claim_drop", request=Nothing, responses={200: ClaimShape})
    def post(self, request: Request, claim_id: str) -> HttpResponse:
        """Let the claim go."""
        Nothing.parse(request.data)
        return self.step("claim.drop", claim_id, lambda op, pk: carried.drop_claim(op, claim_id=pk))


def _manifest(text: str) -> Manifest:
    found = Manifest.objects.filter(pk=queries.uuid_of(text)).first()
    if found is None:
        raise Missing
    return found
