"""B70: every page of the console and every call of the staff's API, for every role and for keys: allowed or refused.

The rows come from the table of addresses itself, so that a new address without a right fails here.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from orders.pages.doors import DOORS
from tests import makers
from tests.thorough import SHARE, THOROUGH
from timeline.models import StaffMember
from timeline.rights import RIGHTS, ROLES, of_scopes

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN = {"console/login/", "console/logout/"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(patterns: Any = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route, one


def api_rows() -> Iterator[tuple[str, str, str]]:
    for route, pattern in routes():
        if not route.startswith(("admin/", "api/v1/")):
            continue
        view: Any = pattern.callback.cls  # type: ignore[attr-defined]
        for method in METHODS:
            if hasattr(view, method.lower()):
                named = getattr(view, "required_scopes", None)
                # A job is called off with the right of its kind; of one that is not there nobody says more than this.
                yield method, route, "orders:write" if isinstance(named, property) else (named or {}).get(method, "")


def page_rows() -> Iterator[tuple[str, str, str]]:
    for route, pattern in routes():
        if route.startswith("console/") and route not in OPEN:
            door = DOORS.get(pattern.name or "")
            yield "GET", route, door.read if door else ""
            yield "POST", route, door.write if door else ""


API, PAGES = sorted(api_rows()), sorted(page_rows())


def some(rows: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """All of them, or where somebody waits every fourth."""
    return rows if THOROUGH else rows[::SHARE]


def path_of(route: str) -> str:
    """The address, of things that are not there."""
    words = {"place": "1", "date": "2026-01-01", "day": "2026-01-01", "name": "days", "wave": "none", "role": "viewer", "user_id": "0"}
    words |= {"delivery_id": "1"} if "parked/<int" in route else {}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: words.get(found[1], str(uuid.UUID(int=7))), route)


def holders(right: str) -> set[str]:
    return {name for name, role in ROLES.items() if right in role.rights}


@pytest.fixture
def asha(db: None) -> Client:
    client = makers.signed_in()
    client.raise_request_exception = False
    return client


def test_b70_every_address_names_its_right() -> None:
    """By `required_scopes` of its view, or in `DOORS`."""
    assert [f"{method} /{route}" for method, route, right in [*API, *PAGES] if right not in RIGHTS] == []


@pytest.mark.parametrize(("method", "route", "right"), some([*API, *PAGES]), ids=str)
def test_b70_who_gets_in_where(asha: Client, method: str, route: str, right: str) -> None:
    answers = {}
    for name in ROLES:
        StaffMember.objects.update(roles=[name])
        answers[name] = asha.generic(method, path_of(route), b"{}", content_type="application/json")
        if answers[name].status_code == 405:
            return  # a page that is only read, or only sent: said before anybody is asked who they are
    refused = {name for name, answer in answers.items() if answer.status_code == 403 and f"needs the right {right}" in answer.content.decode()}
    assert refused == set(ROLES) - {name for name, role in ROLES.items() if right in role.rights}
    assert not any(answer.status_code >= 500 for answer in answers.values())
    assert Client().generic(method, path_of(route)).status_code in (302, 401)


@pytest.mark.parametrize(("method", "route", "right"), some(API), ids=str)
def test_b70_a_key_is_asked_for_the_same_right(db: None, method: str, route: str, right: str) -> None:
    without = makers.staff(*(scope for scope in RIGHTS if right not in of_scopes([scope])))
    refused = without.send(method, path_of(route), {})
    assert makers.read(refused, 403)["right"] == right
    let_in = makers.staff(right).send(method, path_of(route), {})
    assert let_in.status_code != 403 or makers.read(let_in, 403).get("right") != right, "what else is needed is another right"


def test_every_door_leads_somewhere_and_every_page_is_behind_one() -> None:
    named = {pattern.name: pattern for route, pattern in routes() if route.startswith("console/") and route not in OPEN}
    assert set(DOORS) - set(named) == {"mailbox"}
    assert [name for name, pattern in named.items() if not getattr(pattern.callback, "is_guarded", False)] == []
    assert reverse("mailbox")


def test_every_right_is_asked_for_somewhere_and_every_role_reads_orders() -> None:
    asked = {right for _, _, right in [*API, *PAGES]}
    assert set(RIGHTS) - asked == {"customers:read", "refunds:unlimited"}, "these decide how much is shown, and how much may go back"
    assert all("orders:read" in role.rights for role in ROLES.values())
