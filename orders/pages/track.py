"""`/t/<token>`: where a parcel is, for whoever has its link; nothing of a person but first name and city (UX B7)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from orders import tracking
from orders.pages.order_sheet import Step
from orders.pages.visitors import is_htmx
from shipping import sightings as words
from shipping.models import Shipment
from shipping.queries import is_late, journey

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from shipping.models import Scan

S = Shipment.Status
FINAL: Final = (S.DELIVERED, S.RETURNED, S.LOST, S.CANCELLED)
SAYS: Final = {
    S.BOOKED: "Your parcel is being packed", S.LABELLED: "Your parcel is packed", S.SHIPPED: "Your parcel is on its way",
    S.IN_TRANSIT: "Your parcel is on its way", S.OUT_FOR_DELIVERY: "Your parcel is out for delivery",
    S.ATTEMPTED: "We could not deliver your parcel", S.DELIVERED: "Your parcel was delivered", S.LOST: "Your parcel went missing",
    S.RETURNING: "Your parcel is coming back to us", S.RETURNED: "Your parcel came back to us", S.CANCELLED: "This parcel was cancelled",
}
SAYS_BACK: Final = {
    S.BOOKED: "The pickup is being planned", S.LABELLED: "The pickup is planned", S.SHIPPED: "Your return was picked up",
    S.IN_TRANSIT: "Your return is on its way to us", S.OUT_FOR_DELIVERY: "Your return is nearly with us",
    S.ATTEMPTED: "We could not pick up your return", S.DELIVERED: "Your return has arrived",
}
SEEN: Final = {
    words.ANNOUNCED: "The carrier knows of it", words.PICKED_UP: "Picked up", words.IN_TRANSIT: "On the way",
    words.OUT_FOR_DELIVERY: "Out for delivery", words.ATTEMPTED: "Delivery attempt", words.DELIVERED: "Delivered",
    words.RETURNING: "On its way back", words.BACK: "Back with the sender",
}
ADVICE: Final = {
    words.UNAVAILABLE: "Nobody was there. The carrier tries again on the next working day.",
    words.REFUSED: "It was refused at the door. If that was a mistake, write to us today.",
    words.ADDRESS: "The address could not be found. Reply to our message with what is missing.",
    words.CASH: "The amount was not ready. Have it at hand for the next try, in cash.",
    words.LATER: "You asked for another time. The carrier comes again.",
}
_PATH: Final = (
    ("Packed", (S.LABELLED,)), ("Handed over", (S.SHIPPED,)), ("On the way", (S.IN_TRANSIT,)),
    ("Out for delivery", (S.OUT_FOR_DELIVERY, S.ATTEMPTED)), ("Delivered", (S.DELIVERED,)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was seen, in the customer's words."""

    scan: Scan
    says: str


@require_safe
def track(request: HttpRequest, token: str) -> HttpResponseBase:
    """The parcel's page, or its moving part for htmx; 304 while nothing has moved."""
    pk = tracking.parcel_of(token)
    shipment = Shipment.objects.select_related("key").prefetch_related("scans").filter(pk=pk).first() if pk else None
    if shipment is None or not tracking.is_open(shipment, now=timezone.now()):
        raise Http404
    part = is_htmx(request)
    mark = f'"{_mark(shipment, part=part, theme=request.COOKIES.get("theme", ""))}"'
    if mark in parse_etags(request.headers.get("If-None-Match", "")):
        return _private(HttpResponseNotModified(), mark)
    template = "track/state.html" if part else "track/page.html"
    return _private(render(request, template, {**_context(shipment), "here": request.path}), mark)


def _context(shipment: Shipment) -> dict[str, Any]:
    home = shipment.private().get("destination") or {}
    status = S(shipment.status)
    says = SAYS_BACK.get(status, SAYS[status]) if shipment.is_reverse else SAYS[status]
    return {
        "shipment": shipment, "says": says, "steps": _steps(shipment), "days": list(_days(shipment)), "is_moving": status not in FINAL,
        "first_name": str(home.get("name") or "").split(" ")[0][:30], "city": home.get("city") or "", "shop_name": settings.SHOP_NAME,
        "advice": ADVICE.get(shipment.attempt_reason, "") if status == S.ATTEMPTED else "",
        "arrives": _arrives(shipment, timezone.localdate()),
        "cash_minor": shipment.cod_amount_minor if status not in (*FINAL, S.RETURNING) else 0,
    }


def _arrives(shipment: Shipment, today: date) -> str:
    """When it is expected, as a window; what is late is said to be late."""
    day = shipment.estimated_delivery or shipment.promised_on
    if day is None or shipment.is_reverse or S(shipment.status) in (*FINAL, S.RETURNING):
        return ""
    if is_late(shipment, today):
        return f"Later than promised; now expected on {_said(day)}" if day > today else "Later than promised; we are asking the carrier"
    return f"Arriving {_said(day)}, between 9 am and 8 pm" if day >= today else ""


def _said(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B}"


def _steps(shipment: Shipment) -> list[Step]:
    """The path in the customer's words; a way back, and an end on the way, replace its tail."""
    times = (shipment.labelled_at, shipment.shipped_at, None, None, shipment.delivered_at)
    status = S(shipment.status)
    reached = next((place for place, (_, states) in enumerate(_PATH) if status in states), None)
    if reached is None:
        ended = {S.RETURNING: "Coming back", S.RETURNED: "Came back", S.LOST: "Went missing", S.CANCELLED: "Cancelled"}
        done = [Step(word, moment, "done") for (word, _), moment in zip(_PATH, times, strict=True) if moment is not None]
        return [*done, Step(ended[status], None, "ended")] if status in ended else [Step(word, None, "todo") for word, _ in _PATH]
    marks = ["done" if place < reached else "now" if place == reached else "todo" for place in range(len(_PATH))]
    return [Step(word, moment, mark) for (word, _), moment, mark in zip(_PATH, times, marks, strict=True)]


def _days(shipment: Shipment) -> Iterator[tuple[date, list[Line]]]:
    """What was seen, by day, the latest first; what only staff should read is left out."""
    shown = [scan for scan in reversed(journey(shipment.scans.all())) if _is_public(scan)]
    for day, scans in groupby(shown, key=lambda scan: timezone.localdate(scan.at)):
        yield day, [Line(scan, SEEN[scan.meaning]) for scan in scans]


def _is_public(scan: Scan) -> bool:
    return scan.meaning in SEEN and (scan.meaning != words.DELIVERED or scan.is_confirmed)


def _mark(shipment: Shipment, *, part: bool, theme: str) -> str:
    """Changes when anything on the page does; the day counts, for late is late from midnight on."""
    seen = (
        shipment.status, shipment.seen_at, shipment.attempts, shipment.estimated_delivery, shipment.promised_on, shipment.delivered_at,
        shipment.tracking_number, len(shipment.scans.all()), timezone.localdate(), part, theme[:10],
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


def _private(response: HttpResponse, mark: str) -> HttpResponse:
    """For this reader alone, and found by no search engine. Its address leaks to no other site: SECURE_REFERRER_POLICY."""
    response.headers["ETag"] = mark
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response
