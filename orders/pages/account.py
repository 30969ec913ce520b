"""The customer's own pages: orders, one order, cancelling, asking for money back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from orders import outstanding, queries, searching, ticket_queries, tracking
from orders.documents import reading
from orders.models import Order
from orders.operations import cancel as cancelling
from orders.operations import edit
from orders.operations import refund as refunding
from orders.operations.actions import allowed_actions
from orders.pages import account_returns, entries, return_steps
from orders.pages.edit_forms import initial_address
from orders.pages.forms import AddressFields, OwnCancelForm, OwnRefundForm
from orders.pages.leafing import page_of
from orders.pages.order_sheet import Step
from orders.pages.shop import framed
from orders.pages.visitors import shoppers, visitor_actor
from orders.pages.writing import put_errors, status_of, write
from payments.queries import reason_of
from timeline.errors import DomainError
from timeline.vocabulary import money

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django import forms
    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

    from orders.pages.visitors import Visitor
    from orders.queries import OrderDetail
    from payments.models import Payment
    from timeline.operations import Operation

S = Order.Status
ORDERS_PER_PAGE = 20
NEWEST_FIRST = ("-created_at", "-id")
CHIPS: Final = (
    ("", "All", ()),
    ("open", "Open", (S.PENDING, S.CONFIRMED, S.PROCESSING, S.SHIPPED)),
    ("delivered", "Delivered", (S.DELIVERED,)),
    ("cancelled", "Cancelled", (S.CANCELLED, S.REFUNDED)),
)
_SAYS: Final = {
    S.CONFIRMED: "We have your order and get it ready",
    S.PROCESSING: "Your order is being packed",
    S.SHIPPED: "Your order is on its way",
    S.DELIVERED: "Your order was delivered",
    S.REFUNDED: "Your money has gone back to you",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One order in the history: its sentence, and the one thing to do now."""

    order: Order
    names: str
    first_sku: str
    says: str
    action: str
    url: str


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """`/account/`."""
    del request
    return redirect("account-orders")


