"""The customer's returns: the form that shows the exact refund first, the status page, pictures, the label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import eligibility, queries, return_queries
from orders.documents.served import label_response, picture_response
from orders.operations import return_pickup, return_policy, returns
from orders.operations.actions import return_actions
from orders.pages import return_steps
from orders.pages.return_forms import CONDITIONS, REASONS, MorePhotosForm, OwnReturnForm, ReturnRow
from orders.pages.shop import framed
from orders.pages.visitors import shoppers, visitor_actor
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

    from orders.models import Line, Return
    from orders.operations.return_policy import Worth
    from orders.pages.visitors import Visitor
    from orders.queries import OrderDetail
    from timeline.operations import Operation


def returnable(lines: list[Line]) -> list[ReturnRow]:
    """The lines of which units may be sent back now, and until when. Three statements."""
    policy, now = return_policy.policy(), timezone.now()
    found = []
    for pk, bought in return_queries.bought(lines).items():
        last = eligibility.last_moment(bought, policy)
        if bought.left and last is not None and now <= last:
            line = next(line for line in lines if line.pk == pk)
            found.append(ReturnRow(line, bought.left, until=last))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@shoppers
def ask(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponseBase:
    """`/account/orders/<number>/return/`: choose, see what you get back, send."""
    detail = queries.detail(queries.id_of(number, person_id=visitor.person_id))
    # What is sent is measured by the rules, so that the twin of a double click is led to the return the first one made.
    rows = returnable(detail.lines) if request.method != "POST" else _delivered(detail.lines)
    form = OwnReturnForm(request.POST or None, request.FILES or None, rows=rows)
    worths: dict[UUID, Worth] = {}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if "send" in request.POST:
                    place = _send(request, visitor, detail, form)
                    messages.success(request, "We have your request.")
                    return redirect(place)
                worths = returns.preview(order_id=detail.order.pk, items=form.items(), now=timezone.now())
                status = 200
            except DomainError as error:
                status = status_of(error)
                put_errors(form, error, {}, story=str(detail.order.pk), version=request.POST.get("version", ""))
    context = {
        "form": form, "order": detail.order, "number": detail.order.number, "version": detail.version,
        "worth_minor": sum(worth.worth_minor for worth in worths.values()),
        "fee_minor": sum(worth.fee_minor for worth in worths.values()),
        "refund_minor": sum(worth.refund_minor for worth in worths.values()), "is_worked_out": bool(worths),
        "days": return_policy.policy().window_days,
    }
    return render(request, "account/return_ask.html", framed(request, context), status=status)


@require_safe
@shoppers
def status_page(request: HttpRequest, visitor: Visitor, number: str, rma: str) -> HttpResponseBase:
    """`/account/orders/<number>/returns/<rma>/`."""
    return _show(request, _own(visitor, number, rma))


@require_POST
@shoppers
def cancel(request: HttpRequest, visitor: Visitor, number: str, rma: str) -> HttpResponseBase:
    """Keep the goods after all."""
    ret = _own(visitor, number, rma)
    return _write(
        request, visitor, ret, "return.cancel", lambda op: return_pickup.cancel(op, return_id=ret.pk),
        said="You keep the goods.",
    )


@require_POST
@shoppers
def add_photos(request: HttpRequest, visitor: Visitor, number: str, rma: str) -> HttpResponseBase:
    """Send pictures afterwards."""
    ret = _own(visitor, number, rma)
    form = MorePhotosForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, ret, problem=" ".join(map(str, form.errors["photos"])), status=422)
    photos = [photo.read() for photo in form.cleaned_data["photos"]]
    return _write(
        request, visitor, ret, "return.photo",
        lambda op: [returns.add_photo(op, return_id=ret.pk, data=data) for data in photos], said="Thank you for the photos.",
    )


@require_safe
@shoppers
def photo(request: HttpRequest, visitor: Visitor, number: str, rma: str, place: int) -> HttpResponseBase:
    """One picture."""
    del request
    return picture_response(return_queries.photo(return_id=_own(visitor, number, rma).pk, place=place))


@require_safe
@shoppers
def label(request: HttpRequest, visitor: Visitor, number: str, rma: str) -> HttpResponseBase:
    """The label for the parcel that brings the goods back."""
    del request
    return label_response(return_queries.label(_own(visitor, number, rma).pk))


def _delivered(lines: list[Line]) -> list[ReturnRow]:
    return [ReturnRow(line, line.quantity_delivered) for line in lines if line.quantity_delivered]


def _own(visitor: Visitor, number: str, rma: str) -> Return:
    order_id = queries.id_of(number, person_id=visitor.person_id)
    return return_queries.one(return_queries.ids_of(rma, order_id=order_id)[0])


def _send(request: HttpRequest, visitor: Visitor, detail: OrderDetail, form: OwnReturnForm) -> str:
    photos = [photo.read() for photo in form.cleaned_data["photos"]]

    def deed(op: Operation) -> Return:
        ret = returns.ask(
            op, order_id=detail.order.pk, items=form.items(), wish=form.cleaned_data["wish"],
            comment=form.cleaned_data["comment"] or None,
        )
        for data in photos:
            returns.add_photo(op, return_id=ret.pk, data=data)
        return ret

    return write(
        request, "return.request", str(detail.order.pk), deed, actor=visitor_actor(request, visitor),
        to=lambda ret: reverse("account-return", kwargs={"number": detail.order.number, "rma": ret.number}),
    )


def _write(
    request: HttpRequest, visitor: Visitor, ret: Return, name: str, deed: Callable[[Operation], Any], *, said: str
) -> HttpResponseBase:
    here = reverse("account-return", kwargs={"number": ret.order.number, "rma": ret.number})
    try:
        place = write(
            request, name, str(ret.order_id), deed, actor=visitor_actor(request, visitor), to=here, versioned=False
        )
    except DomainError as error:
        return _show(request, return_queries.one(ret.pk), problem=words_of(error), status=status_of(error))
    messages.success(request, said)
    return redirect(place)


def _show(request: HttpRequest, ret: Return, *, problem: str = "", status: int = 200) -> HttpResponse:
    words = return_actions(ret, as_staff=False)
    private = ret.private(ret.order.person.key)
    context = {
        "ret": ret, "order": ret.order, "number": ret.order.number, "says": return_steps.says(ret),
        "steps": return_steps.steps(ret, as_staff=False), "problem": problem, "comment": private.get("comment"),
        "declined": private.get("reason"), "can_cancel": "cancel" in words,
        "photos_form": MorePhotosForm() if "photo" in words else None, "refund_minor": ret.worth_minor - ret.fee_minor,
        "rows": [
            (row, REASONS.get(row.reason, row.reason), CONDITIONS.get(row.condition, row.condition))
            for row in ret.lines.all() if row.quantity
        ],
        "parcels": [parcel.shipment for parcel in ret.parcels.all() if parcel.shipment.status != "cancelled"],
        "has_label": any(
            parcel.shipment.is_reverse and parcel.shipment.status == "labelled" for parcel in ret.parcels.all()
        ),
    }
    return render(request, "account/return.html", framed(request, context), status=status)
