"""Pages, cursors and the capped count (F70)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from timeline.api.paging import OFFSET_MAX, paged
from timeline.errors import BadRequest
from timeline.rate_window import RateWindow
from timeline.rates import exact_allow

if TYPE_CHECKING:
    from django.db.models import QuerySet

ROWS = 23
ORDERS = (
    ("-window_start_ms", "-key"),
    ("window_start_ms", "key"),
    ("-count", "window_start_ms", "key"),
    ("key",),
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> QuerySet[RateWindow]:
    """Rows with many equal values in every column but the last."""
    for number in range(ROWS):
        for _ in range(1 + number % 3):
            exact_allow(f"row {number}", 5, 60, 1_000_000 + number // 4)
    return RateWindow.objects.all()


@pytest.mark.parametrize("order", ORDERS, ids="/".join)
@pytest.mark.parametrize("as_values", [False, True], ids=["models", "values"])
def test_cursors_walk_all_rows_once_and_in_order(
    rows: QuerySet[RateWindow],
    order: tuple[str, ...],
    as_values: bool,
) -> None:
    queryset: Any = rows.values("key", "window_start_ms", "count") if as_values else rows
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(ROWS):
        page = paged(queryset, order=order, limit=5, cursor=cursor)
        seen += [row["key"] if as_values else row.key for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == list(rows.order_by(*order).values_list("key", flat=True))


@pytest.mark.parametrize("order", ORDERS, ids="/".join)
def test_parts_that_are_read_apart_are_the_same_pages(rows: QuerySet[RateWindow], order: tuple[str, ...]) -> None:
    """On PostgreSQL the head of each part is read alone; what is shown, counted and how to go on is the same."""
    parts = [rows.filter(count=count) for count in (1, 2, 3)]
    for page in (1, 2, 5):
        whole, apart = paged(rows, order=order, limit=5, page=page), paged(rows, order=order, limit=5, page=page, parts=parts)
        assert whole == apart
    cursor = paged(rows, order=order, limit=3).next_cursor
    while cursor:
        whole, apart = paged(rows, order=order, limit=3, cursor=cursor), paged(rows, order=order, limit=3, cursor=cursor, parts=parts)
        assert whole == apart
        cursor = whole.next_cursor


def test_pages_and_cursors_agree(rows: QuerySet[RateWindow]) -> None:
    first = paged(rows, order=ORDERS[0], limit=5)
    by_page = paged(rows, order=ORDERS[0], limit=5, page=2)
    by_cursor = paged(rows, order=ORDERS[0], limit=5, cursor=first.next_cursor)
    assert by_page.rows == by_cursor.rows
    assert by_page.next_cursor == by_cursor.next_cursor


def test_the_envelope(rows: QuerySet[RateWindow]) -> None:
    envelope = paged(rows, order=("key",), limit=20, page=2).envelope(["row"] * 3)
    assert envelope == {
        "data": ["row"] * 3,
        "page": 2,
        "limit": 20,
        "total": ROWS,
        "totalIsCapped": False,
        "nextCursor": None,
    }


def test_the_count_gives_up_and_says_so(rows: QuerySet[RateWindow]) -> None:
    page = paged(rows, order=("key",), limit=5, count_cap=10)
    assert (page.total, page.total_is_capped) == (10, True)
    exact = paged(rows, order=("key",), limit=5, count_cap=ROWS)
    assert (exact.total, exact.total_is_capped) == (ROWS, False)


def test_the_last_full_page_has_no_next(rows: QuerySet[RateWindow]) -> None:
    assert paged(rows, order=("key",), limit=ROWS).next_cursor is None
    assert paged(rows.none(), order=("key",)).rows == []


@pytest.mark.parametrize("limit", [2, 20])
def test_a_page_costs_two_statements(rows: QuerySet[RateWindow], limit: int) -> None:
    with CaptureQueriesContext(connection) as captured:
        paged(rows, order=("key",), limit=limit)
    assert len(captured) == 2


@pytest.mark.parametrize(("page", "limit", "total"), [(1, ROWS, ROWS), (3, 10, ROWS), (1, 50, ROWS)])
def test_a_list_that_ends_here_is_counted_by_what_it_shows(rows: QuerySet[RateWindow], page: int, limit: int, total: int) -> None:
    with CaptureQueriesContext(connection) as captured:
        found = paged(rows, order=("key",), page=page, limit=limit)
    assert (found.total, found.total_is_capped, len(captured)) == (total, False, 1)


def test_a_page_behind_the_last_is_counted(rows: QuerySet[RateWindow]) -> None:
    assert paged(rows, order=("key",), page=9, limit=10).total == ROWS


def test_rows_that_arrive_meanwhile_do_not_shift_the_next_page(rows: QuerySet[RateWindow]) -> None:
    first = paged(rows, order=ORDERS[0], limit=5)
    expected = paged(rows, order=ORDERS[0], limit=5, cursor=first.next_cursor).rows
    exact_allow("newer", 5, 60, 2_000_000)
    assert paged(rows, order=ORDERS[0], limit=5, cursor=first.next_cursor).rows == expected


def test_times_travel_in_a_cursor() -> None:
    users = get_user_model().objects
    for name in "abcde":
        users.create_user(name)
    order = ("-date_joined", "-id")
    first = paged(users.all(), order=order, limit=2)
    second = paged(users.all(), order=order, limit=2, cursor=first.next_cursor)
    third = paged(users.all(), order=order, limit=2, cursor=second.next_cursor)
    assert [user.get_username() for page in (first, second, third) for user in page.rows] == list("edcba")


def test_f70_a_cursor_that_is_not_ours_is_400(rows: QuerySet[RateWindow]) -> None:
    cursor = paged(rows, order=("key",), limit=5).next_cursor
    assert cursor is not None
    foreign = signing.Signer(salt="another").sign_object([["key"], ["x"]])
    swapped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for bad in ("", "x", ":", "a:b", "\x00", "é", swapped, cursor[1:], foreign):
        with pytest.raises(BadRequest):
            paged(rows, order=("key",), limit=5, cursor=bad)


def test_f70_a_cursor_belongs_to_its_order(rows: QuerySet[RateWindow]) -> None:
    cursor = paged(rows, order=("key",), limit=5).next_cursor
    with pytest.raises(BadRequest):
        paged(rows, order=("-key",), limit=5, cursor=cursor)
    with pytest.raises(BadRequest):
        paged(rows, order=("key",), limit=5, page=2, cursor=cursor)


def test_f70_depth_by_page_is_bounded(rows: QuerySet[RateWindow]) -> None:
    assert paged(rows, order=("key",), limit=200, page=OFFSET_MAX // 200 + 1).rows == []
    with pytest.raises(BadRequest):
        paged(rows, order=("key",), limit=200, page=OFFSET_MAX // 200 + 2)
