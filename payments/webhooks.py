"""What a gateway calls: check the signature over the raw bytes, keep the notice, answer. Nothing else happens here.

Note [Known notices]
    The event id in the header is not signed, so a body is known by its hash as well (F18). A repeat is answered 200 like
    the first. Whatever the signed body says (an unknown event, odd JSON, no JSON) is kept and answered 200: a notice we
    refused would be sent again for a day and then switch the webhook off (F30).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter

from payments import operations
from payments.gateways import verify_webhook
from payments.models import RAZORPAY, Notice
from timeline import inbound
from timeline.actors import Actor
from timeline.errors import Busy

if TYPE_CHECKING:
    from django.http import HttpRequest

BODY_BYTES_MAX = 256 * 1024
UNKNOWN = "unknown"
_EVENT_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")
_KIND = re.compile(r"[a-z0-9_.]{1,60}")
_REFUSED = Counter("bahi_webhooks_refused_total", "Webhook calls refused", ["provider", "why"])

log = structlog.get_logger("bahi.webhooks")


@csrf_exempt
@require_POST
def razorpay(request: HttpRequest) -> HttpResponse:
    """Take a notice of Razorpay: 200 kept or known, 400 bad signature, 413 too large, 503 when it cannot be kept now."""
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return _refuse(request, 413, "too-large", "The body is too large", f"At most {BODY_BYTES_MAX} bytes are read.")
    signature = request.headers.get("X-Razorpay-Signature", "")
    if not verify_webhook(body, signature, settings.RAZORPAY_WEBHOOK_SECRETS):
        return _refuse(request, 400, "bad-signature", "The signature is wrong", "The body was not signed by the gateway.")

    try:
        _keep(body, event_id=_event_id(request, body), request_id=getattr(request, "request_id", ""))
    except Busy:
        return _refuse(request, 503, "busy", "Busy, try again", "The notice could not be kept now; send it again.")
    return JsonResponse({"status": "ok"})


def _keep(body: bytes, *, event_id: str, request_id: str) -> None:
    """Keep the notice unless it is known; Note [Known notices]."""
    inbound.keep_once(
        Notice.objects.filter(Q(event_id=event_id) | Q(body_sha256=hashlib.sha256(body).digest()), provider=RAZORPAY),
        name="notice", actor=Actor(type="system", id=RAZORPAY, name=RAZORPAY, channel="webhook", request_id=request_id),
        take=lambda op: operations.take_notice(op, provider=RAZORPAY, event_id=event_id, body=body, kind=_kind(body)),
        repeat=operations.repeat_notice,
    )


def _event_id(request: HttpRequest, body: bytes) -> str:
    sent = request.headers.get("X-Razorpay-Event-Id", "")
    return sent if _EVENT_ID.fullmatch(sent) else f"sha256:{hashlib.sha256(body).hexdigest()}"


def _kind(body: bytes) -> str:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return UNKNOWN
    kind = said.get("event") if isinstance(said, dict) else None
    return kind if isinstance(kind, str) and _KIND.fullmatch(kind) else UNKNOWN


def _refuse(request: HttpRequest, status: int, slug: str, title: str, detail: str) -> HttpResponse:
    _REFUSED.labels(RAZORPAY, slug).inc()
    log.warning("webhook.refused", why=slug)
    problem = {
        "type": f"/problems/{slug}", "title": title, "status": status, "detail": detail, "instance": request.path,
    }
    return JsonResponse(problem, status=status, content_type="application/problem+json")
