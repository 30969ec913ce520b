"""Units cancelled or taken back and parcels decided about, on the order's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.views.decorators.http import require_http_methods, require_POST

from orders import queries, return_queries
from orders.operations import cancel_units, disposition, refund_limits, returns
from orders.operations.cancel import CODES
from orders.pages.console import Dialog, act, converse
from orders.pages.forms import CODE_WORDS, REASON_MAX, ReasonForm, UnitsForm, WordsField
from orders.pages.order_sheet import sheet
from orders.pages.return_forms import ReturnRow, StaffReturnForm
from orders.pages.visitors import staff

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, QueryDict
    from django.http.response import HttpResponseBase

asks = require_http_methods(["GET", "HEAD", "POST"])


class CancelUnitsForm(UnitsForm):
    """Which units are taken out of the order, and why."""

    code = forms.ChoiceField(choices=[(code, CODE_WORDS[code]) for code in CODES], label="Reason", initial="customer_request")
    reason = WordsField(rows=2, max_length=REASON_MAX, required=False, label="In words, for the record")

    def clean(self) -> dict[str, object]:
        """Take at least one unit out."""
        found: dict[str, object] = super().clean() or self.cleaned_data
        if not self.errors and not self.units():
            message = "Say of which item, and how many."
            raise forms.ValidationError(message)
        return found


@asks
@staff
def cancel(request: HttpRequest, number: str) -> HttpResponseBase:
    """Take units that have not left out of the order, with their money."""
    order_id = queries.id_of(number)
    form = CancelUnitsForm(_sent(request), rows=sheet(order_id).to_ship, fill=False)
    says = ("What they cost goes back to the customer, or is owed no more, and their stock is free again.", "With the last one the order is cancelled.")
    return converse(
        request, order_id, Dialog("Cancel items", "Cancel items", says, is_danger=True), form, name="order.cancel_units",
        deed=lambda op: cancel_units.cancel_units(
            op, order_id=order_id, items=form.units(), code=form.cleaned_data["code"],
            reason=form.cleaned_data["reason"] or None, limit_minor=refund_limits.limit_of(request.user),
        ),
        number=number, said="Items cancelled.",
    )


@require_POST
@staff
def reship(request: HttpRequest, number: str, fulfilment_id: UUID) -> HttpResponseBase:
    """Send the units of a lost or returned parcel again."""
    order_id = queries.id_of(number)
    return act(
        request, order_id, "fulfilment.reship",
        lambda op: disposition.reship(op, order_id=order_id, fulfilment_id=fulfilment_id),
        number=number, said="Planned again.",
    )


@asks
@staff
def give_back(request: HttpRequest, number: str, fulfilment_id: UUID) -> HttpResponseBase:
    """Give the money of a lost or returned parcel's units back."""
    order_id = queries.id_of(number)
    form = ReasonForm(_sent(request))
    says = ("Exactly what the units of this parcel cost goes back, or is owed no more where nothing was paid.",)
    dialog = Dialog("Settle this parcel", "Settle it", says)
    return converse(
        request, order_id, dialog, form, name="fulfilment.refund",
        deed=lambda op: disposition.give_back(
            op, order_id=order_id, fulfilment_id=fulfilment_id, reason=form.cleaned_data["reason"],
            limit_minor=refund_limits.limit_of(request.user),
        ),
        number=number, said="Settled.",
    )


@asks
@staff
def close(request: HttpRequest, number: str, fulfilment_id: UUID) -> HttpResponseBase:
    """End it in another way, and say how."""
    order_id = queries.id_of(number)
    form = ReasonForm(_sent(request))
    dialog = Dialog("Close this parcel", "Close it", ("No money moves and nothing is sent. Say how it was settled.",))
    return converse(
        request, order_id, dialog, form, name="fulfilment.close",
        deed=lambda op: disposition.close(
            op, order_id=order_id, fulfilment_id=fulfilment_id, reason=form.cleaned_data["reason"]
        ),
        number=number, said="Closed.",
    )


@asks
@staff
def take_return(request: HttpRequest, number: str) -> HttpResponseBase:
    """Take units that arrived back for the customer, also beyond the shop's time."""
    order_id = queries.id_of(number)
    lines = queries.detail(order_id).lines
    left = {pk: bought.left for pk, bought in return_queries.bought(lines).items()}
    form = StaffReturnForm(_sent(request), rows=[ReturnRow(line, left[line.pk]) for line in lines if left[line.pk] > 0])
    says = ("Taken in by you it is also taken beyond the shop's days; what was overruled is kept with it.",)
    return converse(
        request, order_id, Dialog("Return items", "Take the return", says), form, name="return.open",
        deed=lambda op: returns.open_by_staff(op, order_id=order_id, **form.nouns()),
        number=number, said="The return is taken in.", pointers=StaffReturnForm.POINTERS,
    )


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
