"""What staff do with an order: one view a step, one operation a view."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.views.decorators.http import require_http_methods, require_POST

from orders import queries
from orders.models import Order
from orders.operations import cancel as cancelling
from orders.operations import confirm as confirming
from orders.operations import fulfil, holds, pay, process
from orders.pages.console import Dialog, act, converse
from orders.pages.forms import CancelForm, DeliverForm, HoldForm, ShipForm
from orders.pages.order_sheet import sheet
from orders.pages.visitors import staff
from shipping import operations as parcels
from shipping.check_digits import warnings_of
from timeline.vocabulary import money

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, QueryDict
    from django.http.response import HttpResponseBase

    from orders.queries import OrderDetail
    from timeline.operations import Operation

asks = require_http_methods(["GET", "HEAD", "POST"])


@asks
@staff
def confirm(request: HttpRequest, number: str) -> HttpResponseBase:
    """Confirm by hand: a person has seen the money."""
    order_id = queries.id_of(number)
    found = queries.detail(order_id)
    dialog = Dialog(
        "Confirm order", "Confirm order",
        (
            f"{money(found.order.total_minor - found.order.paid_minor, found.order.currency)} of this order is not recorded as paid.",
            "Confirm it only when you have seen the money. The record will say that you did.",
        ),
    )
    return converse(
        request, order_id, dialog, forms.Form(_sent(request)), name="order.confirm",
        deed=lambda op: confirming.confirm(op, order_id=order_id, by_hand=True), number=number, said="Order confirmed.",
    )


@require_POST
@staff
def start(request: HttpRequest, number: str) -> HttpResponseBase:
    """Begin to pick and pack."""
    order_id = queries.id_of(number)
    return act(
        request, order_id, "order.process", lambda op: process.start_processing(op, order_id=order_id),
        number=number, said="Processing started.",
    )


@require_POST
@staff
def capture_payment(request: HttpRequest, number: str, payment_id: UUID) -> HttpResponseBase:
    """Take the money that is reserved."""
    order_id = queries.id_of(number)
    return act(
        request, order_id, "payment.capture", lambda op: pay.capture(op, order_id=order_id, payment_id=payment_id),
        number=number, said="The gateway is being asked.",
    )


@asks
@staff
def ship(request: HttpRequest, number: str) -> HttpResponseBase:
    """Put units into a parcel."""
    order_id = queries.id_of(number)
    form = ShipForm(_sent(request), rows=sheet(order_id).to_ship)
    dialog = Dialog(
        "Create shipment", "Create shipment",
        ("The parcel is booked with its carrier; the order is shipped once all its units have a label.",),
    )
    response = converse(
        request, order_id, dialog, form, name="shipment.book",
        deed=lambda op: _book(op, order_id, form),
        number=number, said="Shipment created.", pointers={"carrier": "carrier", "trackingNumber": "tracking_number"},
    )
    if request.method == "POST" and response.status_code < HTTPStatus.BAD_REQUEST:
        for words in warnings_of(form.cleaned_data["tracking_number"], form.cleaned_data["carrier"]):
            messages.error(request, words)  # a hint: the carrier a person chose is right
    return response


@require_POST
@staff
def dispatch(request: HttpRequest, shipment_id: UUID) -> HttpResponseBase:
    """Hand a parcel over: its units leave the stock."""
    order_id, number = _of_parcel(shipment_id)
    return act(
        request, order_id, "shipment.dispatch",
        lambda op: fulfil.dispatch(op, order_id=order_id, shipment_id=shipment_id),
        number=number, said="Handed over to the carrier.",
    )


@asks
@staff
def deliver(request: HttpRequest, shipment_id: UUID) -> HttpResponseBase:
    """A parcel has arrived."""
    order_id, number = _of_parcel(shipment_id)
    form = DeliverForm(_sent(request))
    dialog = Dialog("Mark delivered", "Mark delivered", ("The customer is told that the parcel has arrived.",))
    return converse(
        request, order_id, dialog, form, name="shipment.deliver",
        deed=lambda op: fulfil.deliver(
            op, order_id=order_id, shipment_id=shipment_id, delivered_to=form.cleaned_data["delivered_to"] or None,
            signature_required=form.cleaned_data["signature_required"],
        ),
        number=number, said="Marked as delivered.",
    )


@require_POST
@staff
def take_back(request: HttpRequest, shipment_id: UUID) -> HttpResponseBase:
    """A parcel that was called back is here again: its goods are stock."""
    order_id, number = _of_parcel(shipment_id)
    return act(
        request, order_id, "shipment.take_back",
        lambda op: fulfil.take_back(op, order_id=order_id, shipment_id=shipment_id),
        number=number, said="Received back; the goods are in stock again.",
    )


@asks
@staff
def cancel(request: HttpRequest, number: str) -> HttpResponseBase:
    """Stop an order with all that follows."""
    order_id = queries.id_of(number)
    found = queries.detail(order_id)
    form = CancelForm(_sent(request), initial={"code": "customer_request"})
    says = ["Stock that has not left is free again; parcels on their way are called back."]
    if found.refundable_minor and _by_gateway(found):
        says.append(f"{money(found.refundable_minor, found.order.currency)} goes back to the customer at once.")
    return converse(
        request, order_id, Dialog("Cancel order", "Cancel order", says, is_danger=True), form, name="order.cancel",
        deed=lambda op: cancelling.cancel(
            op, order_id=order_id, code=form.cleaned_data["code"], reason=form.cleaned_data["reason"] or None
        ),
        number=number, said="Order cancelled.",
    )


@asks
@staff
def hold(request: HttpRequest, number: str) -> HttpResponseBase:
    """Stop the forward steps until a person says go."""
    order_id = queries.id_of(number)
    form = HoldForm(_sent(request))
    dialog = Dialog("Put on hold", "Put on hold", ("Nothing moves forward until the hold is released.",))
    return converse(
        request, order_id, dialog, form, name="order.hold",
        deed=lambda op: holds.hold(
            op, order_id=order_id, reason=form.cleaned_data["reason"], note=form.cleaned_data["note"] or None
        ),
        number=number, said="Put on hold.",
    )


@require_POST
@staff
def release(request: HttpRequest, number: str, hold_id: UUID) -> HttpResponseBase:
    """Let an order go on."""
    order_id = queries.id_of(number)
    return act(
        request, order_id, "order.release", lambda op: holds.release(op, order_id=order_id, hold_id=hold_id),
        number=number, said="Hold released.",
    )


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _book(op: Operation, order_id: UUID, form: ShipForm) -> None:
    """Book the parcel; one that was labelled elsewhere has its label already."""
    tracking_number = form.cleaned_data["tracking_number"] or None
    shipment = fulfil.book(
        op, order_id=order_id, items=form.units(), carrier=form.cleaned_data["carrier"], tracking_number=tracking_number
    )
    if tracking_number:
        parcels.label_by_hand(op, shipment_id=shipment.pk)
        fulfil.settle(op, order_id=order_id)


def _of_parcel(shipment_id: UUID) -> tuple[UUID, str]:
    order_id = queries.order_of_shipment(str(shipment_id))
    return order_id, Order.objects.values_list("number", flat=True).get(pk=order_id)


def _by_gateway(found: OrderDetail) -> bool:
    return any(payment.refundable_minor > 0 and payment.gateway != "cod" for payment in found.payments)
