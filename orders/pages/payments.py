"""Money that waits for a person, in the console: one list for each reason it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders import outstanding
from orders.pages.leafing import page_of
from orders.pages.order_rows import open_count
from orders.pages.visitors import staff

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

PAGE_ROWS = 50
TABS: Final = {
    outstanding.OVERPAID: ("Overpaid", "Orders for which more came in than they owe."),
    outstanding.UNDERPAID: ("Underpaid", "Accepted orders for which less came in than they owe."),
    outstanding.IN_DOUBT: ("In doubt", "The gateway did not answer. It is asked again by itself."),
    outstanding.FAILED_REFUNDS: ("Failed refunds", "The gateway refused; the customer waits for the money."),
    outstanding.AUTHORIZED: ("Authorised", "Reserved and not taken. What lapses goes back to the customer."),
    outstanding.PAID_TWICE: ("Paid back twice", "Refunded, and taken by the customer's bank besides."),
}


@require_safe
@staff
def payment_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/payments/?list=…`."""
    name = request.GET.get("list", "")
    name = name if name in TABS else outstanding.OVERPAID
    found, order = outstanding.LISTS[name]
    page = page_of(request, found(), order=order, limit=PAGE_ROWS)
    context = {
        "rows": outstanding.standing(name, page.rows), "page": page, "name": name, "tabs": TABS, "says": TABS[name][1],
        "now": timezone.now(), "open_count": open_count(),
    }
    return render(request, "console/payments.html", context)
