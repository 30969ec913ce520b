"""The log in the console: every event, found by who, what, about what and when; and whether they are what was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orders import queries
from orders.pages import entries, order_rows
from orders.pages.visitors import is_htmx, staff
from timeline import search, sight
from timeline.api.event_shapes import EventsQuery, VerifyQuery
from timeline.api.paging import Page, paged
from timeline.errors import BadRequest
from timeline.log.audit import audit_between
from timeline.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from orders.pages.entries import Entry
    from timeline.models import Event

PAGE_ROWS = 50
FIELDS: Final = ("action", "actor", "resource", "resourceId", "target", "session", "after", "before", "q")


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words, with the order it stands on where there is one."""

    event: Event
    entry: Entry
    number: str


@require_safe
@staff
def log(request: HttpRequest) -> HttpResponseBase:
    """`/console/log/`: the newest first; a filter that cannot be read is named and shows nothing."""
    problem, page = "", Page([], 1, PAGE_ROWS, 0, False, None)
    try:
        wish = EventsQuery.parse(_asked(request.GET, (*FIELDS, "cursor")))
        page = paged(search.events(EventsQuery.wish_of(wish)), order=("-id",), limit=PAGE_ROWS, cursor=wish["cursor"])
    except BadRequest as error:
        problem = "; ".join(f"{pointer.removeprefix('?')}: {detail}" for pointer, detail in error.errors) or error.detail
    numbers = queries.numbers_of({event.stream for event in page.rows})
    sees = sight.sees(request)
    context = {
        "lines": [Line(event, entries.entry_of(event, as_staff=True, shows_people=sees), numbers.get(event.stream, "")) for event in page.rows],
        "page": page, "problem": problem, "asked": {name: request.GET.get(name, "") for name in FIELDS},
        "kinds": sorted({f"{kind.partition('.')[0]}.*" for kind in VOCABULARY}), "open_count": order_rows.open_count(),
        "verify": _asked(request.GET, ("after", "before")).urlencode(),
    }
    return render(request, "console/log.html", context, status=422 if problem else 200)


@require_safe
@staff
def verify(request: HttpRequest) -> HttpResponseBase:
    """Check the events of the chosen time against what was sealed: so many at most, the rest by narrower times."""
    problem, found = "", None
    try:
        wish = VerifyQuery.parse(_asked(request.GET, ("after", "before")))
        found = audit_between(wish["after"], wish["before"])
    except BadRequest as error:
        problem = "; ".join(detail for _, detail in error.errors) or error.detail
    context = {"found": found, "problem": problem, "open_count": order_rows.open_count()}
    template = "console/verified.html" if is_htmx(request) else "console/verified_page.html"
    return render(request, template, context, status=422 if problem else 200)


def _asked(sent: QueryDict, names: tuple[str, ...]) -> QueryDict:
    """The filters that are not empty; an empty field of a form asks nothing."""
    found = QueryDict(mutable=True)
    for name in names:
        text = sent.get(name, "").strip()
        if text:
            found[name] = text
    return found
