"""Change an order in the console: what it would come to is worked out by the server as one types, then made as shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from orders import masking, queries
from orders.models import OrderEdit
from orders.operations import edit, edit_preview, edit_rules
from orders.pages import order_rows
from orders.pages.console import act, order_url
from orders.pages.edit_forms import EditForm
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError
from timeline.vocabulary import money

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from orders.queries import OrderDetail
    from timeline.operations import Operation

COMMIT, STAGE = "commit", "stage"
EXPECTED_DIGITS_MAX = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """What the change comes to, or why it is none; the sentence and the button."""

    preview: dict[str, Any] | None
    problem: str = ""
    submit: str = ""


@dataclass(frozen=True, slots=True)
class Staged:
    """A change that is prepared, in words."""

    edit: OrderEdit
    says: str
    url: str


@require_http_methods(["GET", "HEAD", "POST"])
@staff
def edit_page(request: HttpRequest, number: str) -> HttpResponseBase:
    """`/console/orders/<number>/edit/`: "Work out" shows the preview where there is no JavaScript."""
    found = queries.detail(queries.id_of(number))
    staged = _staged(found, request.POST.get("edit") or request.GET.get("edit", ""))
    form = _form(request, found, staged)
    status = 200
    if request.method == "POST" and request.POST.get("do") in (COMMIT, STAGE):
        status = 422
        if form.is_valid():
            try:
                return _do(request, found, form, staged)
            except DomainError as error:
                status = status_of(error)
                stale = {"story": str(found.order.pk), "version": request.POST.get("version", "")}
                put_errors(form, error, EditForm.POINTERS, **stale)
    context = {
        "form": form, "shown": _shown(found, form), "number": number, "order": found.order, "back": order_url(number),
        "version": queries.detail(found.order.pk).version, "open_count": order_rows.open_count(), "staged": staged,
        "others": _others(found, staged), "refused": _refused(found),
    }
    return render(request, "console/edit.html", context, status=status)


@require_POST
@staff
def preview(request: HttpRequest, number: str) -> HttpResponseBase:
    """What the form as it stands would come to; nothing is written."""
    found = queries.detail(queries.id_of(number))
    shown = _shown(found, _form(request, found, _staged(found, request.POST.get("edit", ""))))
    return render(request, "console/edit_preview.html", {"shown": shown, "order": found.order})


@require_POST
@staff
def discard(request: HttpRequest, number: str, edit_id: UUID) -> HttpResponseBase:
    """Drop a prepared change."""
    order_id = queries.id_of(number)
    return act(
        request, order_id, "order.discard_edit", lambda op: edit.discard(op, order_id=order_id, edit_id=edit_id),
        number=number, said="The prepared change is dropped.",
    )


def _do(request: HttpRequest, found: OrderDetail, form: EditForm, staged: OrderEdit | None) -> HttpResponseBase:
    wish, order_id = form.wish(), found.order.pk
    commits = request.POST.get("do") == COMMIT
    expected = _whole(request.POST.get("expected", ""))

    def deed(op: Operation) -> OrderEdit:
        if staged is None:
            made = edit.stage(op, order_id=order_id, wish=wish)
        else:
            changes = {"add": wish.add, "quantities": wish.quantities, "shipping": wish.shipping, "discount_minor": wish.discount_minor}
            made = edit.change(op, order_id=order_id, edit_id=staged.pk, changes=changes)
        if commits:
            edit.commit(op, order_id=order_id, edit_id=made.pk, expected_balance_minor=expected)
        return made

    name = "order.commit_edit" if commits else "order.stage_edit"
    place = write(request, name, str(order_id), deed, actor=staff_actor(request), to=order_url(found.order.number))
    messages.success(request, "The order is changed." if commits else "The change is prepared; nothing is changed yet.")
    return redirect(place)


def _shown(found: OrderDetail, form: EditForm) -> Shown:
    if not form.is_bound:
        return Shown(None)
    if not form.is_valid():
        return Shown(None, "Some of it cannot be read yet.")
    wish = form.wish()
    try:
        planned = edit_preview.plan(found.order, found.lines, wish)
        shown = edit_preview.preview(found.order, found.lines, planned)
    except edit_preview.NothingChanged:
        return Shown(None)
    except DomainError as error:
        return Shown(None, " ".join([words_of(error), *(detail for _, detail in error.errors)]))
    short = [row["sku"] for row in shown["lines"] if row["stock"] and row["stock"]["isShort"]]
    problem = f"Not enough in stock: {', '.join(short)}." if short else ""
    return Shown(shown, problem, _button(shown, found.order.currency))


def _button(shown: dict[str, Any], currency: str) -> str:
    """The commit in words: what happens to the money."""
    amount = money(shown["then"]["amount"], currency)
    return {
        "refund": f"Change the order and give back {amount}",
        "overpaid": f"Change the order; {amount} is paid too much",
        "ask": f"Change the order and ask for {amount}",
        "collect": f"Change the order and collect {amount} at the door",
    }.get(shown["then"]["action"], "Change the order; no money moves")


def _form(request: HttpRequest, found: OrderDetail, staged: OrderEdit | None) -> EditForm:
    free = edit_rules.free_units(found.order.pk, found.lines)
    data = request.POST if request.method == "POST" else None
    return EditForm(data, detail=found, free=free, staged=staged, sees_customers=masking.sees_customers(request.user))


def _staged(found: OrderDetail, text: str) -> OrderEdit | None:
    try:
        wanted = UUID(text)
    except ValueError:
        return None
    return OrderEdit.objects.filter(order=found.order, status=OrderEdit.Status.STAGED, pk=wanted).first()


def _others(found: OrderDetail, staged: OrderEdit | None) -> list[Staged]:
    rows = OrderEdit.objects.filter(order=found.order, status=OrderEdit.Status.STAGED).order_by("created_at", "id")
    page = reverse("console-edit", kwargs={"number": found.order.number})
    return [Staged(row, _says(row, found.order.currency), f"{page}?edit={row.pk}") for row in rows if staged is None or row.pk != staged.pk]


def _says(row: OrderEdit, currency: str) -> str:
    lines = [f"{line['sku']} {line['quantityBefore']} → {line['quantity']}" for line in row.preview["lines"]
             if line["quantityBefore"] != line["quantity"]]
    moved = ["another address"] if row.preview["addresses"] else []
    off = row.changes.get("discount")
    return ", ".join([*lines, *moved, *([f"{money(off, currency)} off"] if off else [])])


def _refused(found: OrderDetail) -> str:
    """Why no goods may be changed now; empty when they may."""
    try:
        edit_rules.require_goods(found.order)
    except DomainError as error:
        return error.detail
    return ""


def _whole(text: str) -> int | None:
    """The balance the button spoke of, as the form sends it back."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= EXPECTED_DIGITS_MAX else None