@require_safe
@shoppers
def orders(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """`/account/orders/`."""
    chosen = request.GET.get("show", "")
    statuses = next((statuses for key, _, statuses in CHIPS if key == chosen), ())
    mine = searching.rows(searching.for_customer(visitor.person_id, statuses=[str(status) for status in statuses]))
    page = page_of(request, mine, order=NEWEST_FIRST, limit=ORDERS_PER_PAGE)
    context = {
        "cards": [_card(order) for order in page.rows], "chips": CHIPS, "chosen": chosen, "total": page.total,
        "next_cursor": page.next_cursor,
    }
    return render(request, "account/orders.html", framed(request, context))


@require_safe
@shoppers
def order(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponseBase:
    """`/account/orders/<number>/`."""
    detail = queries.detail(queries.id_of(number, person_id=visitor.person_id))
    found = detail.order
    words = allowed_actions(found, refundable_minor=detail.refundable_minor, as_staff=False)
    lines = {line.pk: line for line in detail.lines}
    context = {
        "detail": detail, "order": found, "number": found.number, "says": says(found), "steps": _steps(found),
        "must_pay": _must_pay(found, detail.payments), "address_refusal": edit.address_refusal(found, detail.lines),
        "can_cancel": "cancel" in words, "why_not": cancelling.refusal(found), "can_refund": "refund" in words,
        "parcels": [
            (parcel.shipment, [(lines[pk], units) for pk, units in parcel.units if pk in lines], tracking.path_of(parcel.shipment.pk))
            for parcel in detail.parcels if parcel.shipment.status not in ("booked", "cancelled")
        ],
        "refunds": [(refund, reason_of(refund) or "") for refund in detail.refunds],
        "documents": reading.of_order(found.pk), "questions": len(ticket_queries.of_order(found.pk)),
        "returns": [(ret, return_steps.says(ret)) for ret in detail.came_back.returns],
        "can_return": bool(account_returns.returnable(detail.lines)),
        "entries": entries.public_entries(queries.timeline(found.pk, public_only=True)),
    }
    return render(request, "account/order.html", framed(request, context))


@require_http_methods(["GET", "HEAD", "POST"])
@shoppers
def cancel(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponseBase:
    """Call an order off, until it is packed."""
    detail = queries.detail(queries.id_of(number, person_id=visitor.person_id))
    form = OwnCancelForm(request.POST or None)
    back = f"You get back {money(detail.refundable_minor, detail.order.currency)} within 5 to 7 working days."
    says_ = ("It can be called off until it is packed.", *((back,) if detail.refundable_minor else ()))
    return _ask(
        request, visitor, detail, form, name="order.cancel",
        deed=lambda op: cancelling.cancel_by_customer(
            op, order_id=detail.order.pk, reason=form.cleaned_data["reason"] or None
        ),
        title="Cancel this order", submit="Cancel order", says=says_, said="Your order is cancelled.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@shoppers
def address(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponseBase:
    """Send an order somewhere else, until it is packed."""
    detail = queries.detail(queries.id_of(number, person_id=visitor.person_id))
    form = AddressFields(request.POST or None, initial=initial_address(detail.shipping))
    return _ask(
        request, visitor, detail, form, name="order.readdress",
        deed=lambda op: edit.readdress(op, order_id=detail.order.pk, address=form.address()),
        title="Change the address", submit="Send it there", said="Your order goes to the new address.",
        says=("It can be changed until the order is packed.",),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@shoppers
def refund(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponseBase:
    """Ask for money back; the shop decides."""
    detail = queries.detail(queries.id_of(number, person_id=visitor.person_id))
    refundable = detail.refundable_minor
    form = OwnRefundForm(request.POST or None, initial={"amount": refundable}, currency=detail.order.currency)
    return _ask(
        request, visitor, detail, form, name="refund.request",
        deed=lambda op: refunding.request(
            op, order_id=detail.order.pk, amount_minor=form.cleaned_data["amount"], reason=form.cleaned_data["reason"]
        ),
        title="Ask for a refund", submit="Send request", said="We have your request and answer it soon.",
        says=(f"Up to {money(refundable, detail.order.currency)} of this order can go back. The shop reads your request and decides.",),
    )


def says(found: Order) -> str:
    """Where the order is, in one sentence."""
    if found.status == S.PENDING:
        paid = found.payment_state in (Order.PaymentState.PAID, Order.PaymentState.AUTHORIZED)
        return "We have your order and check your payment" if paid else "Your order waits for its payment"
    if found.status == S.CANCELLED:
        left = found.paid_minor - found.refunded_minor
        return f"Cancelled: {money(left, found.currency)} is on its way back to you" if left > 0 else "Your order is cancelled"
    return _SAYS[S(found.status)]


def _ask(
    request: HttpRequest, visitor: Visitor, detail: OrderDetail, form: forms.Form, *, name: str,
    deed: Callable[[Operation], Any], title: str, submit: str, says: tuple[str, ...], said: str,
) -> HttpResponse:
    """A page that asks for words, does it, and leads back to the order."""
    found = detail.order
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                place = write(
                    request, name, str(found.pk), deed, actor=visitor_actor(request, visitor),
                    to=reverse("account-order", kwargs={"number": found.number}),
                )
                messages.success(request, said)
                return redirect(place)
            except DomainError as error:
                status = status_of(error)
                put_errors(
                    form, error, {"amount": "amount", "reason": "reason", **AddressFields.POINTERS}, story=str(found.pk),
                    version=request.POST.get("version", ""),
                )
                detail = queries.detail(found.pk)
    context = {
        "title": title, "submit": submit, "says": says, "form": form, "order": found, "version": detail.version,
        "number": found.number,
    }
    return render(request, "account/ask.html", framed(request, context), status=status)


def _card(found: Order) -> Card:
    lines = searching.lines_of(found)
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    payments = searching.payments_of(found)
    here = reverse("account-order", kwargs={"number": found.number})
    action, url = ("Pay now", reverse("pay", kwargs={"number": found.number})) if _must_pay(found, payments) else ("See order", here)
    if found.status == S.SHIPPED:
        action = "Track"
    first = lines[0] if lines else None
    return Card(
        order=found, names=f"{first.name}{more}" if first else found.number, first_sku=first.sku if first else "",
        says=says(found), action=action, url=url,
    )


def _must_pay(found: Order, payments: Sequence[Payment]) -> int:
    """What is to be paid online now, in minor units; nothing while the bank has said yes."""
    asked = outstanding.asked_of_customer(found, payments)
    return asked.amount_minor if asked is not None and asked.status != "authorized" else 0


def _steps(found: Order) -> list[Step]:
    """The path in the customer's words."""
    at_door = found.payment_method == "cod"
    path = (
        ("Ordered", found.created_at), ("Confirmed" if at_door else "Payment received", found.confirmed_at),
        ("Being packed", found.processing_at), ("On the way", found.shipped_at), ("Delivered", found.delivered_at),
    )
    ended = {S.CANCELLED: ("Cancelled", found.cancelled_at), S.REFUNDED: ("Refunded", found.refunded_at)}
    steps = [Step(word, moment, "done") for word, moment in path if moment is not None]
    if S(found.status) in ended:
        return [*steps, Step(*ended[S(found.status)], "ended")]
    steps[-1] = Step(steps[-1].word, steps[-1].at, "now")
    return [*steps, *(Step(word, None, "todo") for word, moment in path if moment is None)]

