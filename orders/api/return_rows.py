"""Returns as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders import tracking
from orders.operations.actions import return_actions

if TYPE_CHECKING:
    from orders.models import Person, Return, ReturnLine, ReturnParcel, ReturnRule
    from orders.operations.exchange_offer import Offer


def return_row(ret: Return, person: Person, *, as_staff: bool) -> dict[str, Any]:
    """One return with its items, pictures and parcels. What was overruled and what came besides is for staff."""
    private = ret.private(person.key)
    lines = list(ret.lines.all())
    reasons = [line.reason for line in lines if line.quantity]
    base = f"/admin/returns/{ret.pk}" if as_staff else f"/storefront/orders/{ret.order_id}/returns/{ret.pk}"
    return {
        "id": ret.pk,
        "number": ret.number,
        "orderId": ret.order_id,
        "status": ret.status,
        "wish": ret.wish,
        "reason": reasons[0] if reasons else None,
        "items": [_item(line) for line in lines],
        "comment": private.get("comment"),
        "pickupAddress": private.get("pickupAddress"),
        "declineReason": private.get("reason"),
        "currency": ret.currency,
        "worth": ret.worth_minor,
        "fee": ret.fee_minor,
        "refundAmount": ret.worth_minor - ret.fee_minor,
        "warehouse": ret.warehouse_code or None,
        "sendBy": ret.send_by,
        "photos": [
            {"place": photo.place, "media": photo.media, "bytes": photo.size_bytes, "url": f"{base}/photos/{photo.place}"}
            for photo in ret.photos.all()
        ],
        "shipments": [_parcel(parcel) for parcel in ret.parcels.all()],
        "exchangeOrderId": ret.exchange_order_id,
        "exchangeOrderNumber": ret.exchange_order.number if ret.exchange_order is not None else None,
        "outcome": ret.outcome or None,
        **({"beyondRules": ret.beyond, "others": ret.others} if as_staff else {}),
        "allowedActions": return_actions(ret, as_staff=as_staff),
        "requestedBy": {"type": ret.requested_by_type, "id": ret.requested_by_id},
        "createdAt": ret.created_at,
        "approvedAt": ret.approved_at,
        "receivedAt": ret.received_at,
        "inspectedAt": ret.inspected_at,
        "closedAt": ret.ended_at,
    }


def exchange_row(deal: Offer) -> dict[str, Any]:
    """What an exchange would come to."""
    return {
        "credit": deal.credit_minor,
        "total": deal.total_minor,
        "due": deal.due_minor,
        "back": deal.back_minor,
        "kept": deal.kept_minor,
        "currency": deal.request.currency,
        "items": [
            {
                "sku": line.sku, "quantity": line.quantity, "price": line.price_minor, "gstAmount": line.gst_minor,
                "total": line.total_minor,
            }
            for line in deal.quote.lines
        ],
    }


def rule_row(rule: ReturnRule) -> dict[str, Any]:
    """A product's own days."""
    return {"sku": rule.variant.sku, "days": rule.days, "updatedAt": rule.updated_at}


def _item(line: ReturnLine) -> dict[str, Any]:
    return {
        "orderItemId": line.line_id,
        "sku": line.line.sku,
        "name": line.line.name,
        "quantity": line.quantity,
        "reason": line.reason,
        "condition": line.condition,
        "worth": line.worth_minor,
        "fee": line.fee_minor,
        "quantityReceived": line.received,
        "units": [
            {
                "quantity": unit.quantity, "grade": unit.grade, "disposition": unit.disposition,
                "warehouse": unit.warehouse_code,
            }
            for unit in line.units.all()
        ],
    }


def _parcel(parcel: ReturnParcel) -> dict[str, Any]:
    shipment = parcel.shipment
    return {
        "id": shipment.pk,
        "direction": shipment.direction,
        "status": shipment.status,
        "carrier": shipment.carrier,
        "trackingNumber": shipment.tracking_number or None,
        "trackingPage": tracking.path_of(shipment.pk),
    }
