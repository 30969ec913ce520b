"""`docs/roles.md`: each role with its rights, and each right with the pages and calls that ask for it, read from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, URLResolver, get_resolver

from orders.pages.doors import DOORS
from timeline.rights import RIGHTS, ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_INTRO = """# Roles

A member of staff holds roles; several add up. A role is a fixed set of rights, and an API key carries the same rights as its
scopes (`*` is all): one vocabulary (`timeline/rights.py`) for people and machines. Every call of the staff's API names its right in
`required_scopes` of its view, every page of the console in `orders/pages/doors.py`, and both ask at one place, before anything is
looked at. What names no right is nobody's, and fails `tests/roles/test_every_address.py`, which calls every address as every role.

* **Giving and taking** is done at `/console/staff/` by administrators, by `PUT` and `DELETE /admin/staff/{username}/roles/{role}`, and from
  the shell: `manage.py staff add NAME --role ROLE` (its password is asked for, or read from a pipe), `staff give`, `staff take`, `staff list`.
  Each change is an event of the story `staff` (`staff.role_given`, `staff.role_taken`) with who, whom, what, and the roles before and after.
* **Bounds.** Nobody changes their own roles. Nobody gives or takes a role that may do more than they. One administrator who may sign in always
  stays. A superuser of the frame is an administrator; taking that role takes the flag too. The frame's own admin makes and closes accounts for
  superusers alone; nobody is given more there.
* **A refusal** is a 403 that says the right that is missing and the roles that have it: `right` and `roles` in the problem document, a page or a
  line in the console. What somebody may not do is not drawn either, `allowedActions` of orders and returns tells what the caller may really do, and
  a part of the console where they may change nothing says so. Without `money:read` the first page tells counts and no amounts.
* **Customers** are masked without `customers:read` ([privacy](privacy.md)); a refund above the limit needs `refunds:unlimited`, or another person who
  has it ([refunds](refunds.md)). An export needs `exports:read`, and the right to read such rows anyway, from who asks and from who fetches it.
* **Narrower rights.** A key with `orders:read` also has `money:read`, one with `orders:write` also `notes:write`, one with `shipments:write` also
  `labels:read`, one with `exports:write` also `exports:read`: they were one before.
* **From groups to roles.** Groups decided before there were roles. `migrate` gives each account what it could do, no more and no less: `finance`
  becomes Manager and Finance, `support` and no group Manager, `warehouse` Operations and Packer, any other group Operations, a superuser
  Administrator. Groups and permissions of the frame decide nothing any more. Give people narrower roles afterwards.
* **The demo store** has an account for each (password `demo`): asha Manager, ravi Packer, meera Finance, kabir Support, tara Viewer,
  nila Administrator.
"""


def text(head: str) -> str:
    """The whole page."""
    words = [role.word for role in ROLES.values()]
    asked: dict[str, list[str]] = {right: [] for right in RIGHTS}
    for right, address in sorted({*_calls(), *_pages()}, key=lambda pair: (pair[1].partition("/")[2], pair[1])):
        asked[right].append(address)
    return "\n".join([
        head, _INTRO, "## The roles\n", *(f"* **{role.word}** (`{role.name}`). {role.sentence}" for role in ROLES.values()),
        "\n## The matrix\n", f"| right | what for | {' | '.join(words)} |", f"|---|---|{'---|' * len(words)}",
        *(f"| `{right}` | {what} | {' | '.join('yes' if right in role.rights else '' for role in ROLES.values())} |" for right, what in RIGHTS.items()),
        "\n## Where each right is asked for\n",
        *(f"* `{right}`: {', '.join(f'`{address}`' for address in addresses) or _ELSEWHERE[right]}" for right, addresses in asked.items()), "",
    ])


_ELSEWHERE = {
    "customers:read": "decides how people are shown, everywhere; invoices, GSTR-1, archives, and files and messages that name people are for it alone",
    "refunds:unlimited": "decides how much one person gives back alone",
    "labels:read": "labels",
}


def _calls() -> Iterator[tuple[str, str]]:
    for route, pattern in _routes(get_resolver().url_patterns, ""):
        view: Any = getattr(pattern.callback, "cls", None)
        if not route.startswith(("admin/", "api/v1/")) or view is None:
            continue
        named = getattr(view, "required_scopes", {})
        for method in METHODS:
            if hasattr(view, method.lower()):
                yield ("orders:write" if isinstance(named, property) else named[method]), f"{method} {_shown(route)}"


def _pages() -> Iterator[tuple[str, str]]:
    for route, pattern in _routes(get_resolver().url_patterns, ""):
        door = DOORS.get(pattern.name or "")
        if door is not None and route.startswith("console/"):
            yield door.read, _shown(route)
            if door.write != door.read:
                yield door.write, f"POST {_shown(route)}"


def _routes(patterns: Any, before: str) -> Iterator[tuple[str, URLPattern]]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route, one


def _shown(route: str) -> str:
    """`admin/orders/<str:order_id>` is `/admin/orders/{order_id}`."""
    words = [f"{{{part[1:-1].rpartition(':')[2]}}}" if part.startswith("<") and part.endswith(">") else part for part in route.split("/")]
    return "/" + "/".join(words)
