"""Who visits the shop's pages: a customer who proved an e-mail address, or a guest known by the cookie alone."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from orders import queries
from orders.pages import doors
from timeline import ids, rights, staffing
from timeline.actors import CUSTOMER, GUEST, Actor
from timeline.errors import Forbidden, Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

# The same keys as `orders.api.authentication`: one cookie serves pages and API. A test holds them together.
PERSON_SESSION_KEY, KIND_SESSION_KEY = "person_id", "person_kind"
CART_SESSION_KEY, BEACON_SESSION_KEY = "cart", "beacon"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who shops."""

    person_id: UUID
    kind: str

    @property
    def is_customer(self) -> bool:
        """Whether they proved an e-mail address."""
        return self.kind == CUSTOMER


def visitor_of(request: HttpRequest) -> Visitor | None:
    """The visitor of the cookie; None for one we have not seen."""
    text = request.session.get(PERSON_SESSION_KEY)
    try:
        person_id = UUID(text)
    except (TypeError, ValueError, AttributeError):
        return None
    kind = request.session.get(KIND_SESSION_KEY)
    return Visitor(person_id, CUSTOMER if kind == CUSTOMER else GUEST)


def welcome(request: HttpRequest) -> Visitor:
    """The visitor; a new one becomes a guest from here on, and so does one who was erased. One statement for one we know."""
    found = visitor_of(request)
    if found is not None and not queries.is_erased(found.person_id):
        return found
    for key in (CART_SESSION_KEY, BEACON_SESSION_KEY):
        request.session.pop(key, None)
    guest = Visitor(ids.uuid7(timezone.now()), GUEST)
    remember(request, guest)
    return guest


def remember(request: HttpRequest, visitor: Visitor) -> None:
    """Keep the visitor in the session, and a name for the session itself that outlives signing in (C16)."""
    request.session[PERSON_SESSION_KEY] = str(visitor.person_id)
    request.session[KIND_SESSION_KEY] = visitor.kind
    request.session.setdefault(BEACON_SESSION_KEY, secrets.token_hex(8))


def visitor_actor(request: HttpRequest, visitor: Visitor) -> Actor:
    """The actor of a page's form; a customer's name is never stored with what they do."""
    return Actor(
        type=visitor.kind, id=str(visitor.person_id), channel="web", request_id=str(getattr(request, "request_id", "")),
        session_id=str(request.session.get(BEACON_SESSION_KEY, "")),
    )


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def shoppers(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of one's own orders: a visitor we do not know is asked to sign in first."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        visitor = visitor_of(request)
        if visitor is None:
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")
        return _found(view, request, visitor, *args, **kwargs)

    return asked


def staff(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of the console: for members of staff who have the right that `doors` names for it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated:
            login = redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("console-orders"))
            return HttpResponse(headers={"HX-Redirect": login.url}) if is_htmx(request) else login
        if not user.is_active or not user.is_staff:
            raise PermissionDenied
        staffing.note_seen(user, timezone.now())
        try:
            doors.require(request, kwargs)
            return view(request, *args, **kwargs)
        except Missing as error:
            raise Http404 from error
        except Forbidden as error:
            return _refused(request, error)

    guarded.is_guarded = True  # type: ignore[attr-defined]
    return guarded


def _refused(request: HttpRequest, error: Forbidden) -> HttpResponseBase:
    """Which right is missing and who has it: a page, or a line for htmx."""
    if is_htmx(request):
        toast = {"HX-Trigger": json.dumps({"toast": error.detail}), "HX-Reswap": "none"}
        return HttpResponse(error.detail, status=403, content_type="text/plain; charset=utf-8", headers=toast)
    roles = [rights.ROLES[name].word for name in rights.roles_of(request.user)]
    return render(request, "console/refused.html", {"refusal": error, "roles": roles}, status=403)


def _found(view: Callable[..., HttpResponseBase], *args: Any, **kwargs: Any) -> HttpResponseBase:
    """What is missing, and what is somebody else's, is the same page that is not there."""
    try:
        return view(*args, **kwargs)
    except Missing as error:
        raise Http404 from error
    except Forbidden as error:
        raise PermissionDenied(error.detail) from error
