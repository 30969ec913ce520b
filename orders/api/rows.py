"""Rows of the answers, in the words of the API: camelCase, money in minor units, times in UTC.

Written by hand and not by serializers: an answer is rendered inside the operation it belongs to, in microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from orders import lifecycle, queries
from orders.api.fulfilment_rows import fulfilment_row
from orders.api.parcel_rows import shipment_row
from orders.api.return_rows import return_row
from orders.api.sorting_shapes import sorted_row
from orders.operations.actions import allowed_actions
from payments.queries import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from orders.listing import Listed
    from orders.models import Checkout, CheckoutLine, Order, OrderHold, Person, RiskAssessment
    from orders.operations.refund import Quote
    from orders.queries import OrderDetail
    from orders.quoting import Priced
    from payments.models import Dispute, Payment, Refund
    from payments.rows import PaymentRow

def checkout_row(checkout: Checkout, lines: Sequence[CheckoutLine], priced: Priced) -> dict[str, Any]:
    """A checkout with its prices as they are now."""
    contact = checkout.contact()
    quote = priced.quote
    quoted = {line.key: line for line in quote.lines}
    return {
        "id": checkout.pk,
        "status": checkout.status,
        "lines": [_checkout_line(line, quoted[str(line.pk)]) for line in lines],
        "email": contact.get("email"),
        "phone": contact.get("phone"),
        "name": contact.get("name"),
        "gstin": contact.get("gstin"),
        "shippingAddress": contact.get("shippingAddress"),
        "billingAddress": contact.get("billingAddress"),
        "discountCode": checkout.discount_code or None,
        "discountRefusal": priced.refusal,
        "shippingMethod": checkout.shipping_method,
        "paymentMethod": checkout.payment_method,
        "currency": checkout.currency,
        "subtotal": quote.subtotal_minor,
        "discountAmount": quote.discount_minor,
        "gstAmount": quote.gst_minor,
        "shippingCost": quote.shipping_minor,
        "total": quote.total_minor,
        "pricesAsOf": priced.request.now,
        "holdExpiresAt": checkout.hold_expires_at,
        "orderId": checkout.order_id,
    }


def order_row(detail: OrderDetail, *, as_staff: bool) -> dict[str, Any]:
    """An order with all its parts. Customers do not see notes of holds, nor who set them."""
    order = detail.order
    refundable = detail.refundable_minor
    holds = detail.holds if as_staff else []
    return {
        **_head(
            order, detail.payments, customer_id=detail.person.owner_id or detail.person.pk, refundable_minor=refundable, as_staff=as_staff
        ),
        "stage": _stage(order),
        **({"customer": _customer(detail.person.pk, detail.person.profile(), detail.person.erased_at)} if as_staff else {}),
        **({"risk": risk_row(getattr(order, "risk", None)), **sorted_row(order)} if as_staff else {}),
        "holds": [hold_row(hold, detail.person) for hold in holds],
        "shippingAddress": detail.shipping or None,
        "billingAddress": detail.billing or None,
        "discountSnapshot": order.discount_snapshot,
        "pricingSnapshot": order.pricing_snapshot,
        "items": [line_row(line) for line in detail.items],
        "payments": [payment_row(payment) for payment in detail.payments],
        "refunds": [refund_row(refund) for refund in detail.refunds],
        **({"disputes": [dispute_row(dispute) for dispute in detail.disputes]} if as_staff else {}),
        "shipments": [shipment_row(parcel, as_staff=as_staff) for parcel in detail.parcels],
        "fulfilments": [fulfilment_row(row, as_staff=as_staff) for row in detail.fulfilments],
        "exchangeOf": detail.came_back.exchange_of,
        "returns": [return_row(ret, detail.person, as_staff=as_staff) for ret in detail.came_back.returns],
        "version": detail.version,
        "updatedAt": detail.updated_at,
    }


def listed_row(listed: Listed, *, as_staff: bool) -> dict[str, Any]:
    """An order of `listing.whole`: all but its addresses, snapshots, refunds and parcels."""
    order = listed.order
    row = _head(order, listed.payments, customer_id=listed.customer_id, refundable_minor=listed.refundable_minor, as_staff=as_staff)
    row["stage"] = _stage(order)
    if as_staff:
        row["customer"] = _customer(order.person_id, listed.profile(), listed.erased_at)
        row["riskScore"] = order.risk__score
        row["tags"] = listed.tags
        row["assignee"] = order.assignment__assignee
    row["itemCount"] = order.item_count
    row["items"] = [line_row(line) for line in listed.lines]
    row["payments"] = [payment_row(payment) for payment in listed.payments]
    row["version"] = order.stream__seq
    row["updatedAt"] = order.stream__at
    return row


def risk_row(risk: RiskAssessment | None) -> dict[str, Any] | None:
    """The verdict on an order with its reasons; None for one that was not assessed here."""
    if risk is None:
        return None
    return {
        "score": risk.score,
        "verdict": risk.verdict,
        "reasons": list(risk.reasons),
        "rulesetVersion": risk.ruleset_version,
        "assessedAt": risk.created_at,
    }


def brief_row(order: Order, *, version: int, updated_at: datetime) -> dict[str, Any]:
    """Where an order is now, and nothing more."""
    return {
        "id": order.pk,
        "orderNumber": order.number,
        "status": order.status,
        "stage": _stage(order),
        "paymentState": order.payment_state,
        "fulfilmentState": order.fulfilment_state,
        "onHold": order.on_hold,
        "version": version,
        "updatedAt": updated_at,
    }


def line_row(line: Any) -> dict[str, Any]:
    """One item of an order: a `Line`, or a row with its columns."""
    return {
        "id": line.id,
        "productVariantId": line.variant_id,
        "sku": line.sku,
        "name": line.name,
        "hsn": line.hsn,
        "quantity": line.quantity,
        "price": line.price_minor,
        "priceIncludesGst": line.price_includes_gst,
        "gstRate": percent(line.gst_rate_bp),
        "gstAmount": line.gst_minor,
        "gst": {"cgst": line.cgst_minor, "sgst": line.sgst_minor, "igst": line.igst_minor},
        "otherTaxAmount": line.other_tax_minor,
        "discountAmount": line.discount_minor,
        "total": line.total_minor,
        "metadata": line.metadata,
        "quantityShipped": line.quantity_shipped,
        "quantityDelivered": line.quantity_delivered,
        "quantityCancelled": line.quantity_cancelled,
        "quantityReturned": line.quantity_returned,
        "quantityLost": line.quantity_lost,
        "createdAt": line.created_at,
        "updatedAt": line.updated_at,
    }


def payment_row(payment: Payment | PaymentRow) -> dict[str, Any]:
    """One payment; `razorpayOrderId` is null while the gateway is being asked."""
    razorpay = payment.gateway == "razorpay"
    return {
        "id": payment.id,
        "gateway": payment.gateway,
        "status": payment.status,
        "amount": payment.amount_minor,
        "currency": payment.currency,
        "razorpayOrderId": payment.gateway_order_id,
        "razorpayKeyId": settings.RAZORPAY_KEY_ID if razorpay else None,
        "razorpayPaymentId": payment.gateway_payment_id,
        "attempts": payment.attempts,
        "capturedAmount": payment.captured_minor,
        "refundedAmount": payment.refunded_minor,
        "method": payment.method or None,
        "errorReason": payment.error_reason or None,
        "createdAt": payment.created_at,
        "capturedAt": payment.captured_at,
    }


def refund_row(refund: Refund) -> dict[str, Any]:
    """One refund, with its reason in words."""
    return {
        "id": refund.pk,
        "paymentId": refund.payment_id,
        "amount": refund.amount_minor,
        "currency": refund.currency,
        "status": refund.status,
        "reason": reason_of(refund) or None,
        "reasonCode": refund.reason_code,
        "items": refund.items,
        "restock": refund.restock,
        "restockLines": refund.restock_lines,
        "speed": refund.speed,
        "speedProcessed": refund.speed_processed or None,
        "byOtherMeans": refund.by_other_means,
        "reference": refund.reference or None,
        "returnId": refund.return_id,
        "gatewayRefundId": refund.gateway_refund_id,
        "requestedBy": {"type": refund.requested_by_type, "id": refund.requested_by_id},
        "createdAt": refund.created_at,
        "processedAt": refund.processed_at,
    }


def dispute_row(dispute: Dispute, order: Order | None = None) -> dict[str, Any]:
    """One dispute; with its order where it stands alone."""
    of_order = {"orderId": order.pk, "orderNumber": order.number} if order is not None else {}
    return {
        "id": dispute.pk,
        **of_order,
        "paymentId": dispute.payment_id,
        "gatewayDisputeId": dispute.gateway_dispute_id,
        "status": dispute.status,
        "amount": dispute.amount_minor,
        "deductedAmount": dispute.deducted_minor,
        "currency": dispute.currency,
        "reasonCode": dispute.reason_code,
        "phase": dispute.phase,
        "respondBy": dispute.respond_by,
        "answer": dispute.answer or None,
        "answerError": dispute.answer_error or None,
        "openedAt": dispute.opened_at,
        "decidedAt": dispute.decided_at,
    }


def refund_quote_row(found: Quote, *, needs_approval: bool) -> dict[str, Any]:
    """What a refund would come to, and what would be left to ask for before it."""
    return {
        "amount": found.amount_minor,
        "currency": found.currency,
        "itemsWorth": found.items_minor,
        "itemValue": found.value_minor,
        "gstAmount": found.gst_minor,
        "gst": found.gst,
        "shipping": found.shipping_minor,
        "adjustment": found.adjustment_minor,
        "maximum": found.maximum_minor,
        "refundable": found.refundable_minor,
        "needsApproval": needs_approval,
        "parts": [
            {
                "orderItemId": part.key,
                "quantity": part.units,
                "taxable": part.taxable_minor,
                "gst": {"cgst": part.cgst_minor, "sgst": part.sgst_minor, "igst": part.igst_minor},
                "total": part.total_minor,
            }
            for part in found.parts
        ],
        "left": [
            {"orderItemId": line.key, "quantity": line.units, "total": line.total_minor} for line in found.lines
        ],
        "shippingLeft": found.shipping.total_minor,
    }


def hold_row(hold: OrderHold, person: Person) -> dict[str, Any]:
    """One hold with its note in the clear."""
    return {
        "id": hold.pk,
        "reason": hold.reason,
        "note": queries.hold_note(hold, person),
        "createdBy": hold.created_by,
        "createdAt": hold.created_at,
        "releasedAt": hold.released_at,
    }


def percent(basis_points: int) -> int | float:
    """Basis points as a percentage: 5, 18, 0.25."""
    whole, rest = divmod(basis_points, 100)
    return basis_points / 100 if rest else whole


def _head(
    order: Any, payments: Iterable[Payment | PaymentRow], *, customer_id: UUID, refundable_minor: int, as_staff: bool
) -> dict[str, Any]:
    """What an order is by itself: an `Order`, or a row with its columns."""
    current = queries.current_payment(payments)
    return {
        "id": order.id,
        "orderNumber": order.number,
        "status": order.status,
        "paymentState": order.payment_state,
        "fulfilmentState": order.fulfilment_state,
        "onHold": order.on_hold,
        "customerId": customer_id,
        "channel": order.channel,
        "channelOrderId": order.channel_order_id or None,
        "channelStatus": order.channel_status or None,
        "currency": order.currency,
        "subtotal": order.subtotal_minor,
        "discountCode": order.discount_code or None,
        "discountAmount": order.discount_minor,
        "gstAmount": order.gst_minor,
        "gst": {"cgst": order.cgst_minor, "sgst": order.sgst_minor, "igst": order.igst_minor},
        "otherTaxAmount": order.other_tax_minor,
        "shippingCost": order.shipping_minor,
        "total": order.total_minor,
        "paidAmount": order.paid_minor,
        "refundedAmount": order.refunded_minor,
        "refundableAmount": refundable_minor,
        "razorpayOrderId": current.gateway_order_id if current is not None else None,
        "shippingMethod": order.shipping_method,
        "paymentMethod": order.payment_method,
        "shippingProvider": order.shipping_provider or None,
        "shippingAddressId": order.shipping_address_id,
        "billingAddressId": order.billing_address_id,
        "allowedActions": allowed_actions(order, refundable_minor=refundable_minor, as_staff=as_staff),
        "createdAt": order.created_at,
        "paymentDueAt": order.payment_due_at,
        "confirmedAt": order.confirmed_at,
        "processingAt": order.processing_at,
        "shippedAt": order.shipped_at,
        "deliveredAt": order.delivered_at,
        "cancelledAt": order.cancelled_at,
        "refundedAt": order.refunded_at,
    }


def _checkout_line(line: CheckoutLine, quoted: Any) -> dict[str, Any]:
    return {
        "id": line.pk,
        "sku": line.variant.sku,
        "productVariantId": line.variant_id,
        "name": line.variant.title,
        "quantity": line.quantity,
        "price": quoted.price_minor,
        "priceIncludesGst": quoted.includes_gst,
        "gstRate": percent(quoted.gst_rate_bp),
        "gstAmount": quoted.gst_minor,
        "discountAmount": quoted.discount_minor,
        "total": quoted.total_minor,
        "metadata": line.metadata,
    }


def _stage(order: Any) -> str:
    return lifecycle.stage(
        str(order.status), payment_state=order.payment_state, fulfilment_state=order.fulfilment_state
    )


def _customer(person_id: UUID, profile: Mapping[str, Any], erased_at: datetime | None) -> dict[str, Any]:
    row = {"id": person_id, "name": profile.get("name"), "email": profile.get("email")}
    return {**row, "erased": True} if erased_at is not None else row
