"""Settlements in the console: payouts beside their lines and the bank, and the files that are brought in by hand."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from orders.models import Order
from orders.operations import remittances
from orders.pages.leafing import page_of
from orders.pages.order_rows import open_count
from orders.pages.visitors import staff
from orders.pages.writing import status_of, words_of, write
from payments import bank_statement, payouts, remittance_file
from payments.operations import BANK_STREAM, keep_bank_lines
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from payments.models import SettlementLine
    from timeline.operations import Operation

PAGE_ROWS, WAITING_ROWS, REMITTANCE_ROWS, LINE_ROWS = 50, 50, 20, 200
FILE_BYTES_MAX = 10 * 1024 * 1024


class FileForm(forms.Form):
    """A CSV file. `text` is what is in it."""

    file = forms.FileField(label="CSV file", max_length=200, widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))

    def clean_file(self) -> Any:
        """Read it: not too large, and UTF-8."""
        file = self.cleaned_data["file"]
        if file.size > FILE_BYTES_MAX:
            raise forms.ValidationError(f"The file is larger than {FILE_BYTES_MAX // 1024 // 1024} MB.")
        try:
            self.text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The file is not UTF-8: save it as CSV UTF-8.") from error
        return file


@require_safe
@staff
def settlement_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/settlements/`."""
    return _list(request)


@require_safe
@staff
def settlement_page(request: HttpRequest, settlement_id: str) -> HttpResponseBase:
    """`/console/settlements/<id at the gateway>/`: its lines, those nobody can explain first."""
    payout = payouts.payout(settlement_id)
    found = payouts.lines_of(payout.settlement).order_by(*payouts.UNKNOWN_FIRST)
    lines = list(found[:LINE_ROWS])
    context = {
        "payout": payout, "rows": _with_orders(lines), "hidden_count": payout.lines - len(lines),
        "bank_lines": payout.settlement.bank_lines.order_by("day", "id")[:WAITING_ROWS], "open_count": open_count(),
    }
    return render(request, "console/settlement.html", context)


@require_POST
@staff
def bring_statement(request: HttpRequest) -> HttpResponseBase:
    """Import a bank's statement."""
    return _bring(
        request, "statement", "bank.import",
        lambda text: _keeping(bank_statement.read(text)), said="The statement is imported.",
    )


@require_POST
@staff
def bring_cash(request: HttpRequest) -> HttpResponseBase:
    """Book a carrier's list of cash."""
    return _bring(
        request, "cash", "remittance.book", lambda text: _booking(remittance_file.read(text)), said="The cash is booked."
    )


def _keeping(rows: Any) -> Callable[[Operation], Any]:
    return lambda op: keep_bank_lines(op, rows=rows)


def _booking(batches: Any) -> Callable[[Operation], Any]:
    return lambda op: remittances.book_batches(op, batches=batches)


def _bring(
    request: HttpRequest, which: str, name: str, deed_of: Callable[[str], Callable[[Operation], Any]], *, said: str
) -> HttpResponseBase:
    """Read the file, write it down once, match what can be matched; or say which lines are in the way."""
    form = FileForm(request.POST, request.FILES, prefix=which)
    if not form.is_valid():
        return _list(request, forms_={which: form}, status=422)
    actor = staff_actor(request)
    try:
        place = write(
            request, name, BANK_STREAM, deed_of(form.text), actor=actor, to=reverse("console-settlements"), versioned=False
        )
        bank_statement.match_waiting(actor=actor)
    except DomainError as error:
        for pointer, detail in error.errors:
            form.add_error("file", f"Line {pointer.rpartition('/')[2]}: {detail}")
        form.add_error(None, words_of(error))
        return _list(request, forms_={which: form}, status=status_of(error))
    messages.success(request, said)
    return redirect(place)


def _list(request: HttpRequest, *, forms_: dict[str, FileForm] | None = None, status: int = 200) -> HttpResponseBase:
    page = page_of(request, payouts.payouts(), order=payouts.LATEST_FIRST, limit=PAGE_ROWS)
    waiting = payouts.bank_lines(matched=False).order_by(*payouts.LATEST_FIRST)
    context = {
        "rows": [payouts.payout_of(row) for row in page.rows], "page": page,
        "waiting": waiting[:WAITING_ROWS], "waiting_count": waiting.count(),
        "remittances": payouts.remittances().order_by(*payouts.LATEST_FIRST)[:REMITTANCE_ROWS],
        "forms": {which: FileForm(prefix=which) for which in ("statement", "cash")} | (forms_ or {}),
        "open_count": open_count(),
    }
    return render(request, "console/settlements.html", context, status=status)


def _with_orders(lines: Iterable[SettlementLine]) -> list[tuple[SettlementLine, str]]:
    """Each line with the number of the order it is of; nothing for one we know nothing about."""
    stories = {line.pk: line.owner.stream for line in lines if line.owner is not None}
    found = Order.objects.filter(pk__in=_ids(stories.values())).values_list("pk", "number")
    numbers = {str(pk): number for pk, number in found}
    return [(line, numbers.get(stories.get(line.pk, ""), "")) for line in lines]


def _ids(stories: Iterable[str]) -> set[UUID]:
    """A story that is no order's is not looked up."""
    found = set()
    for story in stories:
        with contextlib.suppress(ValueError):
            found.add(UUID(story))
    return found
