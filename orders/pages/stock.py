"""Stock in the console: the shelves, one variant with the ledger that explains it, what is on its way, what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import F, Q
from django.http import Http404
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from inventory import ledger
from inventory import queries as stock
from inventory.models import Hold, Level, StockCount, Transfer, TransferLine, Variant
from orders import queries
from orders.pages.leafing import page_of
from orders.pages.order_rows import open_count
from orders.pages.visitors import staff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

PAGE_ROWS, SHORT_ROWS = 50, 100
SEARCH_CHARS_MAX = 100
BY_SHELF = ("variant__sku", "warehouse__code")
_WORDS: Final = {
    "onHand": "on hand", "held": "held", "countedAt": "counted", "takenAt": "of", "counted": "counted", "dispatchedAt": "left",
    "onHold": "on hold", "units": "units",
}
SHOWN: Final[dict[str, tuple[str, Callable[[QuerySet[Level]], QuerySet[Level]]]]] = {
    "": ("All", lambda rows: rows),
    "low": ("Low", lambda rows: rows.filter(low_since__isnull=False)),
    "none": ("None to sell", lambda rows: rows.filter(on_hand__lte=F("held") + F("safety"))),
    "waited": ("Waited for", lambda rows: rows.filter(variant__backordered__gt=0)),
    "damaged": ("Damaged", lambda rows: rows.filter(damaged__gt=0)),
}


@require_safe
@staff
def shelves(request: HttpRequest) -> HttpResponseBase:
    """`/console/stock/?q=…&show=…`."""
    q = request.GET.get("q", "").strip()[:SEARCH_CHARS_MAX].replace("\0", "")
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ""
    rows = SHOWN[show][1](stock.levels())
    if q:
        rows = rows.filter(
            Q(variant__sku__icontains=q) | Q(variant__product__name__icontains=q) | Q(variant__name__icontains=q)
        )
    page = page_of(request, rows, order=BY_SHELF, limit=PAGE_ROWS)
    context = {
        "rows": page.rows, "bare": _nowhere(q, show), "page": page, "q": q, "show": show, "tabs": {key: tab[0] for key, tab in SHOWN.items()},
        "open_count": open_count(), "counts": _counts(),
    }
    return render(request, "console/stock.html", context)


@require_safe
@staff
def variant(request: HttpRequest, sku: str) -> HttpResponseBase:
    """`/console/stock/<SKU>/`: where it lies, who was promised it, who waits, and every movement with what lay there then."""
    found = Variant.objects.select_related("product").filter(sku=sku.upper()[:64].replace("\0", "")).first()
    if found is None:
        raise Http404
    page = page_of(request, stock.ledger(found.sku), order=("-at", "-id"), limit=PAGE_ROWS)
    holds = Hold.objects.select_related("warehouse").filter(variant=found, status__in=Hold.LIVE).order_by("created_at", "id")
    waits = list(stock.queue(found.sku)[:SHORT_ROWS])
    coming = TransferLine.objects.select_related("transfer__source", "transfer__target").filter(
        variant=found, transfer__status=Transfer.Status.IN_TRANSIT
    )
    held = list(holds[:SHORT_ROWS])
    stories = _stories([row.stream for row in (*page.rows, *held, *waits)])
    context = {
        "variant": found, "levels": stock.levels(found.sku).order_by("warehouse__code"), "offered": stock.available([found.pk])[found.pk],
        "entries": [(entry, stories.get(entry.movement.stream)) for entry in ledger.explained(page.rows)], "page": page,
        "holds": [(row, stories.get(row.stream)) for row in held], "waits": [(row, stories.get(row.stream)) for row in waits],
        "coming": coming.order_by("transfer__sent_at")[:SHORT_ROWS], "open_count": open_count(),
    }
    return render(request, "console/stock_variant.html", context)


@require_safe
@staff
def moving(request: HttpRequest) -> HttpResponseBase:
    """`/console/stock/open/`: goods between warehouses, and counts that wait for a second look; then what has ended."""
    context = {
        "transfers": list(stock.transfers(is_open=True).order_by("sent_at", "id")[:SHORT_ROWS]),
        "counted": list(stock.counts(is_open=True).order_by("counted_at", "id")[:SHORT_ROWS]),
        "ended": list(stock.transfers().exclude(status=Transfer.Status.IN_TRANSIT).order_by("-ended_at", "-id")[:PAGE_ROWS]),
        "decided": list(stock.counts().exclude(status=StockCount.Status.COUNTED).order_by("-decided_at", "-id")[:PAGE_ROWS]),
        "open_count": open_count(), "counts": _counts(),
    }
    return render(request, "console/stock_open.html", context)


def conflict_page(request: HttpRequest) -> dict[str, Any]:
    """The open conflicts, or with `?all` every one, the newest first."""
    shows_all = "all" in request.GET
    page = page_of(request, stock.conflicts(is_open=not shows_all), order=("-opened_at", "-id"), limit=PAGE_ROWS)
    rows = [(row, _facts(row.ours), _facts(row.theirs)) for row in page.rows]
    return {"rows": rows, "page": page, "shows_all": shows_all, "open_count": open_count(), "counts": _counts()}


def _nowhere(q: str, show: str) -> list[Variant]:
    """Variants that never lay anywhere and are looked for, or waited for."""
    if not q and show != "waited":
        return []
    rows = Variant.objects.select_related("product").filter(levels__isnull=True)
    if show:
        rows = rows.filter(backordered__gt=0)
    if q:
        rows = rows.filter(Q(sku__icontains=q) | Q(product__name__icontains=q) | Q(name__icontains=q))
    return list(rows.order_by("sku")[:PAGE_ROWS]) if show in ("", "waited") else []


def _facts(facts: dict[str, Any]) -> str:
    """What a side says, in words."""
    said = []
    for key, value in facts.items():
        word = _WORDS.get(key, key)
        if value is None or value is False:
            continue
        at = parse_datetime(value) if isinstance(value, str) and key.endswith("At") else None
        said.append(f"{word} {localtime(at):%d %b, %H:%M}" if at is not None else word if value is True else f"{word} {value}")
    return ", ".join(said)


def _counts() -> dict[str, int]:
    """Open work, for the tabs."""
    return {
        "open": stock.transfers(is_open=True).count() + stock.counts(is_open=True).count(),
        "conflicts": stock.conflicts(is_open=True).count(),
    }


def _stories(streams: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Of each story that is an order's, a transfer's or a count's: its name, and the order's number if it has one."""
    named = set(streams)
    found: dict[str, tuple[str, str]] = {
        stream: (order.number, order.number) for stream, order in queries.orders_of_streams(named).items()
    }
    ids = [UUID(stream) for stream in named - found.keys() if _is_id(stream)]
    found |= {str(pk): ("Transfer", "") for pk in Transfer.objects.filter(pk__in=ids).values_list("pk", flat=True)}
    found |= {str(pk): ("Count", "") for pk in StockCount.objects.filter(pk__in=ids).values_list("pk", flat=True)}
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
