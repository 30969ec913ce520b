"""The local shop's mailbox: what would have been sent, to be read in the browser. Elsewhere it is for staff who see customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from orders.models import Message
from orders.pages.shop import framed
from orders.pages.visitors import staff
from timeline import sight

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

MESSAGES_SHOWN_MAX = 50
YEAR_SECONDS = 31_536_000
THEMES = ("system", "light", "dark")


@require_safe
def mailbox(request: HttpRequest) -> HttpResponseBase:
    """`/mailbox/`."""
    if settings.LOCAL_SANDBOX and settings.EMAIL_PROVIDER == "mailbox":
        return _show(request)
    return staff(_read)(request)


@require_POST
def theme(request: HttpRequest) -> HttpResponseBase:
    """Keep light, dark or the system's choice in a cookie, and go back."""
    target = request.POST.get("next", "/")
    response = redirect(target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else "/")
    chosen = request.POST.get("theme", "")
    response.set_cookie(
        "theme", chosen if chosen in THEMES else "system", max_age=YEAR_SECONDS, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE, httponly=True,
    )
    return response


def _read(request: HttpRequest) -> HttpResponseBase:
    """Letters name their readers."""
    sight.require(request)
    return _show(request)


def _show(request: HttpRequest) -> HttpResponseBase:
    found = Message.objects.select_related("person__key", "order").order_by("-created_at", "-id")[:MESSAGES_SHOWN_MAX]
    letters = [(message, message.opened()) for message in found]
    return render(request, "shop/mailbox.html", framed(request, {"letters": letters, "now": timezone.now()}))

