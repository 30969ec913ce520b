"""What a number of the Today page links to: the list of exactly the orders it counted, as keys of the query string.

`status` (repeated), `channel`, `currency` (shipped currency code), and `stayed_after` / `stayed_since`: the moment the
order came to where it is, the first not included, the second the latest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Q
from django.utils import timezone

from orders.models import Order
from timeline.api.wire import moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from django.http import QueryDict

_STAYED = {"stayed_after": ("state_since__gt", "There since after"), "stayed_since": ("state_since__lte", "There since")}
_CODES = {"channel": (40, "Channel"), "currency": (3, "Currency")}


def narrowed(asked: QueryDict, refusals: list[str]) -> tuple[Q, list[tuple[str, str]]]:
    """The condition of these keys, and a chip for each (words, key); what is not understood is refused in words."""
    wanted, chips = Q(), []
    statuses = statuses_of(asked)
    if statuses:
        wanted &= Q(status__in=statuses)
        chips.append(("Status is " + " or ".join(statuses), "status"))
    for key, (chars, word) in _CODES.items():
        text = asked.get(key, "").replace("\0", "")[:chars]
        if text:
            wanted &= Q(**{key: text})
            chips.append((f"{word} is {text}", key))
    for key, (lookup, word) in _STAYED.items():
        text = asked.get(key, "")
        if not text:
            continue
        at = _moment(text)
        if at is None:
            refusals.append("A moment is written as 2026-11-21T10:00:00Z.")
            continue
        wanted &= Q(**{lookup: at})
        chips.append((f"{word} {timezone.localtime(at):%-d %b %Y, %H:%M}", key))
    return wanted, chips


def statuses_of(asked: QueryDict) -> tuple[str, ...]:
    """The statuses that are asked for, as far as they exist."""
    return tuple(status for status in asked.getlist("status") if status in Order.Status.values)


def query(
    *, statuses: Iterable[str] = (), after: datetime | None = None, since: datetime | None = None,
    days: tuple[date, date] | None = None, **more: str,
) -> str:
    """The query string of such a list."""
    pairs: list[tuple[str, Any]] = [("status", str(status)) for status in statuses]
    if days is not None:
        pairs += [("from", days[0].isoformat()), ("to", days[1].isoformat())]
    pairs += [(key, value) for key, value in more.items() if value]
    pairs += [(key, at.isoformat()) for key, at in (("stayed_after", after), ("stayed_since", since)) if at]
    return "?" + urlencode(pairs)


def _moment(text: str) -> datetime | None:
    try:
        return moment(text.replace(" ", "+"))
    except (ValueError, OverflowError):
        return None
