"""What staff do with stock at the console: one form a step, one operation a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from inventory import operations as stock
from inventory import queries, sync
from orders.pages import stock_forms
from orders.pages.order_rows import open_count
from orders.pages.stock import conflict_page
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django import forms
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

asks = require_http_methods(["GET", "HEAD", "POST"])
_FIELDS = {
    "sku": "sku", "warehouse": "warehouse", "from": "source", "to": "target", "delta": "delta", "items": "lines",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A form, what it says before, what it does, and what is said after."""

    title: str
    says: str
    form: type[forms.Form]
    deed: Callable[[Operation, dict[str, Any]], Any]
    said: str
    submit: str
    to: str = ""  # the page after it; the variant's own when it is about one


def _receive(op: Operation, wish: dict[str, Any]) -> Any:
    goods = [stock.Goods(sku, units) for sku, units in wish["lines"].items()]
    return stock.take_delivery(op, warehouse_code=wish["warehouse"], goods=goods, reference=wish["reference"])


def _damage(op: Operation, wish: dict[str, Any]) -> Any:
    act = {"damage": stock.damage, "repair": stock.repair, "scrap": stock.scrap}[wish["action"]]
    return act(
        op, warehouse_code=wish["warehouse"], sku=wish["sku"], quantity=wish["quantity"], reason=wish["reason"]
    )


STEPS: Final = {
    "receive": Step(
        "Receive goods", "They lie on the shelf at once, and whoever waits for them is served first.",
        stock_forms.ReceiveForm, _receive, "The delivery is taken in.", "Receive", "console-stock",
    ),
    "send": Step(
        "Send to another warehouse", "They are on hand nowhere until they are received there.", stock_forms.SendForm,
        lambda op, wish: stock.send(op, from_code=wish["source"], to_code=wish["target"], units=wish["lines"]),
        "The goods are on their way.", "Send", "console-stock-open",
    ),
    "count": Step(
        "Count", "Write down what you count. The difference is shown afterwards, and nothing moves until somebody confirms it.",
        stock_forms.CountForm,
        lambda op, wish: stock.enter_count(op, warehouse_code=wish["warehouse"], counted=wish["lines"]),
        "The count waits to be confirmed.", "Write the count down", "console-stock-open",
    ),
    "adjust": Step(
        "Correct a shelf", "A difference, never a number: what is sold meanwhile is not lost.", stock_forms.AdjustForm,
        lambda op, wish: stock.adjust(
            op, warehouse_code=wish["warehouse"], sku=wish["sku"], delta=wish["delta"], reason=wish["reason"]
        ),
        "The shelf is corrected.", "Correct",
    ),
    "damage": Step(
        "Damaged units", "They lie aside and cannot be sold until they are repaired.", stock_forms.DamageForm, _damage,
        "The units are moved.", "Move the units",
    ),
    "watch": Step(
        "Safety stock", "Units kept back are never offered; you may still reach for them by hand.", stock_forms.WatchForm,
        lambda op, wish: stock.watch(
            op, warehouse_code=wish["warehouse"], sku=wish["sku"], safety=wish["safety"], reorder_at=wish["reorder_at"]
        ),
        "The shelf is watched.", "Keep watch",
    ),
    "policy": Step(
        "More than is there", "What an order for more than is available does.", stock_forms.PolicyForm,
        lambda op, wish: stock.set_policy(op, **wish), "The policy is set.", "Set the policy",
    ),
}


@asks
@staff
def step(request: HttpRequest, verb: str) -> HttpResponseBase:
    """`/console/stock/do/<verb>/`."""
    found = STEPS.get(verb)
    if found is None:
        raise Http404
    form = found.form(request.POST if request.method == "POST" else None, initial=_initial(request, verb))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wish = form.cleaned_data
            place = reverse(found.to) if found.to else reverse("console-stock-variant", kwargs={"sku": wish["sku"]})
            try:
                place = _write(request, f"stock.{verb}", lambda op: found.deed(op, wish), place)
            except DomainError as error:
                names = {key: name for key, name in _FIELDS.items() if name in form.fields}
                put_errors(form, error, {"sku": "lines"} | names if "lines" in form.fields else names)
                status = status_of(error)
            else:
                messages.success(request, found.said)
                return redirect(place)
    sku = str(form["sku"].value() or "") if "sku" in form.fields else ""
    context = {"step": found, "form": form, "sku": sku, "open_count": open_count()}
    return render(request, "console/stock_form.html", context, status=status)


@require_POST
@staff
def take_in(request: HttpRequest, transfer_id: UUID) -> HttpResponseBase:
    """Receive a transfer: what its fields say came; what is missing is short."""
    found = queries.transfers().filter(pk=transfer_id).first()
    if found is None:
        raise Http404
    skus = [line.variant.sku for line in found.lines.all()]
    return _deed(
        request, "stock.take_in", "The goods are taken in.",
        lambda op: stock.take_in(
            op, transfer_id=transfer_id, received=_units(request, "received", skus), damaged=_units(request, "damaged", skus)
        ),
    )


