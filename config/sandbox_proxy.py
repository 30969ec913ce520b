"""The local shop shows its sandbox gateway under its own address; beside real keys there is none."""

from __future__ import annotations

import requests
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

TIMEOUT_S = (3, 20)
_UP = ("Authorization", "Content-Type", "X-Refund-Idempotency")
_DOWN = ("Content-Type", "Location", "WWW-Authenticate", "Content-Security-Policy")


@csrf_exempt
def forward(request: HttpRequest, rest: str) -> HttpResponse:
    """Hand the request to the sandbox process as it came. 404 unless this is a local shop, 502 when it does not answer."""
    if not settings.LOCAL_SANDBOX:
        raise Http404
    query = request.META.get("QUERY_STRING", "")
    try:
        answer = requests.request(
            request.method or "GET",
            f"{settings.SANDBOX_URL}/{rest}" + (f"?{query}" if query else ""),
            data=request.body,
            headers={name: request.headers[name] for name in _UP if name in request.headers},
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except requests.RequestException:
        return HttpResponse("The sandbox does not answer.", status=502, content_type="text/plain")
    response = HttpResponse(answer.content, status=answer.status_code)
    for name in _DOWN:
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    return response
