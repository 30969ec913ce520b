"""A web process that dies between commit and reply (F34): when the caller wishes it, and now and then on a notice."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tests.crashes.apps import die, die_sometimes

WISH = "X-Die-Before-Reply"


class DieBeforeReply:
    """First in the list, so that everything is done and committed when it looks."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._answer(request)
        if WISH in request.headers:
            die()
        if request.path == "/webhooks/razorpay":
            die_sometimes()
        return response
