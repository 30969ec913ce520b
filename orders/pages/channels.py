"""Channels in the console: the shops, how their last poll went, and the imports a person must look at (D1, D2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import masking
from orders.channels import adapters, deciding, history, ingest, intake, queries, resolving
from orders.channels.canonical import STATUSES
from orders.channels.matching import name_of
from orders.channels.reading import BODY_BYTES_MAX
from orders.models import ChannelImport
from orders.pages import order_rows
from orders.pages.visitors import staff
from orders.pages.writing import status_of, words_of
from timeline.api.authentication import staff_actor
from timeline.api.paging import paged
from timeline.errors import DomainError
from timeline.operations import operation
from timeline.vocabulary import money

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

ROWS = 50
STATES = {"waiting": ("held", "conflict"), "imported": ("imported",), "dismissed": ("dismissed",)}
STATE_WORDS = {"waiting": "To decide", "imported": "Imported", "dismissed": "Dismissed"}
_SKU = "sku-"
_UNMATCHED = {"unknown_sku", "no_sku"}


class UploadForm(forms.Form):
    """A file of orders."""

    channel = forms.ChoiceField(label="Channel", choices=[*adapters.NAMES.items()])
    file = forms.FileField(label="File", help_text="JSON as the channel sends it, CSV, X12 or EDIFACT; at most 100 orders.")

    def clean_file(self) -> Any:
        """Not larger than is read."""
        file = self.cleaned_data["file"]
        if file.size > BODY_BYTES_MAX:
            raise forms.ValidationError("The file is larger than 2 MiB.")
        return file


class DecideForm(forms.Form):
    """What a person says about a held import: a SKU of ours for each of theirs, a status, what is taken as it is."""

    def __init__(self, *args: Any, row: ChannelImport, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = [str(reason["code"]) for reason in row.reasons if reason["holds"]]
        self.theirs: dict[str, str] = {}
        if _UNMATCHED & set(codes):
            names = dict.fromkeys(name_of(item["sku"], item["name"]) for item in row.sums.get("items", []) if item["quantity"])
            for place, name in enumerate(names):
                self.theirs[f"{_SKU}{place}"] = name
                self.fields[f"{_SKU}{place}"] = forms.CharField(
                    label=f"Our SKU for {name.removeprefix('title:')}", max_length=64, required=False
                )
        if deciding.STATUS_TO_SAY & set(codes):
            words = [("", "Choose"), *((word, word.capitalize()) for word in STATUSES)]
            self.fields["status"] = forms.ChoiceField(label=f"“{row.channel_status}” means", choices=words, required=False)
        accepted = [(code, code.replace("_", " ").capitalize()) for code in codes if code in deciding.ACCEPTABLE]
        if accepted:
            self.fields["accept"] = forms.MultipleChoiceField(
                label="Take as it is there" if row.state == ChannelImport.State.CONFLICT else "Take as it is", choices=accepted, required=False, widget=forms.CheckboxSelectMultiple
            )
        self.fields["note"] = forms.CharField(label="Note", max_length=500, required=False)

    def wish(self) -> dict[str, Any]:
        """As `resolving.decide` takes it."""
        data = self.cleaned_data
        return {
            "skus": {name: data[field] for field, name in self.theirs.items() if data.get(field)},
            "status": data.get("status", ""), "accept": data.get("accept", []), "note": data.get("note", ""),
        }


@staff
def channel_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/channels/`: shops, imports, and a file to bring in."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            told = intake.read(form.cleaned_data["channel"], form.cleaned_data["file"].read())
            found = intake.take(told, actor=staff_actor(request))
        except DomainError as error:
            form.add_error("file", words_of(error))
        else:
            messages.success(request, _summed(found))
            return redirect("console-channels")
    return _listed(request, form, status=200 if request.method == "GET" else 422)


@require_safe
@staff
def import_page(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """`/console/channels/imports/<id>/`."""
    return _show(request, queries.imported(str(import_id)))


@require_POST
@staff
def resolve(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """Keep what was decided, and try again."""
    row = queries.imported(str(import_id))
    form = DecideForm(request.POST, row=row)
    if not form.is_valid():
        return _show(request, row, form=form, status=422)
    try:
        with operation("channel.resolve", actor=staff_actor(request), stream=row.story) as op:
            resolving.decide(op, import_id=row.pk, **form.wish())
        if row.state == ChannelImport.State.HELD:
            ingest.again(import_id=row.pk, actor=staff_actor(request), reason="resolved")
    except DomainError as error:
        return _show(request, queries.imported(str(import_id)), form=form, problem=words_of(error), status=status_of(error))
    return _done(request, import_id)


@require_POST
@staff
def retry(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """Try again, as SKUs or stock have come."""
    try:
        ingest.again(import_id=import_id, actor=staff_actor(request))
    except DomainError as error:
        return _show(request, queries.imported(str(import_id)), problem=words_of(error), status=status_of(error))
    return _done(request, import_id)


@require_POST
@staff
def dismiss(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """It is no order of ours."""
    row = queries.imported(str(import_id))
    reason = request.POST.get("reason", "").strip()[:500]
    try:
        with operation("channel.dismiss", actor=staff_actor(request), stream=row.story) as op:
            resolving.dismiss(op, import_id=row.pk, reason=reason or "No reason was given.")
    except DomainError as error:
        return _show(request, queries.imported(str(import_id)), problem=words_of(error), status=status_of(error))
    return _done(request, import_id)


def _listed(request: HttpRequest, form: UploadForm, *, status: int) -> HttpResponseBase:
    state = request.GET.get("state", "waiting")
    state = state if state in STATES else "waiting"
    channel = request.GET.get("channel", "")
    rows = queries.imports(states=STATES[state], channels=[channel] if channel in adapters.NAMES else [])
    page = paged(rows, order=("-received_at", "-id"), limit=ROWS, cursor=request.GET.get("cursor"))
    shops = [(account, row.name) for row in queries.channels() for account in row.accounts]
    context = {
        "rows": [(row, _money(row)) for row in page.rows], "page": page, "state": state, "states": STATE_WORDS, "channel": channel,
        "channels": adapters.NAMES, "shops": shops, "form": form, "now": timezone.now(), "waiting": queries.waiting_count(),
        "open_count": order_rows.open_count(),
    }
    return render(request, "console/channels.html", context, status=status)


def _show(
    request: HttpRequest, row: ChannelImport, *, form: DecideForm | None = None, problem: str = "", status: int = 200
) -> HttpResponseBase:
    told = row.told()
    buyer, shipping = told.get("buyer", {}), told.get("shipping", {})
    if not masking.sees_customers(request.user):
        buyer, shipping = masking.profile(buyer), masking.address(shipping)
    currency = str(row.sums.get("currency", "INR"))
    context = {
        "row": row, "channel": adapters.NAMES[row.channel], "buyer": buyer, "shipping": shipping,
        "items": [(item, money(item["gross"], currency), money(item["taxAmount"], currency), money(item["total"], currency)) for item in row.sums.get("items", [])],
        "sums": [(word, money(row.sums.get(name, 0), currency)) for word, name in _SUMS], "form": form or DecideForm(row=row),
        "problem": problem, "open_count": order_rows.open_count(), "history": [_told(one) for one in history.of(row, with_bodies=False)],
    }
    return render(request, "console/channel_import.html", context, status=status)


def _told(one: history.Entry) -> tuple[history.Entry, str, tuple[str, ...]]:
    """An event with what it did in a word, and total, paid and refunded as its channel told them."""
    sums = (one.total_minor, one.paid_minor, one.refunded_minor)
    return one, one.action.partition(".")[2], tuple("" if amount is None else money(amount, one.currency) for amount in sums)


_SUMS = (
    ("Goods", "subtotal"), ("Discount", "discountAmount"), ("Tax", "taxAmount"), ("Shipping and fees", "shippingCost"), ("Total", "total"),
    ("Paid", "paidAmount"), ("Refunded", "refundedAmount"),
)


def _done(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    row = queries.imported(str(import_id))
    if row.state == ChannelImport.State.HELD:
        messages.warning(request, "It still waits; the reasons say why.")
    else:
        messages.success(request, f"{row.get_state_display()}.")
    return redirect("console-channel-import", import_id)


def _money(row: ChannelImport) -> str:
    return money(row.sums.get("total", 0), str(row.sums.get("currency", "INR")))


def _summed(found: list[ingest.Outcome]) -> str:
    words = [f"{sum(one.outcome == word for one in found)} {word}" for word in ingest.OUTCOMES if any(one.outcome == word for one in found)]
    return f"Taken in: {', '.join(words)}."
