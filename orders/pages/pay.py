"""Paying: the way to the gateway's page, and back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import outstanding, queries
from orders.models import Order
from orders.operations import pay as paying
from orders.pages.shop import framed
from orders.pages.visitors import is_htmx, shoppers, visitor_actor, visitor_of
from orders.pages.writing import status_of, words_of, write
from payments.exchanges import BadReturn, take_return
from timeline.actors import system
from timeline.errors import DomainError, Missing

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

    from orders.pages.visitors import Visitor
    from payments.models import Payment
    from timeline.operations import Operation

ID_CHARS_MAX, SIGNATURE_CHARS_MAX = 40, 200
GATEWAY_FORM_URL = "https://api.razorpay.com/v1/checkout/embedded"
# Razorpay's hosted page takes a form from ours: it is the one address outside that a form may be sent to.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " form-action 'self' https://api.razorpay.com; base-uri 'none'; frame-ancestors 'none'"
)


@require_safe
@shoppers
def pay(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponseBase:
    """`/pay/<number>/`: what is to be paid, and the way to pay it."""
    return _show(request, queries.id_of(number, person_id=visitor.person_id))


@require_POST
@shoppers
def again(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponseBase:
    """Another attempt after a failed payment."""
    order_id = queries.id_of(number, person_id=visitor.person_id)
    try:
        to = write(
            request, "payment.retry", str(order_id), lambda op: paying.again(op, order_id=order_id),
            actor=visitor_actor(request, visitor), to=reverse("pay", kwargs={"number": number}), versioned=False,
        )
    except DomainError as error:
        return _show(request, order_id, problem=words_of(error), status=status_of(error))
    return redirect(to)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def back(request: HttpRequest, number: str) -> HttpResponseBase:
    """The browser comes back from the gateway's page.

    It may come by a form of another site, without our cookie: whose order it is, the gateway's signature proves.
    """
    told = request.POST if request.method == "POST" else request.GET
    try:
        order_id = queries.id_of(number)
    except Missing as error:
        raise Http404 from error
    names = ("razorpay_order_id", "razorpay_payment_id", "razorpay_signature")
    _take(request, order_id, *(told.get(name, "").replace("\0", "") for name in names))
    return redirect("pay", number=number)


def _take(request: HttpRequest, order_id: UUID, gateway_order_id: str, gateway_payment_id: str, signature: str) -> None:
    if not signature:
        messages.error(request, "The payment did not go through. You can try again.")
        return
    payment = queries.payment_named(order_id, gateway_order_id=gateway_order_id[:ID_CHARS_MAX])
    if payment is None:
        messages.error(request, "This payment belongs to another order.")
        return
    visitor = visitor_of(request)
    try:
        take_return(
            payment_id=payment.pk, gateway_payment_id=gateway_payment_id[:ID_CHARS_MAX],
            signature=signature[:SIGNATURE_CHARS_MAX], confirm=partial(_follow, order_id),
            actor=visitor_actor(request, visitor) if visitor is not None else system("payments"),
        )
    except BadReturn as error:
        messages.error(request, error.detail)


def _follow(order_id: UUID, op: Operation, payment: Payment) -> None:
    del payment
    paying.follow(op, order_id=order_id)


def _show(request: HttpRequest, order_id: UUID, *, problem: str = "", status: int = 200) -> HttpResponse:
    order = Order.objects.get(pk=order_id)
    payment = queries.payment_of(order_id)
    home = redirect("account-order", number=order.number)
    if payment is None or outstanding.asked_of_customer(order, [payment]) is None:
        if is_htmx(request):
            home.status_code = 200
            home.headers["HX-Redirect"] = home.url
        return home
    to = reverse("pay-back", kwargs={"number": order.number})
    context = {
        "order": order, "number": order.number, "payment": payment, "problem": problem,
        "waits": payment.status in ("opening", "in_doubt", "authorized"),
        "sandbox_url": f"/sandbox/razorpay/pay/{payment.gateway_order_id}?{urlencode({'callback_url': to})}"
        if settings.LOCAL_SANDBOX else "",
        "gateway_url": GATEWAY_FORM_URL, "key_id": settings.RAZORPAY_KEY_ID,
        "callback_url": settings.PUBLIC_URL + to, "profile": queries.person_of(order_id).profile(),
    }
    template = "shop/pay_state.html" if is_htmx(request) else "shop/pay.html"
    response = render(request, template, framed(request, context), status=status)
    response.headers["Content-Security-Policy"] = _POLICY
    patch_vary_headers(response, ["HX-Request"])
    return response
