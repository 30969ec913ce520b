"""Refusals as RFC 9457 documents: stable types, constant words, never a 500 for what can be foreseen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core import exceptions as django_errors
from django.db import IntegrityError, OperationalError
from django.http import Http404
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api import problems
from timeline import errors
from timeline.api import wire

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

handler400 = problems.handler400
handler403 = problems.handler403
handler404 = problems.handler404
handler500 = problems.handler500


class AlreadyShipped(errors.Refused):
    """The parcel has left; ask for a return instead."""


class OutOfStock(errors.Refused):
    """Less is left than was asked for."""

    slug = "out-of-stock"
    title = "Out of stock"


class NoSuchOrder(errors.Missing):
    """A name that must not show."""


class SqlstateError(Exception):
    """The driver's own error, as the database layer chains it."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


class NoteInput(wire.Input):
    """A note."""

    note = wire.StrictText(max_length=50)


RAISED: dict[str, Exception] = {}


class EchoView(APIView):
    """Raises what the test asked for, else answers with its input."""

    authentication_classes = []
    permission_classes = []
    key_required = True
    takes_if_match = True

    def get(self, request: Request, name: str = "") -> Response:
        """Raise what is asked for."""
        raise RAISED[request.query_params.get("raise", "plain")]

    def post(self, request: Request, name: str = "") -> Response:
        """Give the note back."""
        return Response(NoteInput.parse(request.data), status=201)


urlpatterns = [
    path("storefront/orders/<str:name>", EchoView.as_view()),
    path("storefront/echo", EchoView.as_view()),
]


@pytest.fixture
def edge() -> Any:
    """Drive the views of this file; failures are answered, not raised."""
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], DEBUG=False, ALLOWED_HOSTS=["testserver"]):
        yield Client(raise_request_exception=False)


