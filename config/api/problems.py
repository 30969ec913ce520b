"""The one place where a refusal becomes HTTP: RFC 9457 problem documents with stable ``/problems/<slug>`` types."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, Final

from django.core import exceptions as django_errors
from django.db import utils as database_errors
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.encoding import escape_uri_path
from django.views import csrf, defaults
from rest_framework import exceptions as drf

from config.api.renderers import PROBLEM_TYPE, encode
from timeline import errors
from timeline.api import problems
from timeline.api.pointers import pointers

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

API_PREFIXES: Final = ("/storefront", "/admin", "/webhooks", "/api")
DATABASE_RETRY_AFTER_SECONDS: Final = 1
# Deadlock, serialization failure, lock timeout: the same request may well succeed at once.
CONTENDED_SQLSTATES: Final = frozenset({"40001", "40P01", "55P03"})

# The framework's own refusals, by status: slug, title, detail. They are constant, so that an answer says nothing of
# what was asked for (F73), and no stranger's text comes back in it.
_STANDING: Final[dict[int, tuple[str, str, str]]] = {
    400: ("bad-request", "The request cannot be understood", "The request is not well formed."),
    401: (
        "unauthenticated",
        "Who is asking?",
        "Send a valid bearer token in the Authorization header, or sign in.",
    ),
    403: ("forbidden", "Not allowed", "You are known, and this is not among the things you may do."),
    404: (errors.Missing.slug, errors.Missing.title, errors.Missing.sentence),
    405: ("method-not-allowed", "Method not allowed", "The Allow header names the methods of this address."),
    406: ("not-acceptable", "Not acceptable", "This address answers in application/json."),
    409: (errors.Refused.slug, errors.Refused.title, "It collides with something that exists; read, then decide."),
    413: (errors.TooLarge.slug, errors.TooLarge.title, errors.TooLarge.sentence),
    415: ("unsupported-media-type", "Unsupported media type", "Send application/json in UTF-8."),
    429: (errors.TooMany.slug, errors.TooMany.title, errors.TooMany.sentence),
    500: ("internal", "Our mistake", "Nothing was changed by this call. The failure is recorded under its request id."),
    503: (errors.Busy.slug, errors.Busy.title, errors.Busy.sentence),
}
# In this order: the first that fits answers.
_DJANGO: Final[dict[type[Exception], int]] = {
    Http404: 404,
    django_errors.ObjectDoesNotExist: 404,
    django_errors.PermissionDenied: 403,
    django_errors.RequestDataTooBig: 413,
    django_errors.SuspiciousOperation: 400,
    UnreadablePostError: 400,
}
_REPLAYED_HEADERS: Final = frozenset({"content-type", "etag", "location"})


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Answer for a view of the API; None leaves an unforeseen failure to the server's error handling."""
    request = context.get("request")
    plain = getattr(request, "_request", request)
    return response_for(exc, plain) if isinstance(plain, HttpRequest) else None


def response_for(exc: Exception, request: HttpRequest) -> HttpResponse | None:
    """Turn an exception into its answer; also for middleware and plain Django views. None when it is unforeseen."""
    if isinstance(exc, errors.Replayed):
        return _replay(exc)
    if isinstance(exc, errors.DomainError):
        return _domain(exc, request)
    if isinstance(exc, drf.APIException):
        return _framework(exc, request)
    if isinstance(exc, database_errors.Error):
        return _database(exc, request)
    return _django(exc, request)


def problem(request: HttpRequest, status: int, document: Mapping[str, Any]) -> HttpResponse:
    """Render a problem document. ``document`` holds slug, title, detail and whatever else belongs in it."""
    body = encode(problems.document(document, status=status, instance=escape_uri_path(request.path)))
    response = HttpResponse(body, status=status, content_type=PROBLEM_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def standing(request: HttpRequest, status: int, *, retry_after: float | None = None) -> HttpResponse:
    """Answer with the constant document of a status."""
    slug, title, detail = _STANDING.get(status, _STANDING[400])
    response = problem(request, status, {"slug": slug, "title": title, "detail": detail})
    if retry_after is not None:
        response["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return response


def _replay(exc: errors.Replayed) -> HttpResponse:
    response = HttpResponse(exc.body, status=exc.status, content_type="application/json")
    for name, value in exc.headers.items():
        if name.lower() in _REPLAYED_HEADERS:
            response[name] = value
    response["Idempotent-Replayed"] = "true"
    return response


def _domain(exc: errors.DomainError, request: HttpRequest) -> HttpResponse:
    status = problems.status_of(exc)
    if isinstance(exc, errors.Missing):
        return standing(request, status)
    response = problem(request, status, problems.words_of(exc))
    if exc.retry_after is not None:
        response["Retry-After"] = str(exc.retry_after)
    return response


def _framework(exc: drf.APIException, request: HttpRequest) -> HttpResponse:
    if isinstance(exc, drf.ValidationError):
        return _domain(errors.BadRequest(errors=pointers(exc.detail)), request)
    wait = getattr(exc, "wait", None)
    response = standing(request, exc.status_code, retry_after=wait)
    if auth_header := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = auth_header
    if isinstance(exc, drf.Throttled):
        for name, value in getattr(request, "rate_limit_headers", {}).items():
            response[name] = value
    return response


def _django(exc: Exception, request: HttpRequest) -> HttpResponse | None:
    if isinstance(exc, django_errors.ValidationError):
        detail = exc.message_dict if hasattr(exc, "error_dict") else exc.messages
        return _domain(errors.BadRequest(errors=pointers(detail)), request)
    for kind, status in _DJANGO.items():
        if isinstance(exc, kind):
            return standing(request, status)
    return None


def _database(exc: database_errors.Error, request: HttpRequest) -> HttpResponse | None:
    """Contention and outage are 503 to be tried again; a constraint that said no is a 409 and worth a look."""
    if isinstance(exc, database_errors.OperationalError | database_errors.InterfaceError):
        sqlstate = getattr(exc.__cause__, "sqlstate", None)
        if sqlstate not in CONTENDED_SQLSTATES and "locked" not in str(exc):
            logger.error("database_unavailable", exc_info=exc)
        return standing(request, 503, retry_after=DATABASE_RETRY_AFTER_SECONDS)
    if isinstance(exc, database_errors.IntegrityError):
        logger.error("constraint_refused", exc_info=exc)
        return standing(request, 409)
    if isinstance(exc, database_errors.DataError):
        logger.error("value_refused_by_database", exc_info=exc)
        return standing(request, 400)
    return None


def is_api(request: HttpRequest) -> bool:
    """Tell whether this path is answered in JSON, also when it fails."""
    return any(request.path == prefix or request.path.startswith(f"{prefix}/") for prefix in API_PREFIXES)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a suspicious request; named as such in the root URL configuration."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    return response_for(exception, request) or standing(request, 400)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a refused request outside the API's views."""
    return standing(request, 403) if is_api(request) else defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist, in the very bytes of an absent resource."""
    return standing(request, 404) if is_api(request) else defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer an unforeseen failure without a word about its inside."""
    return standing(request, 500) if is_api(request) else defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request without its CSRF token; the setting ``CSRF_FAILURE_VIEW``."""
    return standing(request, 403) if is_api(request) else csrf.csrf_failure(request, reason=reason)
