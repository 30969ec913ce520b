"""`/receipts/<token>`: an order's proof for whoever has the receipt. It names no person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orders import proving
from orders.documents.receipt import receipt_of
from timeline.api.answers import encode
from timeline.errors import Missing
from timeline.log.proof import NoProof

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-cache"}


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponseBase:
    """What was sealed, and how to check it."""
    order_id = _order(token)
    context: dict[str, Any] = {"found": None, "token": token, "shop_name": settings.SHOP_NAME}
    try:
        context["found"] = receipt_of(order_id)
    except NoProof:
        pass
    except Missing as error:
        raise Http404 from error
    response = render(request, "track/receipt.html", context)
    for name, value in _PRIVATE.items():
        response.headers[name] = value
    return response


@require_safe
def bundle(request: HttpRequest, token: str) -> HttpResponseBase:  # noqa: ARG001 Django hands it in
    """The proof itself, as `timeline/verifier.py` reads it."""
    order_id = _order(token)
    try:
        found = receipt_of(order_id)
    except NoProof:
        return HttpResponse("There is no proof of it yet; try again in some seconds.\n", status=409, content_type="text/plain; charset=utf-8")
    except Missing as error:
        raise Http404 from error
    named = f'attachment; filename="{found["orderNumber"]}.proof.json"'
    return HttpResponse(encode(found["proof"]), content_type="application/json", headers={**_PRIVATE, "Content-Disposition": named})


def _order(token: str) -> UUID:
    order_id = proving.order_of(token)
    if order_id is None:
        raise Http404
    return order_id
