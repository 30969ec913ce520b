"""The order's time machine: the order as it stood after any step of its story, beside what is different now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from orders import as_of, masking, queries, viewing
from orders.as_of import NotYet
from orders.pages import entries, order_rows
from orders.pages.visitors import is_htmx, staff
from timeline.api.authentication import staff_actor
from timeline.api.wire import YEAR_MAX, YEAR_MIN
from timeline.vocabulary import money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.http import HttpRequest, QueryDict
    from django.http.response import HttpResponseBase

    from orders.as_of import Instant, View
    from orders.folding import Item, Thing

STEPS_LISTED_MAX = 400


@dataclass(frozen=True, slots=True)
class Pair:
    """One fact then, and what it is now where that is another."""

    word: str
    then: str
    now: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line then: its units, and in words what it is now where that is another."""

    sku: str
    name: str
    item: Item
    now: str


@dataclass(frozen=True, slots=True)
class Step:
    """One instant that can be gone to."""

    number: int
    instant: Instant
    said: str
    who: str


@require_safe
@staff
def then(request: HttpRequest, number: str) -> HttpResponseBase:
    """`/console/orders/<number>/then/?step=…`: also by an event (`seq`) or by a time of the shop's clock (`at`)."""
    order_id = queries.id_of(number)
    steps = as_of.instants(order_id)
    if not steps:
        raise NotYet
    last = len(steps)
    place = _place(request.GET, steps)
    found = as_of.view(order_id, version=steps[place - 1].version)
    now = found if place == last else as_of.view(order_id)
    if masking.sees_customers(request.user):
        viewing.record(found.order.person, actor=staff_actor(request), what="order_then", now=timezone.now(), order_id=order_id)
    else:
        found, now = (replace(one, shipping=masking.address(one.shipping), billing=masking.address(one.billing)) for one in (found, now))
    start = max(0, min(place - STEPS_LISTED_MAX // 2, last - STEPS_LISTED_MAX))
    context = {
        "order": found.order, "number": found.order.number, "found": found, "place": place, "last": last,
        "here": _step(place, steps[place - 1]), "is_now": place == last, "pairs": _pairs(found, now), "rows": _rows(found, now),
        "moneys": [
            *_things("Payment", found.stand.payments, now.stand.payments, found.order.currency),
            *_things("Refund", found.stand.refunds, now.stand.refunds, found.order.currency),
        ],
        "steps": [_step(place_, steps[place_ - 1]) for place_ in range(start + 1, min(last, start + STEPS_LISTED_MAX) + 1)],
        "open_count": order_rows.open_count(),
    }
    template = "console/then_parts.html" if is_htmx(request) else "console/then.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _place(wanted: QueryDict, steps: Sequence[Instant]) -> int:
    """Which step is asked for, from 1; the newest when nothing readable is."""
    at = _moment(wanted.get("at", ""))
    if at is not None:
        return max(1, sum(step.at <= at for step in steps))
    for name in ("seq", "step"):
        text = wanted.get(name, "")
        if text.isascii() and text.isdigit() and len(text) <= 9:  # noqa: PLR2004 as long as a version gets
            if name == "seq":
                return next((place for place, step in enumerate(steps, 1) if step.version >= int(text)), len(steps))
            return min(max(1, int(text)), len(steps))
    return len(steps)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text[:40])
    except ValueError:
        return None
    if found is None or not YEAR_MIN <= found.year <= YEAR_MAX:
        return None
    return found if found.tzinfo else timezone.make_aware(found)


def _step(place: int, instant: Instant) -> Step:
    entry = entries.entry_of(instant.event, as_staff=True)
    return Step(place, instant, entry.sentence, entry.who)


def _pairs(found: View, now: View) -> list[Pair]:
    then_, now_ = found.stand, now.stand
    sums = [(word, then_.columns[name], now_.columns[name]) for name, word in entries.SUMS]
    sums += [("Paid", then_.paid_minor, now_.paid_minor), ("Given back", then_.refunded_minor, now_.refunded_minor)]
    currency = found.order.currency
    facts: list[tuple[str, str, str]] = [(word, money(before, currency), money(after, currency)) for word, before, after in sums]
    facts += [
        ("Parcels", _parcels(found), _parcels(now)),
        ("Holds", _holds(found), _holds(now)),
        ("Delivery address", _address(found.shipping), _address(now.shipping)),
    ]
    return [Pair(word, before, after if after != before else "") for word, before, after in facts]


def _rows(found: View, now: View) -> list[Row]:
    rows = []
    for key, item in found.stand.items.items():
        line, later = found.lines.get(key), now.stand.items[key]
        counts = (
            ("units", item.quantity, later.quantity), ("shipped", item.shipped, later.shipped),
            ("delivered", item.delivered, later.delivered), ("cancelled", item.cancelled, later.cancelled),
            ("returned", item.returned, later.returned),
        )
        other = ", ".join(f"{word} {after}" for word, before, after in counts if before != after)
        rows.append(Row(item.sku, line.name if line is not None else item.sku, item, other))
    return rows


def _things(word: str, then_: dict[str, Thing], now: dict[str, Thing], currency: str) -> list[Pair]:
    return [
        Pair(
            f"{word} of {money(thing.facts['amount_minor'], currency)}", thing.status.replace("_", " "),
            now[key].status.replace("_", " ") if now[key].status != thing.status else "",
        )
        for key, thing in then_.items()
    ]


def _parcels(found: View) -> str:
    said = [f"{parcel.tracking_number or parcel.carrier}: {parcel.status.replace('_', ' ')}" for parcel in found.stand.parcels.values()]
    return ", ".join(said) or "none"


def _holds(found: View) -> str:
    return ", ".join(str(hold.facts.get("reason")) for hold in found.stand.holds.values() if hold.status == "open") or "none"


def _address(address: dict[str, Any]) -> str:
    return ", ".join(str(address[part]) for part in ("line1", "city", "postalCode") if address.get(part)) or "not known"
