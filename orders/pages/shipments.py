"""Parcels in the console: the list with what waits, one parcel, paper for many, manifests, claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import handing_over, masking, parcels, queries, tracking, viewing
from orders.operations import carrying
from orders.operations import claims as paying
from orders.pages.forms import InCurrency, MoneyField, WordsField
from orders.pages.leafing import page_of
from orders.pages.order_rows import open_count
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from shipping import operations as carried
from shipping import papers, sightings
from shipping.check_digits import warnings_of
from shipping.models import CarrierNotice, Claim, Manifest, Shipment
from shipping.projection import FLAGS, OUR_FLAGS
from shipping.queries import is_late, journey
from timeline.api.authentication import staff_actor
from timeline.currencies import summed
from timeline.errors import DomainError, Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

PAGE_ROWS = 50
ROWS_MAX = 100
CHOSEN_MAX = papers.LABELS_MAX
S = Shipment.Status
VIEWS: Final[dict[str, tuple[str, parcels.Wanted]]] = {
    "all": ("All", parcels.Wanted()),
    "here": ("To hand over", parcels.Wanted(statuses=[S.LABELLED], direction="forward")),
    "moving": ("On the way", parcels.Wanted(statuses=Shipment.MOVING, direction="forward")),
    "late": ("Late", parcels.Wanted(is_late=True)),
    "flagged": ("Flagged", parcels.Wanted(is_flagged=True)),
    "attempted": ("Not delivered", parcels.Wanted(statuses=[S.ATTEMPTED])),
    "back": ("Coming back", parcels.Wanted(statuses=[S.RETURNING])),
    "reverse": ("From customers", parcels.Wanted(direction="reverse")),
}
FLAG_WORDS: Final = {**FLAGS, **OUR_FLAGS}


class ScanForm(forms.Form):
    """What somebody saw."""

    status = forms.ChoiceField(choices=[(word, word.replace("_", " ").capitalize()) for word in carried.BY_HAND], label="Seen")
    place = forms.CharField(max_length=120, required=False, label="Where")


class AttemptForm(forms.Form):
    """Why it was not taken in."""

    reason = forms.ChoiceField(choices=list(sightings.REASONS.items()), label="Reason")
    next_step = forms.ChoiceField(
        choices=[("", "As usual for the reason"), *sightings.NEXT_STEPS.items()], required=False, label="What is next"
    )


class LossForm(InCurrency):
    """What the carrier is to pay."""

    claim_amount = MoneyField(required=False, label="Claim {unit} (empty: the goods' worth; our own drivers owe nothing)")


class AnswerForm(forms.Form):
    """What was found."""

    note = WordsField(rows=2, max_length=500, required=False, label="What you found")


class ClaimForm(InCurrency):
    """The carrier's word about a claim."""

    reference = forms.CharField(max_length=60, required=False, label="The carrier's number")
    paid_amount = MoneyField(required=False, label="Paid, {unit}")


