"""`/console/staff/`: who works here, with which roles, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders.pages import order_rows
from orders.pages.leafing import page_of
from orders.pages.visitors import staff
from orders.pages.writing import status_of, words_of, write
from timeline import rights, staffing
from timeline.api.authentication import staff_actor
from timeline.errors import DomainError
from timeline.models import Event, StaffMember
from timeline.vocabulary import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

PEOPLE_PER_PAGE: Final = 100
CHANGES_MAX: Final = 20
DEEDS: Final = {"give": staffing.give, "take": staffing.take}


@dataclass(frozen=True, slots=True)
class Person:
    """One member of staff: whether they have each role, and when they were last here."""

    user: Any
    has: list[tuple[rights.Role, bool]]
    seen_at: datetime | None
    is_me: bool

    @property
    def name(self) -> str:
        """How they are called."""
        return str(self.user.get_full_name() or self.user.get_username())


@require_safe
@staff
def staff_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/staff/`."""
    return _show(request)


@require_POST
@staff
def change(request: HttpRequest, user_id: int, role: str) -> HttpResponseBase:
    """Give a role, or take it."""
    deed = DEEDS.get(request.POST.get("do", ""))
    if deed is None:
        return _show(request, problem="Say whether to give the role or to take it.", status=422)
    by = rights.of(request)
    try:
        place = write(
            request, f"staff.{request.POST['do']}_role", StaffMember.STORY, lambda op: deed(op, user_id=user_id, role=role, by=by),
            actor=staff_actor(request), to=reverse("console-staff"), versioned=False,
        )
    except DomainError as error:
        return _show(request, problem=words_of(error), status=status_of(error))
    said = "given" if request.POST["do"] == "give" else "taken"
    messages.success(request, f"The role {rights.ROLES[role].word} was {said}.")
    return redirect(place)


def _show(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    """Four statements, however many people there are."""
    page = page_of(request, staffing.people(), order=("username",), limit=PEOPLE_PER_PAGE)
    changes = Event.objects.filter(stream=StaffMember.STORY).order_by("-stream_seq")[:CHANGES_MAX]
    context = {
        "people": [_person(user, request.user.pk) for user in page.rows], "page": page, "roles": list(rights.ROLES.values()),
        "rights": [(right, what, [right in role.rights for role in rights.ROLES.values()]) for right, what in rights.RIGHTS.items()],
        "changes": [(event, sentence(event.kind, event.facts)) for event in changes], "may_change": "staff:write" in rights.of(request), "problem": problem, "now": timezone.now(),
        "open_count": order_rows.open_count(),
    }
    return render(request, "console/staff.html", context, status=status)


def _person(user: Any, me: Any) -> Person:
    held = staffing.kept_roles(user)
    return Person(user, [(role, role.name in held) for role in rights.ROLES.values()], staffing.last_seen(user), user.pk == me)
