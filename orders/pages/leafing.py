"""One page of a list, as its address asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from timeline.api.paging import Page, paged
from timeline.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest


def page_of(request: HttpRequest, rows: QuerySet[Any, Any], *, order: Sequence[str], limit: int) -> Page:
    """The page after the address's `cursor`; the first one where it has none, or none of ours: an old link leads somewhere."""
    try:
        return paged(rows, order=order, limit=limit, cursor=request.GET.get("cursor") or None)
    except BadRequest:
        return paged(rows, order=order, limit=limit)
