"""The JSON parser of the edge: everything that a database or a clerk could trip over is refused here, with 400.

Refuses: bodies too large (F60), too deep (F61), NaN, Infinity, 1e400 and integers beyond 2**53-1 (F62), NUL, lone
surrogates and control characters in values and keys (F63), a key twice in one object (F64), and what is not UTF-8.
"""

from __future__ import annotations

import json
import math
import re
from typing import IO, TYPE_CHECKING, Any, NoReturn

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException, UnreadablePostError
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from timeline.api.pointers import step
from timeline.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

BODY_BYTES_MAX = 256 * 1024
BATCH_BODY_BYTES_MAX = 2 * 1024 * 1024
DEPTH_MAX = 32
INTEGER_MAX = 2**53 - 1
NUMBER_CHARACTERS_MAX = 32
KEY_CHARACTERS_MAX = 256

# Strings are taken out whole, so that brackets inside them do not count. Possessive, and the closing quote is
# optional: the scan is linear, also on a string that never ends.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# Raw controls are no JSON; what is left comes by an escape or is DEL. Without one of these no text need be walked.
_MAY_HOLD_CONTROLS = re.compile(r"\\[ubf]|\x7f")
_CONTROLS_IN_KEYS = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_JSON_TYPE = re.compile(r"application/(?:[a-z0-9.-]+\+)?json")


class StrictJSONParser(BaseParser):
    """Reads ``application/json`` and ``application/*+json``; a view raises its limit with ``body_bytes_max``."""

    # Wider than JSON so that `+json` types arrive here; `parse` refuses the others with 415.
    media_type = "application/*"

    def parse(
        self,
        stream: IO[Any] | HttpRequest,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read the body. Raises ``Malformed`` (400), ``TooLarge`` (413) or ``UnsupportedMediaType`` (415)."""
        _refuse_other_media(media_type or "")
        view = (parser_context or {}).get("view")
        bytes_max = int(getattr(view, "body_bytes_max", BODY_BYTES_MAX))
        return loads(_raw(stream, bytes_max))


def loads(raw: bytes) -> Any:
    """Decode strict JSON from bytes; an empty body is an empty object. Raises ``Malformed``."""
    if not raw.strip(b" \t\r\n"):
        return {}
    _refuse_deep(raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Malformed("The body is not valid UTF-8.") from exc
    try:
        value = json.loads(
            text,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as exc:
        message = f"The body is not valid JSON: line {exc.lineno}, column {exc.colno}."
        raise Malformed(message) from exc
    if _MAY_HOLD_CONTROLS.search(text):
        _refuse_controls(value, "#")
    return value


def _refuse_other_media(media_type: str) -> None:
    kind, _, parameters = media_type.partition(";")
    if not _JSON_TYPE.fullmatch(kind.strip().lower()):
        raise UnsupportedMediaType(media_type)
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type)


def _raw(stream: IO[Any] | HttpRequest, bytes_max: int) -> bytes:
    """Read at most the limit. The request keeps its body, because the idempotency fingerprint needs it again."""
    if not isinstance(stream, HttpRequest):
        raw: bytes = stream.read(bytes_max + 1)
        if len(raw) > bytes_max:
            raise TooLarge(bytes_max=bytes_max)
        return raw
    if int(stream.META.get("CONTENT_LENGTH") or 0) > bytes_max:
        raise TooLarge(bytes_max=bytes_max)
    try:
        raw = stream.body
    except (UnreadablePostError, RawPostDataException, MultiPartParserError) as exc:
        raise Malformed("The body ended before it was complete.") from exc
    if len(raw) > bytes_max:
        raise TooLarge(bytes_max=bytes_max)
    return raw


def _refuse_deep(raw: bytes) -> None:
    depth = 0
    for bracket in _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            message = f"The body is nested deeper than {DEPTH_MAX} levels."
            raise Malformed(message)


def _integer(text: str) -> int:
    # Length first: int() of a million digits is slow, and these arrive before any field is looked at.
    if len(text) > NUMBER_CHARACTERS_MAX or abs(value := int(text)) > INTEGER_MAX:
        raise Malformed("A number is outside -(2^53-1) to 2^53-1.")
    return value


def _number(text: str) -> float:
    if len(text) > NUMBER_CHARACTERS_MAX:
        message = f"A number is written with more than {NUMBER_CHARACTERS_MAX} characters."
        raise Malformed(message)
    value = float(text)
    if not math.isfinite(value) or abs(value) > INTEGER_MAX:
        raise Malformed("A number is outside -(2^53-1) to 2^53-1.")
    return value


def _constant(_name: str) -> NoReturn:
    raise Malformed("NaN and Infinity are not JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Malformed("An object names the same key twice.")
    for key in value:
        if len(key) > KEY_CHARACTERS_MAX or _CONTROLS_IN_KEYS.search(key):
            raise Malformed("A key is too long or holds a control character.")
    return value


def _refuse_controls(value: Any, pointer: str) -> None:
    if isinstance(value, str):
        if _CONTROLS.search(value):
            detail = "Holds a control character or half of a surrogate pair."
            raise Malformed("A text holds a character that is not allowed.", errors=[(pointer, detail)])
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_controls(inner, step(pointer, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_controls(inner, f"{pointer}/{index}")
