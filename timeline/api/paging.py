"""One envelope for every list: pages for people, cursors for depth, and a count that stops counting.

A page costs two statements at most however many rows there are: the rows (one more than asked for, to know whether there
is a next page) and the count, which gives up after ``count_cap`` rows and says so. A list that ends on the page asked for
is counted by what it shows.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db import connections
from django.db.models import Q

from timeline.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

COUNT_CAP = 10_000
OFFSET_MAX = 200_000
HEAD_ROWS_MAX = 2000

_SIGNER_SALT = "timeline.api.paging"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page and what the envelope says about them."""

    rows: list[Any]
    page: int
    limit: int
    total: int
    total_is_capped: bool
    next_cursor: str | None

    def envelope(self, data: Sequence[Any] | None = None) -> dict[str, Any]:
        """Wrap the rendered rows (or the rows themselves) as the API's list answer."""
        return {
            "data": self.rows if data is None else data,
            "page": self.page,
            "limit": self.limit,
            "total": self.total,
            "totalIsCapped": self.total_is_capped,
            "nextCursor": self.next_cursor,
        }


def paged(
    queryset: QuerySet[Any, Any],
    *,
    order: Sequence[str],
    page: int = 1,
    limit: int = 20,
    cursor: str | None = None,
    count_cap: int = COUNT_CAP,
    parts: Sequence[QuerySet[Any, Any]] = (),
    counted: QuerySet[Any, Any] | None = None,
) -> Page:
    """Cut one page out of a queryset of models, of ``values()`` or of named ``values_list()``.

    ``order`` names columns that are never NULL, each with ``-`` for descending, and ends in a unique one; a queryset
    that is not of models must carry them, and says in ``counted`` which models it has the rows of, for a count of
    columns reads them all. Raises ``BadRequest`` for a cursor that is not ours, and for a page too deep to count to.

    ``parts`` have no row in common and are the queryset together, each in order by an index of its own: where the database can, no more
    rows of each are read than the page may show.
    """
    ordered, offset = queryset.order_by(*order), 0
    later = Q()
    if cursor is not None:
        if page != 1:
            raise BadRequest("Send page or cursor.", errors=[("?cursor", "A cursor does not go with a page.")])
        later = _after(order, _opened(cursor, order))
    else:
        offset = (page - 1) * limit
        if offset > OFFSET_MAX:
            detail = f"Rows beyond {OFFSET_MAX} are reached with nextCursor only."
            raise BadRequest("The page is too deep.", errors=[("?page", detail)])
    ordered = ordered.filter(later)
    if len(parts) > 1 and offset + limit < HEAD_ROWS_MAX and connections[queryset.db].features.supports_slicing_ordering_in_compound:
        heads = [part.filter(later).order_by(*order).values("pk")[: offset + limit + 1] for part in parts]
        ordered = ordered.filter(pk__in=heads[0].union(*heads[1:], all=True))
    rows = list(ordered[offset : offset + limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    is_counted = cursor is None and not more and (rows or page == 1)
    known = offset + len(rows) if is_counted else (queryset if counted is None else counted).order_by()[: count_cap + 1].count()
    return Page(
        rows=rows,
        page=page,
        limit=limit,
        total=min(known, count_cap),
        total_is_capped=known > count_cap,
        next_cursor=_sealed(order, rows[-1]) if more else None,
    )


def _sealed(order: Sequence[str], row: Any) -> str:
    values = [_plain(_column(row, name.removeprefix("-"))) for name in order]
    return signing.Signer(salt=_SIGNER_SALT).sign_object([list(order), values])


def _opened(cursor: str, order: Sequence[str]) -> list[Any]:
    try:
        sealed_order, values = signing.Signer(salt=_SIGNER_SALT).unsign_object(cursor)
    except (signing.BadSignature, ValueError, UnicodeError) as exc:
        raise BadRequest("The cursor is not one of ours.", errors=[("?cursor", "Unknown cursor.")]) from exc
    if sealed_order != list(order) or len(values) != len(order):
        raise BadRequest("The cursor belongs to another order of rows.", errors=[("?cursor", "Unknown cursor.")])
    return list(values)


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows that come later in lexicographic order; the first column is bounded alone, so that an index can serve it."""
    later = Q()
    equal = Q()
    for name, value in zip(order, values, strict=True):
        column, beyond = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        later |= equal & Q(**{f"{column}__{beyond}": value})
        equal &= Q(**{column: value})
    first, bound = order[0].removeprefix("-"), "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{bound}": values[0]}) & later


def _column(row: Any, name: str) -> Any:
    if isinstance(row, tuple):
        return getattr(row, name)
    return row[name] if isinstance(row, dict) else attrgetter(name.replace("__", "."))(row)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    return value
