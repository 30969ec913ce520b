"""The shop: products, the cart, the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.exceptions import Throttled

from inventory import queries as stock
from orders import checkout as checkouts
from orders import queries
from orders.models import Checkout
from orders.models.person import of as people_of
from orders.operations import numbers
from orders.pages.forms import UNITS_MAX, DetailsForm
from orders.pages.leafing import page_of
from orders.pages.visitors import CART_SESSION_KEY, shoppers, visitor_actor, visitor_of, welcome
from orders.pages.writing import put_errors, status_of, words_of, write
from orders.quoting import price
from timeline.errors import DomainError, Missing
from timeline.operations import operation
from timeline.origins import origin

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

    from orders.pages.visitors import Visitor

GOODS_PER_PAGE = 24
SEARCH_CHARS_MAX = 100
CHANNEL = "web"


@require_safe
def products(request: HttpRequest) -> HttpResponseBase:
    """`/`: what is on sale."""
    q = request.GET.get("q", "").strip()[:SEARCH_CHARS_MAX].replace("\0", "")
    order = ("product__name", "sku")
    page = page_of(request, stock.list_products(q), order=order, limit=GOODS_PER_PAGE)
    context = {"variants": page.rows, "q": q, "next_cursor": page.next_cursor, "total": page.total}
    return render(request, "shop/products.html", framed(request, context))


@require_safe
def cart(request: HttpRequest) -> HttpResponseBase:
    """`/cart/`."""
    return _show_cart(request)


@require_POST
def add(request: HttpRequest) -> HttpResponseBase:
    """Put a product into the cart; the first one begins a checkout."""
    sku, quantity = request.POST.get("sku", "")[:64].replace("\0", ""), _units(request, least=1)
    visitor = welcome(request)
    actor = visitor_actor(request, visitor)
    open_cart = cart_of(request, visitor)
    try:
        if open_cart is not None:
            write(
                request, "checkout.add_line", str(open_cart),
                lambda op: checkouts.add_line(op, checkout_id=open_cart, sku=sku, quantity=quantity),
                actor=actor, to=reverse("cart"), versioned=False,
            )
        else:
            with operation("checkout.start", actor=actor) as op:
                checkout_id = op.new_id()
                op.open_stream(str(checkout_id))
                checkouts.start(
                    op, checkout_id=checkout_id, person_id=visitor.person_id, kind=visitor.kind, channel=CHANNEL,
                    wants=[checkouts.Wish(sku, quantity, {})],
                )
            request.session[CART_SESSION_KEY] = str(checkout_id)
    except DomainError as error:
        return _show_cart(request, problem=words_of(error), status=status_of(error))
    messages.success(request, "Added to your cart.")
    return redirect("cart")


@require_POST
@shoppers
def change_line(request: HttpRequest, visitor: Visitor, line_id: UUID) -> HttpResponseBase:
    """Set the quantity of a line; none takes it out."""
    checkout_id = cart_of(request, visitor)
    if checkout_id is None:
        raise Missing
    quantity = 0 if "remove" in request.POST else _units(request, least=0)
    try:
        write(
            request, "checkout.change_line", str(checkout_id),
            lambda op: checkouts.change_line(op, checkout_id=checkout_id, line_id=line_id, quantity=quantity)
            if quantity else checkouts.remove_line(op, checkout_id=checkout_id, line_id=line_id),
            actor=visitor_actor(request, visitor), to=reverse("cart"), versioned=False,
        )
    except DomainError as error:
        return _show_cart(request, problem=words_of(error), status=status_of(error))
    return redirect("cart")


@require_http_methods(["GET", "HEAD", "POST"])
@shoppers
def checkout(request: HttpRequest, visitor: Visitor, checkout_id: UUID) -> HttpResponseBase:
    """`/checkout/<id>/`: where it goes and how it is paid; then all of it once more, to be ordered."""
    queries.checkout_id_of(str(checkout_id), person_id=visitor.person_id)
    found = Checkout.objects.select_related("order", "person__key").get(pk=checkout_id)
    if found.order is not None:
        return redirect("pay", number=found.order.number)
    if found.status != Checkout.Status.OPEN:
        return redirect("cart")
    form = DetailsForm(request.POST or None, initial=_known(found))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                place = write(
                    request, "checkout.amend", str(checkout_id),
                    lambda op: checkouts.amend(op, checkout_id=checkout_id, changes=form.changes()),
                    actor=visitor_actor(request, visitor), to=reverse("checkout", kwargs={"checkout_id": checkout_id}),
                    versioned=False,
                )
                return redirect(place)
            except DomainError as error:
                status = status_of(error)
                put_errors(form, error, form.POINTERS)
    is_complete = request.method != "POST" and "edit" not in request.GET and _is_complete(found)
    return _show_checkout(request, checkout_id, form=form, is_complete=is_complete, status=status)


@require_POST
@shoppers
def place(request: HttpRequest, visitor: Visitor, checkout_id: UUID) -> HttpResponseBase:
    """Order: all of it or nothing. The twin of this form is led to the same order."""
    queries.checkout_id_of(str(checkout_id), person_id=visitor.person_id)
    done = Checkout.objects.select_related("order").get(pk=checkout_id).order
    if done is not None:
        return redirect("pay", number=done.number)
    actor = visitor_actor(request, visitor)
    try:
        _require_rate(request, visitor)
        number = numbers.take(actor=actor)
        to = write(
            request, "checkout.complete", str(checkout_id),
            lambda op: checkouts.complete(op, checkout_id=checkout_id, number=number, origin=origin(request)),
            actor=actor, to=lambda placed: reverse("pay", kwargs={"number": placed.order.number}), versioned=False,
        )
    except Throttled:
        words = "Too many orders within a minute; wait a moment and order again."
        return _show_checkout(request, checkout_id, problem=words, is_complete=True, status=429)
    except checkouts.PriceChanged as error:
        # The refusal rolled everything back; that the customer now sees the prices is a fact of its own.
        with operation("checkout.reprice", actor=actor, stream=str(checkout_id)) as op:
            checkouts.see_prices(op, checkout_id=checkout_id)
        return _show_checkout(request, checkout_id, problem=words_of(error), is_complete=True, status=409)
    except DomainError as error:
        said = " ".join([words_of(error), *(detail for _, detail in error.errors)])
        return _show_checkout(request, checkout_id, problem=said, is_complete=True, status=status_of(error))
    request.session.pop(CART_SESSION_KEY, None)
    return redirect(to)


def cart_of(request: HttpRequest, visitor: Visitor) -> UUID | None:
    """The visitor's open checkout; None when there is none, or it has ended."""
    text = request.session.get(CART_SESSION_KEY)
    if not isinstance(text, str):
        return None
    found = Checkout.objects.filter(pk=text, person__in=people_of(visitor.person_id), status__in=["open", "abandoned"])
    return found.values_list("pk", flat=True).first()


