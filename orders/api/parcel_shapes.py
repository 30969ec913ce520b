"""Parcels, claims and manifests as the API shows them, and what may be asked of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from shipping import sightings
from shipping.models import Claim, Manifest, Shipment
from shipping.operations import BY_HAND
from timeline.api.query import Query, QueryBool, QueryList, QueryText
from timeline.api.wire import Choice, Code, Input, Output, Page, StrictDateTime, StrictText, StrictUUID
from timeline.api.wire import Money as Amount

LABELS_MAX = 100
MANIFEST_PARCELS_MAX = 200
ATTEMPT_REASONS = list(sightings.REASONS)
_EXAMPLE_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
EXAMPLES: dict[str, dict[str, Any]] = {
    "ScanInput": {"status": "in_transit", "place": "Pune hub"},
    "AttemptInput": {"reason": "unavailable", "nextStep": "retry"},
    "LossInput": {"claimAmount": 49900},
    "DamagedParcelInput": {"claimAmount": 49900, "note": "The box was wet"},
    "AnswerInput": {"note": "The hub's own code"},
    "LabelsInput": {"shipmentIds": [_EXAMPLE_ID], "pickList": True},
    "ManifestInput": {"shipmentIds": [_EXAMPLE_ID]},
    "ClaimFileInput": {"reference": "CLM-2026-118"},
    "ClaimPayInput": {"paidAmount": 49900},
}


class ShipmentsQuery(Query):
    """Which parcels, the newest first."""

    status = QueryList(child=Choice(choices=Shipment.Status.values), required=False, default=list)
    carrier = QueryList(child=StrictText(max_length=40), required=False, default=list)
    warehouse = QueryList(child=Code(max_length=40), required=False, default=list)
    direction = Choice(choices=Shipment.Direction.values, required=False, default="")
    number = QueryText(max_length=60, required=False, default="", help_text="A tracking number, or an order's number.")
    late = QueryBool(required=False, default=None, allow_null=True, help_text="Promised for a day that is over, and not there.")
    flagged = QueryBool(required=False, default=None, allow_null=True, help_text="Something about it waits for a person.")


class ClaimsQuery(Query):
    """Which claims, the newest first."""

    status = QueryList(child=Choice(choices=Claim.Status.values), required=False, default=list)


class ManifestsQuery(Query):
    """Which manifests, the newest first."""

    status = QueryList(child=Choice(choices=Manifest.Status.values), required=False, default=list)


class ScanInput(Input):
    """What somebody saw of a parcel. `reason` goes with `attempted`."""

    status = Choice(choices=BY_HAND)
    code = StrictText(max_length=40, required=False, allow_null=True, default=None)
    place = StrictText(max_length=120, required=False, allow_null=True, default=None)
    reason = Choice(choices=ATTEMPT_REASONS, required=False, allow_null=True, default=None)
    at = StrictDateTime(required=False, allow_null=True, default=None)


class AttemptInput(Input):
    """A parcel that was not taken in: why, and what is next. `send_back` calls it back."""

    reason = Choice(choices=ATTEMPT_REASONS)
    next_step = Choice(choices=list(sightings.NEXT_STEPS), required=False, allow_null=True, default=None)
    place = StrictText(max_length=120, required=False, allow_null=True, default=None)
    at = StrictDateTime(required=False, allow_null=True, default=None)


class LossInput(Input):
    """What the carrier is to pay; left out, the goods' worth, and 0 is no claim."""

    claim_amount = Amount(required=False, allow_null=True, default=None)


class DamagedParcelInput(LossInput):
    """The same, with a note for colleagues."""

    note = StrictText(max_length=500, multiline=True, required=False, allow_null=True, default=None)


class AnswerInput(Input):
    """What a person found when they looked."""

    note = StrictText(max_length=500, multiline=True, required=False, allow_null=True, default=None)


class LabelsInput(Input):
    """Whose labels, in this order; with a pick list in front."""

    shipment_ids = s.ListField(child=StrictUUID(), min_length=1, max_length=LABELS_MAX)
    pick_list = s.BooleanField(required=False, default=False)


