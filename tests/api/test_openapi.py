"""The OpenAPI document: valid, complete, with examples that run (DESIGN 9)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.urls import get_resolver
from drf_spectacular import validation
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from orders.api import inputs, return_inputs
from orders.api.examples import BODIES
from timeline.api.wire import Input

OPEN = ("/storefront/anonymous-tokens", "/storefront/availability", "/storefront/products")
COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, item) for path, verbs in document["paths"].items() for verb, item in verbs.items()]


def test_the_document_is_openapi_3_1_and_valid(document: dict[str, Any]) -> None:
    """By the schema drf-spectacular validates with, which takes its own validator a hundred times as long."""
    assert document["openapi"].startswith("3.1")
    schema = json.loads((Path(validation.__file__).parent / "openapi_3_1_schema.json").read_text())
    jsonschema_rs.validator_for(schema).validate(json.loads(OpenApiJsonRenderer().render(document)))


def test_the_committed_document_is_the_one_that_is_served(document: dict[str, Any]) -> None:
    """When this fails: `python manage.py spectacular --file docs/openapi.yaml`, and read the difference."""
    served = OpenApiYamlRenderer().render(document, renderer_context={})  # type: ignore[no-untyped-call]
    assert served.decode() == COMMITTED.read_text()


def test_every_address_is_in_it(document: dict[str, Any]) -> None:
    routes = {"/" + str(pattern.pattern) for pattern in get_resolver("orders.api.urls").url_patterns}
    assert routes - {path.replace("{", "<str:").replace("}", ">") for path in document["paths"]} == set()


def test_every_operation_is_named_once_and_says_what_it_does(document: dict[str, Any]) -> None:
    names = [item["operationId"] for _, _, item in operations(document)]
    assert len(names) == len(set(names))
    assert [item["operationId"] for _, _, item in operations(document) if not item.get("description")] == []


def test_every_operation_says_its_success_and_its_problems(document: dict[str, Any]) -> None:
    for path, verb, item in operations(document):
        codes = set(item["responses"])
        assert codes & {"200", "201", "202", "204"}, (path, verb)
        assert "404" in codes, (path, verb)


def test_every_write_with_a_body_has_an_example(document: dict[str, Any]) -> None:
    bare = [
        item["operationId"]
        for path, _, item in operations(document)
        if not path.startswith("/admin/inventory") and _is_bare(item)
    ]
    assert bare == []


def _is_bare(item: dict[str, Any]) -> bool:
    """Without an example; a picture is its own."""
    sent = item.get("requestBody", {}).get("content", {})
    return bool(sent) and not any(media.startswith("image/") for media in sent) and "examples" not in sent["application/json"]


def test_only_those_who_may_call_are_named(document: dict[str, Any]) -> None:
    for path, _, item in operations(document):
        named = {name for way in item.get("security", ()) for name in way}
        if path.startswith("/admin"):
            assert named == {"apiKey", "staffCookie"}
        elif path.startswith("/storefront") and path not in OPEN:
            assert named == {"customer", "shopCookie"}


def test_an_idempotency_key_is_required_where_it_is(document: dict[str, Any]) -> None:
    required = {
        path
        for path, _, item in operations(document)
        for parameter in item.get("parameters", ())
        if parameter["name"] == "Idempotency-Key" and parameter.get("required")
    }
    assert required == {
        "/storefront/checkouts/{checkout_id}/complete",
        "/storefront/orders/{order_id}/refund",
        "/admin/orders/{order_id}/refund",
        "/admin/orders/{order_id}/cancel-units",
        "/admin/fulfilments/{fulfilment_id}/refund",
        "/admin/orders/batch/status",
        "/admin/shipments/batch",
        "/admin/returns/{return_id}/refund",
        "/admin/returns/{return_id}/exchange",
    }


@pytest.mark.parametrize("name", BODIES)
def test_examples_are_accepted(name: str) -> None:
    assert getattr(inputs, name).parse(BODIES[name]) is not None


@pytest.mark.parametrize("name", return_inputs.BODIES)
def test_examples_of_returns_are_accepted(name: str) -> None:
    assert getattr(return_inputs, name).parse(return_inputs.BODIES[name]) is not None


def test_every_input_has_an_example() -> None:
    named = {
        name for name, kind in vars(inputs).items()
        if isinstance(kind, type) and issubclass(kind, Input) and kind.__module__ == inputs.__name__
    }
    assert named - {"AddressInput", "UnitsInput"} == set(BODIES)


def test_nothing_in_the_document_is_ambiguous() -> None:
    """Two shapes of one name, or a set of words without one, would change the client's code with the next page."""
    reset_generator_stats()
    SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache] == []
