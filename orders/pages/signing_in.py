"""Signing in as a customer: a code is sent to an e-mail address, and who types it owns the address.

Note [What the session knows of a code]
    The person's id, a keyed hash of the code, when it ends and how often it was tried: neither the address nor the code.
    An address that nobody used before is answered in the same words as any other.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from orders.notifications.messages import Text
from orders.notifications.providers import provider
from orders.operations import accounts, identify
from orders.pages.forms import CodeForm, EmailForm
from orders.pages.shop import framed
from orders.pages.visitors import (
    BEACON_SESSION_KEY,
    CART_SESSION_KEY,
    KIND_SESSION_KEY,
    PERSON_SESSION_KEY,
    Visitor,
    remember,
    visitor_actor,
    visitor_of,
)
from timeline import rates, vault
from timeline.actors import CUSTOMER, system
from timeline.errors import DomainError
from timeline.operations import operation
from timeline.origins import origin

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponse, HttpResponseBase

DOORMAN = system("accounts")
CODE_DIGITS: Final = 6
CODE_TTL_SECONDS: Final = 600
TRIES_MAX: Final = 5
CODES_PER_HOUR_MAX: Final = 6
CODES_PER_ORIGIN_MAX: Final = 30
HOUR_SECONDS: Final = 3600
_SESSION_KEY: Final = "sign_in"


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """`/account/login/`: the address."""
    form = EmailForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, "account/sign_in.html", form)
    email = form.cleaned_data["email"]
    if not _within_limits(request, email):
        form.add_error(None, "Too many codes were asked for. Wait an hour, or use the newest one.")
        return _page(request, "account/sign_in.html", form, status=429)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    person_id = _send(email, code)
    request.session[_SESSION_KEY] = {
        "person": str(person_id), "hash": _hash(person_id, code), "until": time.time() + CODE_TTL_SECONDS, "tries": 0,
        "next": _next(request),
    }
    return redirect("sign-in-code")


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponseBase:
    """`/account/login/code/`: the six digits."""
    asked = request.session.get(_SESSION_KEY)
    if not isinstance(asked, dict):
        return redirect("sign-in")
    form = CodeForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, "account/code.html", form)
    if time.time() > asked["until"] or asked["tries"] >= TRIES_MAX:
        del request.session[_SESSION_KEY]
        messages.error(request, "This code has ended. Ask for another.")
        return redirect("sign-in")
    request.session[_SESSION_KEY] = {**asked, "tries": asked["tries"] + 1}
    person_id = UUID(asked["person"])
    if not hmac.compare_digest(asked["hash"], _hash(person_id, form.cleaned_data["code"].strip())):
        form.add_error("code", "This is not the code that was sent.")
        return _page(request, "account/code.html", form)
    _enter(request, Visitor(person_id, CUSTOMER))
    messages.success(request, "You are signed in.")
    return redirect(asked.get("next") or "account-orders")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """`/account/logout/`."""
    for key in (PERSON_SESSION_KEY, KIND_SESSION_KEY, CART_SESSION_KEY, BEACON_SESSION_KEY):
        request.session.pop(key, None)
    request.session.cycle_key()
    return redirect("shop")


def _enter(request: HttpRequest, customer: Visitor) -> None:
    """The session is the customer's from here on; the cart and the orders of a guest come along."""
    guest = visitor_of(request)
    actor = visitor_actor(request, customer)
    del request.session[_SESSION_KEY]
    request.session.cycle_key()
    remember(request, customer)
    if guest is None or guest.is_customer:
        with operation("session.identify", actor=actor) as op:
            identify.identify(op, customer_id=customer.person_id)
        return
    try:
        with operation("session.transfer", actor=actor, stream=[str(guest.person_id), str(customer.person_id)]) as op:
            identify.transfer(op, guest_id=guest.person_id, customer_id=customer.person_id)
    except DomainError as error:
        request.session.pop(CART_SESSION_KEY, None)
        messages.error(request, error.detail)


def _send(email: str, digits: str) -> UUID:
    """Whom the code is for. Write the message down, send it, mark it sent: no transaction is open while a mail server is asked."""
    subject = f"{digits} is your code for {settings.SHOP_NAME}"
    body = f"Your code is {digits}. It holds for ten minutes.\n\nIf you did not ask for it, you need do nothing."
    with operation("account.write_code", actor=DOORMAN) as op:
        person = accounts.know(op, email=email)
        message = accounts.write_code(op, person=person, email=email, subject=subject, body=body)
    provider("email").send(Text("sign_in_code", "email", email, subject, body), key=message.pk.hex)
    with operation("account.code_sent", actor=DOORMAN) as op:
        accounts.code_sent(op, message=message)
    return person.pk


def _within_limits(request: HttpRequest, email: str) -> bool:
    """So many codes an hour, for one address and from one place."""
    limits = (
        (f"codes:address:{vault.blind('customer', email.casefold()).hex()}", CODES_PER_HOUR_MAX),
        (f"codes:origin:{origin(request)}", CODES_PER_ORIGIN_MAX),
    )
    return all(rates.exact_allow(key, limit, HOUR_SECONDS, time.time())[0] for key, limit in limits)


def _hash(person_id: UUID, digits: str) -> str:
    text = f"{person_id}:{digits}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), b"bahi sign-in codes" + text, hashlib.sha256).hexdigest()


def _next(request: HttpRequest) -> str:
    target = request.GET.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else ""


def _page(request: HttpRequest, template: str, form: EmailForm | CodeForm, *, status: int = 0) -> HttpResponse:
    if not status:
        status = 422 if form.errors else 200
    return render(request, template, framed(request, {"form": form}), status=status)