@require_safe
@staff
def shipment_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/shipments/`: a view and a number to look for; from the chosen ones labels or a manifest."""
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "all"
    now = timezone.now()
    found = parcels.found(VIEWS[view][1], now=now)
    number = request.GET.get("number", "").strip()[:60]
    carrier = request.GET.get("carrier", "").strip()[:40]
    if number:
        found &= parcels.found(parcels.Wanted(number=number), now=now)
    if carrier:
        found = found.filter(carrier=carrier)
    found = found.defer("sealed", "contents", "origin")
    page = page_of(request, found, order=parcels.NEWEST_FIRST, limit=PAGE_ROWS)
    numbers = queries.numbers_of(row.stream for row in page.rows)
    today = timezone.localdate()
    context = {
        "rows": [(row, numbers.get(row.stream), is_late(row, today), _flags(row)) for row in page.rows], "page": page, "view": view,
        "views": {key: word for key, (word, _) in VIEWS.items()}, "number": number, "carrier": carrier, "now": now,
        "strays": CarrierNotice.objects.filter(parcels=0, handled_at__isnull=False).order_by("-received_at")[:10] if view == "flagged" else (),
        "open_count": open_count(),
    }
    return render(request, "console/shipments.html", context)


@require_safe
@staff
def shipment_page(request: HttpRequest, shipment_id: UUID) -> HttpResponseBase:
    """`/console/shipments/<id>/`."""
    return _show(request, shipment_id)


@require_POST
@staff
def act(request: HttpRequest, shipment_id: UUID, deed: str) -> HttpResponseBase:
    """One step of one parcel, as its form says; or the page again with what is wrong."""
    order_id, shipment = parcels.story_of(str(shipment_id))
    kind, said = _DEEDS.get(deed, (None, ""))
    if kind is None:
        raise Missing
    form = _form(kind, shipment.currency, request.POST)
    if not form.is_valid():
        return _show(request, shipment_id, forms_={deed: form}, status=422)
    place = reverse("console-shipment", kwargs={"shipment_id": shipment_id})
    try:
        place = write(
            request, f"shipment.{deed}", str(order_id), lambda op: _do(op, deed, order_id, shipment, form.cleaned_data),
            actor=staff_actor(request), to=place, versioned=False,
        )
    except DomainError as error:
        put_errors(form, error, {"reason": "reason", "nextStep": "next_step", "claimAmount": "claim_amount"})
        return _show(request, shipment_id, forms_={deed: form}, status=status_of(error))
    messages.success(request, said)
    return redirect(place)


@require_POST
@staff
def labels(request: HttpRequest) -> HttpResponseBase:
    """The chosen parcels' labels as one PDF; what has none is named on the list."""
    masking.require_labels(request)
    chosen = _chosen(request)
    try:
        pdf = papers.labels_pdf(chosen, with_pick_list=request.POST.get("with") == "pick_list")
    except DomainError as error:
        return _back(request, _explained(error, chosen))
    viewing.of_parcels(chosen, actor=staff_actor(request), what="label", now=timezone.now())
    return HttpResponse(
        pdf, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="labels.pdf"', "Cache-Control": "private, no-store"}
    )


@require_POST
@staff
def open_manifest(request: HttpRequest) -> HttpResponseBase:
    """Put the chosen parcels on a list for their driver."""
    chosen = _chosen(request)
    try:
        place = write(
            request, "manifest.open", None, lambda op: carried.open_manifest(op, shipment_ids=chosen), actor=staff_actor(request),
            to=reverse("console-manifests"), versioned=False,
        )
    except DomainError as error:
        return _back(request, _explained(error, chosen))
    messages.success(request, "Manifest made. Print it, and hand it over when the driver has signed.")
    return redirect(place)


@require_safe
@staff
def manifests(request: HttpRequest) -> HttpResponseBase:
    """`/console/manifests/`."""
    rows = list(Manifest.objects.order_by("-created_at", "-id")[:ROWS_MAX])
    return render(request, "console/manifests.html", {"rows": rows, "now": timezone.now(), "open_count": open_count()})


@require_safe
@staff
def manifest_paper(request: HttpRequest, manifest_id: UUID) -> HttpResponseBase:
    """The list to be signed, as PDF."""
    del request
    found = Manifest.objects.filter(pk=manifest_id).first()
    if found is None:
        raise Missing
    headers = {"Content-Disposition": f'inline; filename="manifest-{found.number}.pdf"', "Cache-Control": "private, no-store"}
    return HttpResponse(papers.manifest_pdf(found), content_type="application/pdf", headers=headers)


@require_POST
@staff
def hand_over(request: HttpRequest, manifest_id: UUID) -> HttpResponseBase:
    """The driver has signed: all of the list leaves; what stays is named."""
    try:
        done = handing_over.hand_over(manifest_id, actor=staff_actor(request))
    except DomainError as error:
        messages.error(request, words_of(error))
        return redirect("console-manifests")
    messages.success(request, f"{done.left} {'parcel' if done.left == 1 else 'parcels'} handed over.")
    for _, number, why in done.stayed:
        messages.error(request, f"{number} stays here: {why}")
    return redirect("console-manifests")


@require_POST
@staff
def drop_manifest(request: HttpRequest, manifest_id: UUID) -> HttpResponseBase:
    """Nobody came."""
    try:
        write(
            request, "manifest.drop", f"manifest:{manifest_id}", lambda op: carried.drop_manifest(op, manifest_id=manifest_id),
            actor=staff_actor(request), to=reverse("console-manifests"), versioned=False,
        )
        messages.success(request, "Manifest dropped; its parcels may stand on another.")
    except DomainError as error:
        messages.error(request, words_of(error))
    return redirect("console-manifests")


@require_safe
@staff
def claims(request: HttpRequest) -> HttpResponseBase:
    """`/console/claims/`: what carriers owe, those that wait first."""
    return _show_claims(request)


@require_POST
@staff
def claim_step(request: HttpRequest, claim_id: UUID, step: str) -> HttpResponseBase:
    """File it, or write down what the carrier said."""
    found = Claim.objects.filter(pk=claim_id).first()
    if found is None or step not in _CLAIM_STEPS:
        raise Missing
    form = ClaimForm(request.POST, currency=found.currency)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("console-claims")
    try:
        write(
            request, f"claim.{step}", found.stream, lambda op: _CLAIM_STEPS[step](op, found, form.cleaned_data),
            actor=staff_actor(request), to=reverse("console-claims"), versioned=False,
        )
        messages.success(request, "Noted.")
    except DomainError as error:
        messages.error(request, " ".join([words_of(error), *(detail for _, detail in error.errors)]))
    return redirect("console-claims")


_DEEDS: Final[dict[str, tuple[type[forms.Form], str]]] = {
    "dispatch": (forms.Form, "Handed over to the carrier."),
    "scan": (ScanForm, "Noted."),
    "attempt": (AttemptForm, "Noted."),
    "bring_back": (forms.Form, "Called back; the carrier is being told."),
    "lose": (LossForm, "Given up as lost."),
    "damage": (LossForm, "Noted as damaged."),
    "answer": (AnswerForm, "Noted; it is quiet until something new is seen."),
}
_CLAIM_STEPS: Final[dict[str, Callable[[Operation, Claim, dict[str, Any]], Claim]]] = {
    "file": lambda op, claim, wish: carried.file_claim(op, claim_id=claim.pk, reference=wish["reference"]),
    "pay": lambda op, claim, wish: paying.settle(op, claim_id=claim.pk, paid_minor=wish["paid_amount"] or claim.amount_minor),
    "refuse": lambda op, claim, _: carried.refuse_claim(op, claim_id=claim.pk),
    "drop": lambda op, claim, _: carried.drop_claim(op, claim_id=claim.pk),
}


def _form(kind: type[forms.Form], currency: str, *args: Any, **kwargs: Any) -> forms.Form:
    return kind(*args, currency=currency, **kwargs) if issubclass(kind, InCurrency) else kind(*args, **kwargs)


def _do(op: Operation, deed: str, order_id: UUID, shipment: Shipment, wish: dict[str, Any]) -> Shipment:
    if deed == "dispatch":
        return carrying.dispatch(op, order_id=order_id, shipment=shipment)
    if deed == "scan":
        return carrying.scan(op, shipment=shipment, status=wish["status"], place=wish["place"])
    if deed == "attempt":
        return carrying.attempt(op, shipment=shipment, reason=wish["reason"], next_step=wish["next_step"] or None)
    if deed == "bring_back":
        return carrying.bring_back(op, shipment=shipment)
    if deed == "answer":
        return carrying.answer(op, shipment=shipment, note=wish["note"])
    return (carrying.lose if deed == "lose" else carrying.damage)(op, shipment=shipment, claim_amount=wish["claim_amount"])


def _show(
    request: HttpRequest, shipment_id: UUID, *, forms_: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    one = parcels.parcel(shipment_id)
    shipment, given = one.shipment, forms_ or {}
    number = queries.numbers_of([shipment.stream]).get(shipment.stream)
    moving = shipment.status in Shipment.MOVING
    open_deeds = {
        "dispatch": shipment.status == S.LABELLED, "scan": moving or shipment.status == S.LABELLED,
        "attempt": moving, "bring_back": moving, "lose": moving or shipment.status == S.RETURNING,
        "damage": shipment.damaged_at is None and shipment.status not in (S.BOOKED, S.CANCELLED), "answer": shipment.is_flagged,
    }
    context = {
        "shipment": shipment, "number": number, "has_label": one.has_label, "is_late": is_late(shipment, timezone.localdate()),
        "journey": [(scan, sightings.REASONS.get(scan.reason, "")) for scan in reversed(journey(shipment.scans.all()))],
        "claims": list(shipment.claims.all()), "flags": _flags(shipment), "reason": sightings.REASONS.get(shipment.attempt_reason, ""),
        "next_step": sightings.NEXT_STEPS.get(shipment.next_step, ""), "track": tracking.path_of(shipment.pk),
        "warnings": warnings_of(shipment.tracking_number, shipment.carrier),
        "forms": {deed: given.get(deed) or _form(kind, shipment.currency, auto_id=f"{deed}_%s") for deed, (kind, _) in _DEEDS.items() if open_deeds[deed]},
        "problem": " ".join(str(error) for form in given.values() for error in form.non_field_errors()), "now": timezone.now(),
        "open_count": open_count(),
    }
    return render(request, "console/shipment.html", context, status=status)


def _show_claims(request: HttpRequest) -> HttpResponse:
    rows = list(Claim.objects.select_related("shipment").order_by("-created_at", "-id")[:ROWS_MAX])
    rows.sort(key=lambda claim: claim.status not in Claim.WAITING)
    numbers = queries.numbers_of(row.stream for row in rows)
    context = {
        "rows": [(row, numbers.get(row.stream)) for row in rows], "now": timezone.now(), "open_count": open_count(),
        "waiting": summed((row.currency, row.amount_minor) for row in rows if row.status in Claim.WAITING),
    }
    return render(request, "console/claims.html", context)


def _flags(shipment: Shipment) -> list[str]:
    return [FLAG_WORDS.get(word, word) for word in shipment.flags]


def _chosen(request: HttpRequest) -> list[UUID]:
    chosen = []
    for text in request.POST.getlist("shipment")[: CHOSEN_MAX + 1]:
        try:
            chosen.append(queries.uuid_of(text))
        except Missing:
            continue
    return chosen


def _explained(error: DomainError, chosen: Sequence[UUID]) -> list[str]:
    """The refusal with the numbers of the parcels it is about."""
    names = dict(Shipment.objects.filter(pk__in=chosen).values_list("pk", "tracking_number"))
    said = []
    for pointer, detail in error.errors:
        place = pointer.rpartition("/")[2]
        pk = chosen[int(place)] if place.isdecimal() and int(place) < len(chosen) else None
        said.append(f"{(pk and names.get(pk)) or 'Parcels'}: {detail}")
    return said or [words_of(error)]


def _back(request: HttpRequest, said: list[str]) -> HttpResponseBase:
    for words in said[:20]:
        messages.error(request, words)
    back = request.POST.get("back", "")
    return redirect(reverse("console-shipments") + (back if back.startswith("?") else ""))
