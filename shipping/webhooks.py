"""What a carrier pushes: right address, right header, kept as it came, answered 200; nothing else happens here.

No carrier of these signs anything, so the address is the secret: a wrong one, a wrong header and a carrier we do not work with are the
same 404. Whatever the body says is kept and answered 200, so that a carrier does not switch its webhook off over one odd scan.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import structlog
from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter

from shipping import carriers, operations
from shipping.carriers.base import PushPolicy
from shipping.models import CarrierNotice
from timeline import inbound
from timeline.actors import Actor
from timeline.errors import Busy

if TYPE_CHECKING:
    from django.http import HttpRequest

BODY_BYTES_MAX = 256 * 1024
_REFUSED = Counter("bahi_carrier_pushes_refused_total", "Carrier pushes refused", ["why"])

log = structlog.get_logger("bahi.webhooks")


@csrf_exempt
@require_POST
def push(request: HttpRequest, alias: str, secret: str) -> HttpResponse:
    """Take a push: 200 kept or known, 404 not an address of ours, 413 too large, 503 when it cannot be kept now."""
    there = carriers.behind(alias)
    if there is None or not _same(secret, there.push.secret) or not _carries(request, there.push):
        _REFUSED.labels("address").inc()
        log.warning("push.refused", why="address")
        raise Http404
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return _refuse(request, 413, "too-large", "The body is too large")
    try:
        _keep(body, carrier=there.code, request_id=getattr(request, "request_id", ""))
    except Busy:
        return _refuse(request, 503, "busy", "Busy, try again")
    return JsonResponse({"status": "ok"})


def _keep(body: bytes, *, carrier: str, request_id: str) -> None:
    """Keep the notice unless this very body is known; a repeat is counted."""
    inbound.keep_once(
        CarrierNotice.objects.filter(carrier=carrier, body_sha256=hashlib.sha256(body).digest()),
        name="carrier_notice", actor=Actor(type="system", id=carrier, name=carrier, channel="webhook", request_id=request_id),
        take=lambda op: operations.take_notice(op, carrier=carrier, body=body), repeat=operations.repeat_notice,
    )


def _carries(request: HttpRequest, policy: PushPolicy) -> bool:
    return not (policy.header and policy.token) or _same(request.headers.get(policy.header, ""), policy.token)


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode(), ours.encode())


def _refuse(request: HttpRequest, status: int, slug: str, title: str) -> HttpResponse:
    _REFUSED.labels(slug).inc()
    problem = {"type": f"/problems/{slug}", "title": title, "status": status, "instance": request.path.rpartition("/")[0]}
    return JsonResponse(problem, status=status, content_type="application/problem+json")
