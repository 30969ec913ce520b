"""What a channel calls: check its signature over the raw bytes, keep the notice, answer. Nothing else happens here.

Note [Known messages]
    A body is known by its hash: channels send at least once, and only the body is signed. A repeat is counted and answered
    like the first. Whatever the signed body says is kept and answered 200: one we refused would come for days, and then the
    channel would switch the webhook off.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from prometheus_client import Counter

from orders.channels import notices, signatures
from orders.channels.reading import BODY_BYTES_MAX
from orders.models import ChannelAccount, ChannelNotice
from timeline import inbound
from timeline.actors import Actor
from timeline.errors import Busy

if TYPE_CHECKING:
    from django.http import HttpRequest

_REFUSED = Counter("bahi_channel_webhooks_refused_total", "Webhook calls of channels refused", ["why"])
TOPIC_CHARS_MAX = 60

log = structlog.get_logger("bahi.webhooks")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, code: str) -> HttpResponse:
    """Take a message: 200 kept or known, 401 bad signature, 404 no such account, 413 too large, 503 when it cannot be kept now."""
    account = ChannelAccount.objects.filter(code=code, is_active=True).first()
    if account is None or account.channel not in signatures.CHECKS:
        raise Http404
    if request.method == "GET":
        return _challenged(request, account)
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return _refuse(request, 413, "too-large", "The body is too large")
    if account.channel == "woocommerce" and body.startswith(b"webhook_id=") and "x-wc-webhook-signature" not in request.headers:
        return JsonResponse({"status": "ok"})  # its first call asks whether anybody is there, and says nothing
    headers = {name.lower(): value for name, value in request.headers.items()}
    url = f"{settings.PUBLIC_URL}{request.path}"
    if not signatures.is_signed(account.channel, body, headers, account.credentials(), url=url, now=timezone.now()):
        return _refuse(request, 401, "bad-signature", "The signature is wrong")
    try:
        _keep(body, account=account, topic=_topic(account, headers), request_id=getattr(request, "request_id", ""))
    except Busy:
        return _refuse(request, 503, "busy", "Busy, try again")
    return JsonResponse({"status": "ok"})


def _keep(body: bytes, *, account: ChannelAccount, topic: str, request_id: str) -> None:
    """Keep the message unless it is known; Note [Known messages]."""
    inbound.keep_once(
        ChannelNotice.objects.filter(account=account, body_sha256=hashlib.sha256(body).digest()),
        name="channel_notice",
        actor=Actor(type="channel", id=account.code, name=account.name, channel="webhook", request_id=request_id),
        take=lambda op: notices.take(op, account=account, topic=topic, body=body), repeat=notices.repeat,
    )


def _challenged(request: HttpRequest, account: ChannelAccount) -> HttpResponse:
    """EBay asks whether the address is ours."""
    code, token = request.GET.get("challenge_code", ""), account.credentials().get("verificationToken", "")
    if account.channel != "ebay" or not code or not token:
        raise Http404
    return JsonResponse({"challengeResponse": signatures.challenge(code, token, f"{settings.PUBLIC_URL}{request.path}")})


def _topic(account: ChannelAccount, headers: dict[str, str]) -> str:
    return headers.get(signatures.TOPICS.get(account.channel, ""), "")[:TOPIC_CHARS_MAX]


def _refuse(request: HttpRequest, status: int, slug: str, title: str) -> HttpResponse:
    _REFUSED.labels(slug).inc()
    log.warning("channel_webhook.refused", why=slug)
    problem = {"type": f"/problems/{slug}", "title": title, "status": status, "instance": request.path}
    return JsonResponse(problem, status=status, content_type="application/problem+json")
