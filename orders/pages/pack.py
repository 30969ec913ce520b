"""Pick and pack in the console: waves by cutoff and zone, the pick list, and the table where boxes are scanned together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import masking, viewing, work
from orders.documents import warehouse_papers
from orders.models import Fulfilment, PackScan
from orders.operations import packing, scanning
from orders.pages import order_rows
from orders.pages.visitors import staff
from orders.pages.writing import status_of, words_of, write
from shipping.models import Label
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

S = Fulfilment.Status
SAID = {
    PackScan.Result.RIGHT: "Right",
    PackScan.Result.WRONG: "Not in this box",
    PackScan.Result.OVER: "Already in the box",
}


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One line of a box: how many units are in it."""

    id: UUID
    sku: str
    name: str
    units: int
    inside: int

    @property
    def left(self) -> int:
        """Units still to be scanned."""
        return max(0, self.units - self.inside)

    @property
    def is_whole(self) -> bool:
        """Whether all of it is in the box."""
        return self.inside >= self.units


@dataclass(frozen=True, slots=True)
class Table:
    """The packing table with one box on it."""

    box: Fulfilment
    lines: list[BoxLine]
    label_url: str

    @property
    def left(self) -> int:
        """Units that are not in the box."""
        return sum(line.left for line in self.lines)

    @property
    def units(self) -> int:
        """Units of the box."""
        return sum(line.units for line in self.lines)

    @property
    def can_scan(self) -> bool:
        """Whether scans are counted."""
        return self.box.is_open and self.box.status in (S.RELEASED, S.PICKING)

    @property
    def is_packed(self) -> bool:
        """Whether it is closed."""
        return self.box.packed_at is not None and self.box.status != S.CANCELLED