class ManifestInput(Input):
    """Which parcels a driver is to take: of one carrier, at one warehouse, labelled."""

    shipment_ids = s.ListField(child=StrictUUID(), min_length=1, max_length=MANIFEST_PARCELS_MAX)


class ClaimFileInput(Input):
    """The carrier's own number of the claim, when it gave one."""

    reference = StrictText(max_length=60, required=False, allow_null=True, default=None)


class ClaimPayInput(Input):
    """What the carrier paid."""

    paid_amount = Amount()


class ShippedUnitsShape(Output):
    """So many units of one item."""

    order_item_id = s.UUIDField()
    quantity = s.IntegerField()


class ScanShape(Output):
    """One sighting of a parcel; `meaning` is empty for a code nobody has mapped."""

    code = s.CharField()
    meaning = s.CharField(allow_blank=True)
    place = s.CharField(allow_null=True)
    at = s.DateTimeField()


class ShipmentShape(Output):
    """One parcel. What follows `deliveredAt` is for staff."""

    id = s.UUIDField()
    status = s.ChoiceField(choices=Shipment.Status.choices)
    direction = s.ChoiceField(choices=Shipment.Direction.choices)
    carrier = s.CharField()
    service = s.CharField()
    tracking_number = s.CharField(allow_null=True)
    warehouse = s.CharField()
    items = ShippedUnitsShape(many=True)
    label: Any = s.CharField(allow_null=True)
    tracking_page = s.CharField()
    estimated_delivery = s.DateField(allow_null=True)
    promised_on = s.DateField(allow_null=True)
    delivered_to = s.CharField(allow_null=True)
    signature_required = s.BooleanField()
    photo_url = s.CharField(allow_null=True)
    attempts = s.IntegerField()
    scans = ScanShape(many=True)
    created_at = s.DateTimeField()
    shipped_at = s.DateTimeField(allow_null=True)
    delivered_at = s.DateTimeField(allow_null=True)
    is_late = s.BooleanField(required=False)
    flags = s.ListField(child=s.CharField(), required=False)
    attempt_reason = s.CharField(allow_null=True, required=False)
    next_step = s.CharField(allow_null=True, required=False)
    damaged_at = s.DateTimeField(allow_null=True, required=False)
    warnings = s.ListField(child=s.CharField(), required=False, help_text="What looks wrong about the tracking number; a hint.")


class ListedShipmentShape(ShipmentShape):
    """One parcel of a list, with its order."""

    order_id = s.CharField()
    order_number = s.CharField(allow_null=True)


class ClaimShape(Output):
    """What a carrier owes for one parcel."""

    id = s.UUIDField()
    shipment_id = s.UUIDField()
    order_number = s.CharField(allow_null=True)
    kind = s.ChoiceField(choices=Claim.Kind.choices)
    status = s.ChoiceField(choices=Claim.Status.choices)
    carrier = s.CharField()
    amount = s.IntegerField()
    paid_amount = s.IntegerField()
    currency = s.CharField()
    reference = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    filed_at = s.DateTimeField(allow_null=True)
    decided_at = s.DateTimeField(allow_null=True)


class ManifestShape(Output):
    """One manifest."""

    id = s.UUIDField()
    number = s.CharField()
    status = s.ChoiceField(choices=Manifest.Status.choices)
    carrier = s.CharField()
    warehouse = s.CharField()
    day = s.DateField()
    parcels = s.IntegerField()
    document: Any = s.CharField()
    created_at = s.DateTimeField()
    handed_over_at = s.DateTimeField(allow_null=True)


class StayedShape(Output):
    """A parcel the driver did not get, and why."""

    shipment_id = s.UUIDField()
    tracking_number = s.CharField()
    why = s.CharField()


class HandedOverShape(ManifestShape):
    """A manifest after the driver came."""

    left = s.IntegerField()
    stayed = StayedShape(many=True)


class ClaimPage(Page):
    """Claims of one page."""

    data: Any = ClaimShape(many=True)


class ManifestPage(Page):
    """Manifests of one page."""

    data: Any = ManifestShape(many=True)


for _name, _body in EXAMPLES.items():
    _example = OpenApiExample(_name.removesuffix("Input"), value=_body, request_only=True)
    extend_schema_serializer(examples=[_example])(globals()[_name])