def answer(exc: Exception) -> HttpResponse:
    """Map an exception as the views do."""
    request = RequestFactory().get("/storefront/orders/ORD-1")
    response = problems.exception_handler(exc, {"request": request})
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("exc", "status", "slug"),
    [
        (errors.BadRequest(), 400, "validation"),
        (errors.Malformed(), 400, "malformed"),
        (errors.Missing(), 404, "not-found"),
        (errors.Refused(), 409, "conflict"),
        (AlreadyShipped(), 409, "already-shipped"),
        (OutOfStock(), 409, "out-of-stock"),
        (errors.TransitionRefused(), 409, "transition-not-allowed"),
        (errors.InFlight(), 409, "idempotency-in-flight"),
        (errors.Stale(), 412, "stale-version"),
        (errors.TooLarge(), 413, "too-large"),
        (errors.Invalid(), 422, "invalid"),
        (errors.KeyReused(), 422, "idempotency-key-reuse"),
        (errors.KeyRequired(), 428, "idempotency-key-required"),
        (errors.TooMany(), 429, "quota-exceeded"),
        (errors.Busy(), 503, "busy"),
        (drf.ParseError("secret"), 400, "bad-request"),
        (drf.ValidationError({"a": ["x"]}), 400, "validation"),
        (drf.NotAuthenticated(), 401, "unauthenticated"),
        (drf.AuthenticationFailed("secret"), 401, "unauthenticated"),
        (drf.PermissionDenied("secret"), 403, "forbidden"),
        (drf.NotFound("secret"), 404, "not-found"),
        (drf.MethodNotAllowed("BREW"), 405, "method-not-allowed"),
        (drf.NotAcceptable(), 406, "not-acceptable"),
        (drf.UnsupportedMediaType("secret/x"), 415, "unsupported-media-type"),
        (drf.Throttled(wait=3.2), 429, "quota-exceeded"),
        (Http404("secret"), 404, "not-found"),
        (django_errors.ObjectDoesNotExist("secret"), 404, "not-found"),
        (django_errors.PermissionDenied("secret"), 403, "forbidden"),
        (django_errors.RequestDataTooBig("secret"), 413, "too-large"),
        (django_errors.SuspiciousOperation("secret"), 400, "bad-request"),
        (django_errors.ValidationError({"a": ["x"]}), 400, "validation"),
        (IntegrityError("secret"), 409, "conflict"),
        (OperationalError("database is locked"), 503, "busy"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_refusal_has_one_status_and_one_type(exc: Exception, status: int, slug: str) -> None:
    response = answer(exc)
    document = json.loads(response.content)
    assert (response.status_code, document["type"]) == (status, f"/problems/{slug}")
    assert response["Content-Type"] == "application/problem+json"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == "/storefront/orders/ORD-1"
    assert b"secret" not in response.content


def test_a_refusal_carries_its_facts_in_camel_case() -> None:
    exc = OutOfStock("Two are left.", errors=[("#/lines/0/quantity", "2 are left.")], units_left=2)
    assert json.loads(answer(exc).content) == {
        "type": "/problems/out-of-stock",
        "title": "Out of stock",
        "status": 409,
        "detail": "Two are left.",
        "instance": "/storefront/orders/ORD-1",
        "unitsLeft": 2,
        "errors": [{"pointer": "#/lines/0/quantity", "detail": "2 are left."}],
    }


def test_the_docstring_is_the_sentence_when_none_is_given() -> None:
    assert AlreadyShipped().detail == "The parcel has left; ask for a return instead."
    assert (AlreadyShipped.slug, AlreadyShipped.title) == ("already-shipped", "Already shipped")


def test_a_transition_names_the_allowed_ones() -> None:
    exc = errors.TransitionRefused(extra={"allowed": ["cancel"]})
    assert json.loads(answer(exc).content)["allowed"] == ["cancel"]


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03"])
def test_f42_contention_is_503_with_retry_after(sqlstate: str) -> None:
    exc = OperationalError("contended")
    exc.__cause__ = SqlstateError(sqlstate)
    response = answer(exc)
    assert (response.status_code, response["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    ("exc", "seconds"),
    [(errors.InFlight(), "2"), (errors.Busy(retry_after=7), "7"), (drf.Throttled(wait=3.2), "4")],
)
def test_retry_after_is_in_whole_seconds(exc: Exception, seconds: str) -> None:
    assert answer(exc)["Retry-After"] == seconds


def test_f12_a_replay_is_the_first_answer_byte_for_byte() -> None:
    stored = errors.Replayed(status=201, body=b'{"a":  1}', headers={"ETag": '"3"', "Set-Cookie": "a=b"})
    response = answer(stored)
    assert (response.status_code, response.content) == (201, b'{"a":  1}')
    assert response["Idempotent-Replayed"] == "true"
    assert response["ETag"] == '"3"'
    assert response["Content-Type"] == "application/json"
    assert "Set-Cookie" not in response


def test_an_unforeseen_failure_is_left_to_the_server() -> None:
    assert problems.exception_handler(ZeroDivisionError(), {"request": RequestFactory().get("/")}) is None


def test_f73_absent_and_foreign_are_the_same_bytes(edge: Client) -> None:
    RAISED.update(absent=Http404("ORD-2"), foreign=NoSuchOrder("Asha's order", owner="asha"), drf=drf.NotFound("no"))
    bodies = {edge.get("/storefront/orders/ORD-2", {"raise": name}).content for name in ("absent", "foreign", "drf")}
    assert len(bodies) == 1
    document = json.loads(bodies.pop())
    assert document.pop("instance") == "/storefront/orders/ORD-2"
    assert "ORD-2" not in json.dumps(document)


def test_f73_an_unknown_address_is_the_same_404(edge: Client) -> None:
    response = edge.get("/storefront/no/such/thing")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["detail"] == errors.Missing.sentence


def test_a_failure_is_500_without_a_word_about_its_inside(edge: Client) -> None:
    RAISED["failure"] = ZeroDivisionError("inside")
    response = edge.get("/storefront/echo", {"raise": "failure"})
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert b"inside" not in response.content


def test_a_wrong_host_is_400_in_json(edge: Client) -> None:
    RAISED["plain"] = django_errors.DisallowedHost("evil")
    response = edge.get("/storefront/echo")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_other_methods_and_media_are_refused_with_their_headers(edge: Client) -> None:
    refused = edge.delete("/storefront/echo")
    assert refused.status_code == 405
    assert "POST" in refused["Allow"]
    assert edge.post("/storefront/echo", {"note": "x"}).status_code == 415
    assert edge.post("/storefront/echo", b"<a/>", content_type="text/xml").status_code == 415
    html = edge.post("/storefront/echo", b"{}", content_type="application/json", headers={"Accept": "text/html"})
    assert (html.status_code, html["Content-Type"]) == (406, "application/problem+json")


def test_f60_a_large_body_is_413_in_json(edge: Client) -> None:
    body = json.dumps({"note": "x" * 300_000})
    response = edge.post("/storefront/echo", body, content_type="application/json")
    assert (response.status_code, response.json()["type"]) == (413, "/problems/too-large")
    huge = edge.post("/storefront/echo", "x" * 3_000_000, content_type="application/json")
    assert huge.status_code == 413


def test_a_body_is_read_and_answered(edge: Client) -> None:
    good = edge.post("/storefront/echo", {"note": " नमस्ते "}, content_type="application/json")
    assert (good.status_code, good.json()) == (201, {"note": "नमस्ते"})
    assert good["Content-Type"] == "application/json"
    bad = edge.post("/storefront/echo", {"note": 1, "status": "paid"}, content_type="application/json")
    assert bad.status_code == 400
    assert {error["pointer"] for error in bad.json()["errors"]} == {"#/note", "#/status"}


def test_f72_the_address_is_escaped_in_the_document(edge: Client) -> None:
    RAISED["absent"] = Http404()
    response = edge.get("/storefront/orders/a%0d%0aX: y%00?raise=absent")
    assert response.json()["instance"] == "/storefront/orders/a%0D%0AX:%20y%00"


def test_the_schema_says_the_problems_and_the_headers() -> None:
    generator: Any = SchemaGenerator(patterns=urlpatterns)  # type: ignore[no-untyped-call]
    schema = generator.get_schema(request=None, public=True)
    post = schema["paths"]["/storefront/echo"]["post"]
    assert {"400", "401", "403", "404", "409", "412", "422", "428", "429"} <= set(post["responses"])
    assert list(post["responses"]["409"]["content"]) == ["application/problem+json"]
    headers = {item["name"]: item.get("required", False) for item in post["parameters"] if item["in"] == "header"}
    assert headers == {"Idempotency-Key": True, "If-Match": False}
    assert "_" not in post["operationId"]
    assert "409" not in schema["paths"]["/storefront/echo"]["get"]["responses"]
