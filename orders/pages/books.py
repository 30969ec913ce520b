"""The general ledger in the console: the trial balance as of any day, and the journal to take away."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from orders.pages.order_rows import open_count
from orders.pages.visitors import staff
from payments import journal

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

YEAR_MIN, YEAR_MAX = 2000, 2199


@require_safe
@staff
def books(request: HttpRequest) -> HttpResponseBase:
    """`/console/books/`: as of the end of a business day, or as of now."""
    now = timezone.now()
    text = request.GET.get("day", "")
    day = _day(text)
    at = now if day is None else min(now, _end_of(day))
    accounts = journal.trial_balance(at=at)
    context = {
        "accounts": accounts, "at": at, "day": day or timezone.localdate(now), "open_count": open_count(),
        "first": timezone.localdate(now).replace(day=1), "today": timezone.localdate(now),
        "debit_minor": sum(account.debit_minor for account in accounts),
        "credit_minor": sum(account.credit_minor for account in accounts),
        "refusal": "A day is written as 2026-11-21." if text and day is None else "",
    }
    return render(request, "console/books.html", context, status=422 if context["refusal"] else 200)


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and YEAR_MIN <= day.year <= YEAR_MAX else None


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, timezone.get_current_timezone()) - timedelta(microseconds=1)
