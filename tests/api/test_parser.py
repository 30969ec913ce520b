"""The strict JSON parser (F60 to F65)."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from config.api.parsers import BATCH_BODY_BYTES_MAX, BODY_BYTES_MAX, DEPTH_MAX, StrictJSONParser, loads
from tests.api import corpus
from timeline.errors import Malformed, TooLarge

VALID = {"lines": [{"sku": "TEA-1", "quantity": 2}], "note": "x"}


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"a": "line\\nfeed\\tand\\rreturn"}',
        '{"naam": "बही \U0001f4d2 नमक्‍"}'.encode(),
        b'{"a": "\\ud83d\\ude00"}',
        b'{"a": [1, -1, 0, 9007199254740991, -9007199254740991, 0.25, true, null]}',
        b'{"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{{{{\\"[["}',
        b"[" * DEPTH_MAX + b"]" * DEPTH_MAX,
    ],
)
def test_reads_what_json_says(raw: bytes) -> None:
    assert loads(raw) == json.loads(raw)


@pytest.mark.parametrize("raw", [b"", b"  ", b"\r\n\t"])
def test_an_empty_body_is_an_empty_object(raw: bytes) -> None:
    assert loads(raw) == {}


@pytest.mark.parametrize("case", corpus.ANYWHERE, ids=lambda case: f"{case[1]}-{case[0]}")
def test_f61_to_f65_refuses_wherever_it_stands(case: tuple[str, str, str]) -> None:
    for pointer in ("#/note", "#/lines/0/quantity", "#/lines"):
        with pytest.raises(Malformed):
            loads(corpus.replaced(VALID, pointer, case[2]))


def test_f61_f62_f63_refuses_bombs() -> None:
    """The scan is linear: one that is not would be seen to hang here."""
    large = BODY_BYTES_MAX
    bombs = (
        b"[" * large,
        b'{"a":' * (large // 5),
        b'"' + b'\\"' * (large // 2),
        b'{"a": "' + b"\\" * large,
        b'{"a": ' + b"9" * large + b"}",
        b'{"a": 0.' + b"9" * large + b"}",
        b'"' * large,
    )
    for bomb in bombs:
        with pytest.raises(Malformed):
            loads(bomb)


def test_f63_points_at_the_text() -> None:
    with pytest.raises(Malformed) as caught:
        loads(b'{"lines": [{"na/me": "a\\u0000"}]}')
    assert [pointer for pointer, _ in caught.value.errors] == ["#/lines/0/na~1me"]


def test_f64_a_key_that_is_normal_may_stand_in_two_objects() -> None:
    assert loads(b'{"a": {"b": 1}, "c": {"b": 1}}') == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("media_type", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ("application/merge-patch+json", True),
        ("application/json; charset=latin-1", False),
        ("application/x-www-form-urlencoded", False),
        ("application/xml", False),
        ("application/jsonp", False),
        ("text/json", False),
        ("", False),
    ],
)
def test_other_media_types_are_415(media_type: str, taken: bool) -> None:
    parser = StrictJSONParser()
    if taken:
        assert parser.parse(io.BytesIO(b'{"a": 1}'), media_type) == {"a": 1}
    else:
        with pytest.raises(UnsupportedMediaType):
            parser.parse(io.BytesIO(b"{}"), media_type)


def test_f60_a_large_body_is_413_and_is_not_read() -> None:
    class Untouched(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("The body was read.")

    request = RequestFactory().post("/storefront/checkouts", data=b"", content_type="application/json")
    request.META["CONTENT_LENGTH"] = str(BODY_BYTES_MAX + 1)
    request._stream = Untouched()
    with pytest.raises(TooLarge):
        StrictJSONParser().parse(request, "application/json", {"view": object()})


def test_f60_the_limit_is_the_view_s_own() -> None:
    raw = b'"' + b"x" * (BODY_BYTES_MAX + 1) + b'"'
    batch = SimpleNamespace(body_bytes_max=BATCH_BODY_BYTES_MAX)
    parsed = StrictJSONParser().parse(io.BytesIO(raw), "application/json", {"view": batch})
    assert len(parsed) == BODY_BYTES_MAX + 1
    with pytest.raises(TooLarge):
        StrictJSONParser().parse(io.BytesIO(raw), "application/json", {"view": object()})


def test_f14_the_raw_body_is_still_there_for_the_fingerprint() -> None:
    plain = RequestFactory().post("/x", data=b'{"a": 1}', content_type="application/json")
    request = Request(plain, parsers=[StrictJSONParser()])
    assert request.data == {"a": 1}
    assert plain.body == b'{"a": 1}'