@require_POST
@staff
def turn_back(request: HttpRequest, transfer_id: UUID) -> HttpResponseBase:
    """The goods are where they came from."""
    return _deed(
        request, "stock.turn_back", "The goods are back.", lambda op: stock.turn_back(op, transfer_id=transfer_id)
    )


@require_POST
@staff
def decide(request: HttpRequest, count_id: UUID, what: str) -> HttpResponseBase:
    """Confirm a count, or discard it."""
    act = {"confirm": stock.confirm_count, "discard": stock.discard_count}.get(what)
    if act is None:
        raise Http404
    return _deed(request, f"stock.{what}_count", f"The count is {what}ed.", lambda op: act(op, count_id=count_id))


@require_POST
@staff
def serve(request: HttpRequest, backorder_id: UUID) -> HttpResponseBase:
    """Serve one who waits, by hand: out of turn, and down into the safety stock."""
    row = queries.backorder(backorder_id)
    place = reverse("console-stock-variant", kwargs={"sku": row.variant.sku})
    return _deed(
        request, "stock.fill", "Served as far as there is any.",
        lambda op: stock.fill(op, stream=row.stream, variant_id=row.variant_id, by_hand=True), place=place, story=row.stream,
    )


@asks
@staff
def conflicts(request: HttpRequest) -> HttpResponseBase:
    """`/console/stock/conflicts/`: where a warehouse and we disagree; its files are brought in here."""
    if request.method != "POST":
        return _conflicts(request)
    which = "dispatches" if "dispatches-warehouse" in request.POST else "counts"
    form = _file_forms(request)[which]
    if not form.is_valid():
        return _conflicts(request, {which: form}, 422)
    actor, wish = staff_actor(request), form.cleaned_data
    try:
        if which == "counts":
            took = sync.take(form.text, warehouse_code=wish["warehouse"], actor=actor, taken_at=wish["taken_at"])
            said, refused = f"Levels changed: {len(took.changed)}", len(took.refused)
        else:
            taken, why = sync.take_dispatches(form.text, warehouse_code=wish["warehouse"], actor=actor)
            said, refused = f"Dispatches taken: {taken}", len(why)
    except DomainError as error:
        form.add_error(None, words_of(error))
        return _conflicts(request, {which: form}, status_of(error))
    messages.success(request, f"{said}. Did not fit: {refused}.")
    return redirect("console-stock-conflicts")


@require_POST
@staff
def resolve(request: HttpRequest, conflict_id: UUID) -> HttpResponseBase:
    """A person has looked into a conflict."""
    form = stock_forms.ResolveForm(request.POST)
    place = reverse("console-stock-conflicts")
    if not form.is_valid():
        messages.error(request, "Say what was done.")
        return redirect(place)
    reason = form.cleaned_data["reason"]
    return _deed(
        request, "warehouse.resolve_conflict", "Resolved.",
        lambda op: stock.resolve_conflict(op, conflict_id=conflict_id, reason=reason), place=place,
    )


def _deed(
    request: HttpRequest, name: str, said: str, act: Callable[[Operation], Any], *, place: str = "", story: str | None = None
) -> HttpResponseBase:
    """One button: done, or why not, on the page it stands on."""
    place = place or reverse("console-stock-open")
    try:
        _write(request, name, act, place, story=story)
    except DomainError as error:
        status_of(error)
        messages.error(request, words_of(error))
    else:
        messages.success(request, said)
    return redirect(place)


def _write(
    request: HttpRequest, name: str, act: Callable[[Operation], Any], to: str, *, story: str | None = None
) -> str:
    return write(request, name, story, act, actor=staff_actor(request), to=to, versioned=False)


def _units(request: HttpRequest, what: str, skus: list[str]) -> dict[str, int]:
    """The fields `received-<SKU>` of a transfer; what is no number is none."""
    found = {}
    for sku in skus:
        text = request.POST.get(f"{what}-{sku}", "").strip()
        found[sku] = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 nine digits
    return found


def _initial(request: HttpRequest, verb: str) -> dict[str, Any]:
    """What the link named, and for a policy or a watch what is so now."""
    sku = request.GET.get("sku", "")[:64].upper().replace("\0", "")
    code = request.GET.get("warehouse", "")[:32]
    known: dict[str, Any] = {"sku": sku, "warehouse": code, "source": code, "lines": f"{sku} " if sku else ""}
    if verb == "policy" and sku:
        known |= queries.policy_of(sku)
    if verb == "watch" and sku and code:
        level = queries.levels(sku).filter(warehouse__code=code).first()
        known |= {"safety": level.safety, "reorder_at": level.reorder_at} if level is not None else {}
    return known


def _file_forms(request: HttpRequest | None) -> dict[str, Any]:
    kinds = {"counts": stock_forms.CountFileForm, "dispatches": stock_forms.DispatchFileForm}
    if request is None:
        return {which: kind(prefix=which) for which, kind in kinds.items()}
    return {which: kind(request.POST, request.FILES, prefix=which) for which, kind in kinds.items()}


def _conflicts(request: HttpRequest, sent: dict[str, Any] | None = None, status: int = 200) -> HttpResponseBase:
    context = conflict_page(request) | {"forms": _file_forms(None) | (sent or {})}
    return render(request, "console/stock_conflicts.html", context, status=status)