def framed(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of a shop page: with the shop's name and the visitor."""
    return {"shop_name": settings.SHOP_NAME, "visitor": visitor_of(request), "local": settings.LOCAL_SANDBOX, **context}


def _show_cart(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    visitor = visitor_of(request)
    checkout_id = cart_of(request, visitor) if visitor is not None else None
    context: dict[str, Any] = {"problem": problem, "checkout_id": checkout_id, "rows": []}
    if checkout_id is not None:
        context |= _priced(checkout_id)
    return render(request, "shop/cart.html", framed(request, context), status=status)


def _show_checkout(
    request: HttpRequest, checkout_id: UUID, *, form: DetailsForm | None = None, problem: str = "",
    is_complete: bool, status: int,
) -> HttpResponse:
    context = {
        **_priced(checkout_id), "form": form, "problem": problem, "is_complete": is_complete, "checkout_id": checkout_id,
    }
    return render(request, "shop/checkout.html", framed(request, context), status=status)


def _priced(checkout_id: UUID) -> dict[str, Any]:
    """The cart at the prices of now: pairs of a line and its quote, what may be promised, and the contact."""
    found, lines = queries.checkout(checkout_id)
    contact = found.contact()
    priced = price(found, lines, contact=contact, now=timezone.now())
    quoted = {line.key: line for line in priced.quote.lines}
    free = stock.available([line.variant_id for line in lines])
    return {
        "checkout": found,
        "rows": [(line, quoted[str(line.pk)], free[line.variant_id]) for line in lines],
        "quote": priced.quote,
        "refusal": (priced.refusal or "").replace("_", " "),
        "contact": contact,
        "address": contact.get("shippingAddress") or {},
    }


def _known(found: Checkout) -> dict[str, Any]:
    contact = found.contact()
    address = contact.get("shippingAddress") or {}
    profile = found.person.profile()
    known = {**profile, **{key: value for key, value in contact.items() if isinstance(value, str)}}
    return {
        **{name: known.get(name, "") for name in ("email", "phone", "name", "gstin")},
        **{name: address.get(name) or "" for name in ("line1", "line2", "city")},
        "state": address.get("state") or settings.SHOP_STATE,
        "postal_code": address.get("postalCode", ""),
        "discount_code": found.discount_code,
        "shipping_method": found.shipping_method,
        "payment_method": found.payment_method,
    }


def _is_complete(found: Checkout) -> bool:
    contact = found.contact()
    return bool(contact.get("email") and contact.get("shippingAddress"))


def _units(request: HttpRequest, *, least: int) -> int:
    text = request.POST.get("quantity", "1").strip()
    units = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else least  # noqa: PLR2004 five digits
    return min(max(units, least), UNITS_MAX)


def _require_rate(request: HttpRequest, visitor: Visitor) -> None:
    """Count this order against the limits of the API, which the pages share (B74). Raises Throttled."""
    # config is the composition root: it is named by its path, never imported by an app.
    from django.utils.module_loading import import_string
    from rest_framework.request import Request

    asked = Request(request)
    asked.user = visitor  # type: ignore[assignment]
    limit = import_string("config.api.throttles.OrderCreationThrottle")()
    if not limit.allow_request(asked, None):
        raise Throttled(wait=limit.wait())
