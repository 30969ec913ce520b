"""The console's rail: which pages there are, in groups, each with its icon and its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import template
from django.urls import reverse

from orders.pages import doors
from timeline import rights

if TYPE_CHECKING:
    from collections.abc import Mapping

register = template.Library()


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the rail. It is the current one for every URL name that begins with one of `begins`."""

    name: str
    label: str
    icon: str
    keys: str
    begins: tuple[str, ...]
    query: str = ""

    @property
    def url(self) -> str:
        """Where it is."""
        return reverse(self.name) + self.query


def _at(name: str, label: str, icon: str, keys: str, *begins: str) -> Place:
    return Place(name, label, icon, keys, begins or (name,))


HOLDS: Final = Place("console-orders", "On hold", "pause", "g h", (), query="?view=on-hold")
WORK: Final = (
    Place("console", "Today", "dot", "g z", ()),
    _at("console-orders", "Orders", "orders", "g o", "console-order", "console-view", "console-bulk", "console-then"),
    _at("console-pack", "Pick & pack", "box", "g p"),
    HOLDS,
    _at("console-risk", "Risk", "alert", "g 1"),
    _at("console-shipments", "Shipments", "truck", "g v", "console-shipment", "console-manifest", "console-claims"),
    _at("console-returns", "Returns", "return", "g r", "console-return"),
    _at("console-tickets", "Tickets", "note", "g q", "console-ticket"),
    _at("console-exceptions", "Exceptions", "checks", "g e", "console-exception"),
    _at("console-stock", "Stock", "box", "g i"),
    _at("console-mentions", "Mentions", "note", "g c"),
)
GROUPS: Final[Mapping[str, tuple[Place, ...]]] = {
    "Money": (
        _at("console-payments", "Payments", "cash", "g a"),
        _at("console-disputes", "Disputes", "alert", "g d", "console-dispute"),
        _at("console-settlements", "Settlements", "cash", "g t", "console-settlement"),
        _at("console-days", "Days", "clock", "g y", "console-day"),
        _at("console-books", "Books", "note", "g b"),
    ),
    "Data": (
        _at("console-channels", "Channels", "cart", "g u", "console-channel"),
        _at("console-jobs", "Jobs", "truck", "g j", "console-job"),
        _at("console-exports", "Exports", "copy", "g x", "console-export"),
        _at("console-privacy", "Privacy", "person", "g k"),
    ),
    "System": (
        _at("console-staff", "Staff & roles", "person", "g 2"),
        _at("console-log", "Log", "note", "g l"),
        _at("console-endpoints", "Endpoints", "mail", "g n", "console-endpoint", "console-tracking", "console-delivery"),
        _at("console-alerts", "Alerts", "alert", "g f"),
        _at("console-parked", "Parked", "clock", "g w"),
        _at("mailbox", "Mailbox", "mail", "g m"),
        _at("shop", "Shop", "cart", "g s"),
    ),
}


@register.inclusion_tag("parts/rail.html", takes_context=True)
def rail(context: template.Context) -> dict[str, Any]:
    """The rail of this page, the current place marked. Pages that are not for the reader's roles are not in it."""
    request = context["request"]
    name = getattr(request.resolver_match, "url_name", None) or ""
    here = HOLDS if name == "console-orders" and request.GET.get("view") == "on-hold" else _here(name)
    held = rights.of(request)
    groups = [(word, _open(places, held)) for word, places in GROUPS.items()]
    return {
        "work": _open(WORK, held), "groups": [(word, places) for word, places in groups if places], "here": here,
        "open_count": context.get("open_count"),
    }


@register.simple_tag(takes_context=True)
def may(context: template.Context, right: str) -> bool:
    """Whether the reader has this right: `{% may "refunds:write" as refunds %}`. What is not drawn is refused all the same."""
    return right in rights.of(context["request"])


@register.simple_tag(takes_context=True)
def read_only(context: template.Context) -> list[str]:
    """What is missing when the reader may change nothing in this part of the console; nothing when they may, or may not even read."""
    request = context["request"]
    writes = doors.writes_of(getattr(request.resolver_match, "url_name", None) or "")
    held = rights.of(request)
    return sorted(writes) if "orders:read" in held and "refusal" not in context and not writes & held else []


def _open(places: tuple[Place, ...], held: frozenset[str]) -> list[Place]:
    return [place for place in places if doors.opens(place.name, held)]


def _here(name: str) -> Place | None:
    if name == "console":
        return WORK[0]
    places = (place for group in (WORK, *GROUPS.values()) for place in group)
    return next((place for place in places if name.startswith(place.begins)), None)