@require_safe
@staff
def wave_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/pack/`: what is to be packed, the most urgent first. A scanned number or box opens the table."""
    code = request.GET.get("code", "").strip()
    context: dict[str, Any] = {"now": timezone.now(), "open_count": order_rows.open_count(), "code": code}
    if code:
        box = work.find_box(code[:40])
        if box is not None:
            return redirect("console-pack-box", fulfilment_id=box.pk)
        context["problem"] = f"Nothing to pack is called {code[:40]}."
    context["waves"] = _waves()
    context["next_cutoff"] = work.cutoff_after(timezone.now(), settings.PACK_CUTOFFS, timezone.get_current_timezone())
    context["waiting"] = work.waiting()
    return render(request, "console/pack.html", context, status=404 if code else 200)


@require_safe
@staff
def pick_list(request: HttpRequest, wave: str) -> HttpResponseBase:  # noqa: ARG001
    """`/console/pack/lists/<wave>.pdf`."""
    found = next((row for row in _waves() if row.key == wave), None)
    if found is None:
        raise Http404
    return warehouse_papers.printed(warehouse_papers.pick_list(found), f"pick-list-{found.key}")


@require_safe
@staff
def box_page(request: HttpRequest, fulfilment_id: UUID) -> HttpResponseBase:
    """`/console/pack/<id>/`: the table; as JSON where a script asks how far the box is."""
    if _wants_json(request):
        return JsonResponse(_state(_table(fulfilment_id)))
    return _show(request, fulfilment_id)


@require_safe
@staff
def slip(request: HttpRequest, fulfilment_id: UUID) -> HttpResponseBase:
    """`/console/pack/<id>/slip.pdf`."""
    masking.require_labels(request)
    box = work.box(fulfilment_id)
    viewing.of_orders([box.order.pk], actor=staff_actor(request), what="packing_slip", now=timezone.now())
    return warehouse_papers.printed(warehouse_papers.packing_slip(box), f"slip-{box.order.number}")


@require_POST
@staff
def scan(request: HttpRequest, fulfilment_id: UUID) -> HttpResponseBase:
    """One scan, known by its own id however often it is sent."""
    order_id = work.order_of_fulfilment(fulfilment_id)
    try:
        done = _scan(request, order_id, fulfilment_id)
    except DomainError as error:
        if _wants_json(request):
            body = {"result": "refused", "said": words_of(error), **_state(_table(fulfilment_id))}
            return JsonResponse(body, status=status_of(error))
        return _show(request, fulfilment_id, problem=words_of(error), status=status_of(error))
    if _wants_json(request):
        return JsonResponse({"result": done.result, "said": SAID[PackScan.Result(done.result)], **_state(_table(fulfilment_id))})
    return redirect(f"{reverse('console-pack-box', kwargs={'fulfilment_id': fulfilment_id})}?said={done.result}")


@require_POST
@staff
def finish(request: HttpRequest, fulfilment_id: UUID) -> HttpResponseBase:
    """The box is full (F2): what was scanned goes, the rest becomes a box of its own."""
    return _do(request, fulfilment_id, "fulfilment.finish", scanning.finish, "The box is closed.", carrier=settings.PACK_CARRIER)


@require_POST
@staff
def short(request: HttpRequest, fulfilment_id: UUID) -> HttpResponseBase:
    """Units are missing (F4): an exception is raised and the rest of the box goes on."""
    try:
        items = {UUID(request.POST.get("line", "")): int(request.POST.get("units", "")[:5])}
    except ValueError:
        return _show(request, fulfilment_id, problem="Say which item is missing, and how many of it.", status=422)
    return _do(
        request, fulfilment_id, "fulfilment.short", scanning.short, "Noted as missing; the shelf is to be counted.",
        items=items, carrier=settings.PACK_CARRIER,
    )


@require_POST
@staff
def leave(request: HttpRequest, fulfilment_id: UUID) -> HttpResponseBase:
    """The box is left for somebody else; what was in it goes back."""
    return _do(request, fulfilment_id, "fulfilment.put_back", packing.put_back, "Left for somebody else.", to=reverse("console-pack"))


@retried
def _scan(request: HttpRequest, order_id: UUID, fulfilment_id: UUID) -> scanning.Scanned:
    try:
        scan_id = UUID(request.POST.get("scan", ""))
    except ValueError:
        raise scanning.NotACode("This scan has no id; load the page again.") from None
    with operation("fulfilment.scan", actor=staff_actor(request), stream=str(order_id)) as op:
        return scanning.scan(
            op, order_id=order_id, fulfilment_id=fulfilment_id, scan_id=scan_id, code=request.POST.get("code", ""),
            carrier=settings.PACK_CARRIER,
        )


def _do(
    request: HttpRequest, fulfilment_id: UUID, name: str, verb: Callable[..., Any], said: str, *, to: str = "", **nouns: Any
) -> HttpResponseBase:
    order_id = work.order_of_fulfilment(fulfilment_id)
    here = reverse("console-pack-box", kwargs={"fulfilment_id": fulfilment_id})

    def deed(op: Operation) -> Any:
        return verb(op, order_id=order_id, fulfilment_id=fulfilment_id, **nouns)

    try:
        place = write(request, name, str(order_id), deed, actor=staff_actor(request), to=to or here, versioned=False)
    except DomainError as error:
        return _show(request, fulfilment_id, problem=words_of(error), status=status_of(error))
    messages.success(request, said)
    return redirect(place)


def _show(request: HttpRequest, fulfilment_id: UUID, *, problem: str = "", status: int = 200) -> HttpResponse:
    table = _table(fulfilment_id)
    said = request.GET.get("said", "") if not problem else ""
    context = {
        "table": table, "box": table.box, "order": table.box.order, "problem": problem, "scan_id": uuid4(),
        "said": said if said in SAID else "", "word": SAID.get(PackScan.Result(said)) if said in SAID else "",
        "open_count": order_rows.open_count(), "next": work.next_box(table.box),
    }
    return render(request, "console/pack_box.html", context, status=status)


def _table(fulfilment_id: UUID) -> Table:
    box = work.box(fulfilment_id)
    inside = scanning.counts(box)
    lines = [
        BoxLine(item.line_id, item.line.sku, item.line.name, item.quantity, min(inside[item.line_id], item.quantity))
        for item in sorted(box.lines.all(), key=lambda item: item.line.place)
    ]
    has_label = box.shipment_id is not None and Label.objects.filter(shipment_id=box.shipment_id).exists()
    return Table(box, lines, f"/admin/shipments/{box.shipment_id}/label" if has_label else "")


def _state(table: Table) -> dict[str, Any]:
    return {
        "status": table.box.word,
        "left": table.left,
        "units": table.units,
        "isPacked": table.is_packed,
        "lines": [{"id": str(line.id), "inside": line.inside, "units": line.units} for line in table.lines],
        "label": table.label_url,
    }


def _waves() -> list[work.Wave]:
    return work.waves(cutoffs=settings.PACK_CUTOFFS, zone_info=timezone.get_current_timezone())


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
