"""Which right each page of the console needs, by the name of its address: the one table, as `required_scopes` is at the API.

`orders.pages.visitors.staff` asks here before a page is run; a page that is not in the table is nobody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from orders.bulk.kinds import KINDS
from orders.models import Job
from timeline import rights
from timeline.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest

READ_METHODS: Final = ("GET", "HEAD", "OPTIONS")


class Door:
    """The right that reading the page needs, and the one that sending its form needs; `of` finds it for some by what is asked."""

    def __init__(self, read: str, write: str = "", *, of: Callable[[HttpRequest, Mapping[str, Any]], str] | None = None) -> None:
        self.read, self.write, self._of = read, write or read, of

    def right(self, request: HttpRequest, nouns: Mapping[str, Any]) -> str:
        """The right this request needs."""
        if request.method in READ_METHODS:
            return self.read
        return (self._of(request, nouns) if self._of is not None else "") or self.write


def _of_verb(_: HttpRequest, nouns: Mapping[str, Any]) -> str:
    return "refunds:write" if nouns.get("verb") in ("refund", "exchange") else ""


def _of_upload(request: HttpRequest, _: Mapping[str, Any]) -> str:
    return _of_kind(request.POST.get("kind", ""))


def _of_job(_: HttpRequest, nouns: Mapping[str, Any]) -> str:
    """Whoever may send such a file may call it off. One statement."""
    return _of_kind(Job.objects.filter(pk=nouns["job_id"]).values_list("kind", flat=True).first() or "")


def _of_kind(kind: str) -> str:
    return KINDS[kind].scope if kind in KINDS else ""


def _all(right: str, *names: str) -> dict[str, Door]:
    return dict.fromkeys((f"console-{name}" if name else "console" for name in names), Door(right))


def _both(read: str, write: str, *names: str) -> dict[str, Door]:
    return dict.fromkeys((f"console-{name}" for name in names), Door(read, write))


DOORS: Final[dict[str, Door]] = {
    **_all(
        "orders:read", "", "chart", "alerts", "tickets", "ticket", "risk", "orders", "views", "bulk", "order", "then", "pulse", "why",
        "mentions", "mentions-read", "mentions-unread", "document", "shipments", "shipment", "manifests", "manifest", "claims",
        "pack", "pack-list", "pack-box", "jobs", "job", "job-progress", "job-errors", "job-labels", "job-refused", "channel-import",
    ),
    **_both("orders:read", "orders:write", "ticket-open", "risk-review", "risk-rules", "risk-blocklist", "channels"),
    **_all(
        "orders:write", "ticket-act", "risk-unblock", "view-add", "view", "bulk-run", "tags", "assign", "confirm", "process", "edit",
        "edit-preview", "edit-discard", "cancel", "cancel-units", "hold", "release", "invoice", "job-undo", "channel-resolve",
        "channel-retry", "channel-dismiss",
    ),
    **_all("notes:write", "note", "note-correct", "note-retract"),
    "console-job-upload": Door("orders:write", of=_of_upload),
    **dict.fromkeys(("console-job-cancel", "console-job-apply", "console-job-retry"), Door("orders:write", of=_of_job)),
    **_all("customers:reveal", "reveal"),
    **_all(
        "shipments:write", "ship", "move", "split", "merge", "schedule", "release-work", "reship", "close-parcel", "labels",
        "manifest-open", "shipment-act", "manifest-hand-over", "manifest-drop", "claim-step", "dispatch", "deliver", "take-back",
        "pack-scan", "pack-finish", "pack-short", "pack-leave",
    ),
    **_all("labels:read", "pack-slip"),
    **_all("returns:read", "returns", "return", "return-photo"),
    **_all("returns:write", "take-return"),
    "console-return-step": Door("returns:write", of=_of_verb),
    **_all(
        "refunds:write", "refund", "refund-quote", "approve", "decline", "refund-retry", "refund-settle", "give-back",
    ),
    **_all("payments:read", "payments"),
    **_all("payments:write", "capture"),
    **_all("disputes:read", "disputes", "dispute"),
    **_all("disputes:write", "dispute-contest", "dispute-accept"),
    **_all("money:read", "settlements", "settlement", "books"),
    **_all("money:write", "statement", "cash"),
    **_all("reconciliation:read", "exceptions", "exception", "days", "day", "day-table"),
    **_all("reconciliation:write", "exception-act", "exception-resolve", "exception-snooze", "day-reconcile", "day-close"),
    **_all("inventory:read", "stock", "stock-open", "stock-variant"),
    **_both("inventory:read", "inventory:write", "stock-conflicts"),
    **_all(
        "inventory:write", "stock-resolve", "stock-step", "stock-take-in", "stock-turn-back", "stock-decide", "stock-serve",
    ),
    **_all("events:read", "log", "log-verify", "parked"),
    **_all("events:write", "parked-retry", "parked-drop", "parked-message-retry", "parked-message-drop"),
    **_both("endpoints:read", "endpoints:write", "endpoints", "endpoint"),
    **_all("endpoints:read", "delivery"),
    **_all("endpoints:write", "endpoint-replay", "endpoint-step", "delivery-again"),
    **_all("tracking:read", "tracking"),
    **_all("tracking:write", "tracking-place", "tracking-event", "tracking-step"),
    **_all("exports:read", "exports", "export", "export-progress"),
    **_all(
        "exports:write", "export-ask", "export-schedules", "export-schedule", "export-cancel", "export-revoke", "export-retry",
    ),
    **_all("privacy:read", "privacy", "privacy-archive"),
    **_all("privacy:write", "privacy-ask", "privacy-execute", "privacy-withdraw"),
    **_all("staff:read", "staff"),
    **_all("staff:write", "staff-role"),
    "mailbox": Door("customers:read"),
}


def require(request: HttpRequest, nouns: Mapping[str, Any]) -> None:
    """Raises RightMissing, and Forbidden for a page that is in no table: it is nobody's."""
    found = request.resolver_match
    door = DOORS.get(found.url_name or "") if found is not None else None
    if door is None:
        raise Forbidden
    rights.require(request, door.right(request, nouns))


def opens(name: str, held: frozenset[str], *, to_write: bool = False) -> bool:
    """Whether somebody with these rights gets in at the page of this name; pages that are not the console's are open."""
    door = DOORS.get(name)
    return door is None or (door.write if to_write else door.read) in held


def writes_of(name: str) -> frozenset[str]:
    """The rights with which anything is changed at the pages around this one: those of the same part of the console."""
    part = _part(name)
    if part in _PART_WRITES:
        return _PART_WRITES[part]
    return frozenset(door.write for other, door in DOORS.items() if _part(other) == part and door.write != "orders:read")


# Parts whose forms go to addresses of other names.
_PART_WRITES: Final[dict[str, frozenset[str]]] = {
    "order": frozenset({
        "orders:write", "notes:write", "customers:reveal", "shipments:write", "refunds:write", "returns:write", "payments:write",
    }),
    "settlement": frozenset({"money:write"}),
    "job": frozenset({"orders:write", "shipments:write"}),
}


def _part(name: str) -> str:
    return name.removeprefix("console-").partition("-")[0].rstrip("s")
