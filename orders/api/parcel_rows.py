"""Rows of parcels, claims and manifests, in the words of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from orders import tracking
from shipping.check_digits import warnings_of
from shipping.queries import is_late, journey

if TYPE_CHECKING:
    from orders.handing_over import HandedOver
    from orders.queries import Parcel
    from shipping.models import Claim, Manifest, Shipment


def shipment_row(parcel: Parcel, *, as_staff: bool) -> dict[str, Any]:
    """One parcel. The link to its label, its flags and hints are for staff."""
    shipment = parcel.shipment
    return {
        "id": shipment.pk,
        "status": shipment.status,
        "direction": shipment.direction,
        "carrier": shipment.carrier,
        "service": shipment.service,
        "trackingNumber": shipment.tracking_number or None,
        "warehouse": shipment.warehouse_code,
        "items": [{"orderItemId": line_id, "quantity": quantity} for line_id, quantity in parcel.units],
        "label": f"/admin/shipments/{shipment.pk}/label" if as_staff and parcel.has_label else None,
        "trackingPage": tracking.path_of(shipment.pk),
        "estimatedDelivery": shipment.estimated_delivery,
        "promisedOn": shipment.promised_on,
        "deliveredTo": shipment.private().get("deliveredTo"),
        "signatureRequired": shipment.signature_required,
        "photoUrl": shipment.photo_url or None,
        "attempts": shipment.attempts,
        "scans": [
            {"code": scan.code, "meaning": scan.meaning, "place": scan.place or None, "at": scan.at}
            for scan in journey(shipment.scans.all())
        ],
        "createdAt": shipment.created_at,
        "shippedAt": shipment.shipped_at,
        "deliveredAt": shipment.delivered_at,
        **(_between_staff(shipment) if as_staff else {}),
    }


def listed_shipment_row(parcel: Parcel, number: str | None) -> dict[str, Any]:
    """One parcel of a list, with its order."""
    return {**shipment_row(parcel, as_staff=True), "orderId": parcel.shipment.stream, "orderNumber": number}


def claim_row(claim: Claim, number: str | None) -> dict[str, Any]:
    """One claim."""
    return {
        "id": claim.pk,
        "shipmentId": claim.shipment_id,
        "orderNumber": number,
        "kind": claim.kind,
        "status": claim.status,
        "carrier": claim.carrier,
        "amount": claim.amount_minor,
        "paidAmount": claim.paid_minor,
        "currency": claim.currency,
        "reference": claim.reference or None,
        "createdAt": claim.created_at,
        "filedAt": claim.filed_at,
        "decidedAt": claim.decided_at,
    }


def manifest_row(manifest: Manifest) -> dict[str, Any]:
    """One manifest."""
    return {
        "id": manifest.pk,
        "number": manifest.number,
        "status": manifest.status,
        "carrier": manifest.carrier,
        "warehouse": manifest.warehouse_code,
        "day": manifest.day,
        "parcels": manifest.parcels_count,
        "document": f"/admin/manifests/{manifest.pk}/document",
        "createdAt": manifest.created_at,
        "handedOverAt": manifest.handed_over_at,
    }


def handed_over_row(done: HandedOver) -> dict[str, Any]:
    """A manifest after the driver came, with what stayed."""
    stayed = [{"shipmentId": pk, "trackingNumber": number, "why": why} for pk, number, why in done.stayed]
    return {**manifest_row(done.manifest), "left": done.left, "stayed": stayed}


def _between_staff(shipment: Shipment) -> dict[str, Any]:
    return {
        "isLate": is_late(shipment, timezone.localdate()),
        "flags": list(shipment.flags),
        "attemptReason": shipment.attempt_reason or None,
        "nextStep": shipment.next_step or None,
        "damagedAt": shipment.damaged_at,
        "warnings": warnings_of(shipment.tracking_number, shipment.carrier),
    }
