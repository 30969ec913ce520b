"""What is planned, changed by hand on the order's page: another warehouse, a split, a merge, a time, a release."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from inventory.models import Warehouse
from orders import queries
from orders.operations import arranging
from orders.pages.console import Dialog, act, converse
from orders.pages.forms import UnitsForm
from orders.pages.order_sheet import Planned, sheet
from orders.pages.visitors import staff
from timeline.errors import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.http import HttpRequest, QueryDict
    from django.http.response import HttpResponseBase

asks = require_http_methods(["GET", "HEAD", "POST"])


class MoveForm(forms.Form):
    """Another warehouse."""

    warehouse = forms.ChoiceField(label="Ship from")

    def __init__(self, *args: Any, at: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Warehouse.objects.filter(is_active=True).exclude(code=at).order_by("priority", "code")
        self.fields["warehouse"] = forms.ChoiceField(
            choices=[(row.code, f"{row.name} ({row.code})") for row in rows], label="Ship from"
        )


class SplitForm(UnitsForm):
    """Units that are to travel alone."""

    def clean(self) -> dict[str, Any]:
        """Some, and not all of them."""
        found = super().clean() or self.cleaned_data
        if not self.errors and not 0 < sum(self.units().values()) < sum(row.quantity for row in self.rows):
            raise forms.ValidationError("Units must be left on both sides.")
        return found


class MergeForm(forms.Form):
    """Another fulfilment of the same warehouse."""

    into = forms.ChoiceField(label="Join with")

    def __init__(self, *args: Any, others: Sequence[Planned], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"] = forms.ChoiceField(
            choices=[(str(plan.fulfilment.pk), _said(plan)) for plan in others], label="Join with"
        )


class ScheduleForm(forms.Form):
    """The time before which it is not picked, in the shop's time zone."""

    release_at = forms.DateTimeField(
        label="Not before", widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    )


@asks
@staff
def move(request: HttpRequest, number: str, fulfilment_id: UUID) -> HttpResponseBase:
    """Let another warehouse ship it."""
    order_id, plan, _ = _planned(number, fulfilment_id)
    form = MoveForm(_sent(request), at=plan.fulfilment.warehouse_code)
    says = (f"{_said(plan)}, now from {plan.fulfilment.warehouse_code}.", "They are promised there instead; refused where they are not free.")
    return converse(
        request, order_id, Dialog("Move to another warehouse", "Move", says), form, name="fulfilment.move",
        deed=lambda op: arranging.move(
            op, order_id=order_id, fulfilment_id=fulfilment_id, warehouse=form.cleaned_data["warehouse"]
        ),
        number=number, said="Moved.", pointers={"warehouse": "warehouse"},
    )


@asks
@staff
def split(request: HttpRequest, number: str, fulfilment_id: UUID) -> HttpResponseBase:
    """Let some of its units travel alone."""
    order_id, plan, _ = _planned(number, fulfilment_id)
    form = SplitForm(_sent(request), rows=plan.rows, fill=False)
    dialog = Dialog("Split", "Split", ("The units named here become a fulfilment of their own.",))
    return converse(
        request, order_id, dialog, form, name="fulfilment.split",
        deed=lambda op: arranging.split(op, order_id=order_id, fulfilment_id=fulfilment_id, items=form.units()),
        number=number, said="Split.",
    )


@asks
@staff
def merge(request: HttpRequest, number: str, fulfilment_id: UUID) -> HttpResponseBase:
    """Let its units join another one of the same warehouse."""
    order_id, plan, others = _planned(number, fulfilment_id)
    form = MergeForm(_sent(request), others=others)
    dialog = Dialog("Merge", "Merge", (f"{_said(plan)} from {plan.fulfilment.warehouse_code} travel with the others.",))
    return converse(
        request, order_id, dialog, form, name="fulfilment.merge",
        deed=lambda op: arranging.merge(
            op, order_id=order_id, fulfilment_id=fulfilment_id, into_id=queries.uuid_of(form.cleaned_data["into"])
        ),
        number=number, said="Merged.",
    )


@asks
@staff
def schedule(request: HttpRequest, number: str, fulfilment_id: UUID) -> HttpResponseBase:
    """Keep it from being picked before a time."""
    order_id, plan, _ = _planned(number, fulfilment_id)
    tomorrow = timezone.localtime().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    form = ScheduleForm(_sent(request), initial={"release_at": plan.fulfilment.release_at or tomorrow})
    dialog = Dialog("Schedule", "Schedule", ("It is not picked before this time, and released by itself then.",))
    return converse(
        request, order_id, dialog, form, name="fulfilment.schedule",
        deed=lambda op: arranging.schedule(
            op, order_id=order_id, fulfilment_id=fulfilment_id, release_at=form.cleaned_data["release_at"]
        ),
        number=number, said="Scheduled.", pointers={"releaseAt": "release_at"},
    )


@require_POST
@staff
def release(request: HttpRequest, number: str, fulfilment_id: UUID) -> HttpResponseBase:
    """Let it be picked now."""
    order_id = queries.id_of(number)
    return act(
        request, order_id, "fulfilment.release",
        lambda op: arranging.release(op, order_id=order_id, fulfilment_id=fulfilment_id),
        number=number, said="Released.",
    )


def _planned(number: str, fulfilment_id: UUID) -> tuple[UUID, Planned, list[Planned]]:
    """The order, the fulfilment as it is planned, and those it may join. Raises Missing."""
    order_id = queries.id_of(number)
    plans = sheet(order_id).planned
    found = next((plan for plan in plans if plan.fulfilment.pk == fulfilment_id), None)
    if found is None:
        raise Missing
    return order_id, found, [plan for plan in plans if plan.may_join(found)]


def _said(plan: Planned) -> str:
    return ", ".join(f"{row.quantity} × {row.line.name}" for row in plan.rows)


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
