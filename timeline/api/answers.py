"""Answers of writes: rendered once inside the operation, kept for a repeat, and sent in the very same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.http import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from timeline.operations import Operation

JSON_TYPE = "application/json"


def encode(data: Any) -> bytes:
    """Render JSON: times in UTC with ``Z``, ids as UUID text."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z)


def answered(op: Operation, status: int, data: Any, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Render, keep for the twin, answer. Called last inside the operation; ``headers`` such as ETag are kept too."""
    body = encode(data)
    op.answer(status, body, dict(headers or {}))
    return HttpResponse(body, status=status, content_type=JSON_TYPE, headers=dict(headers or {}))


def nothing(op: Operation) -> HttpResponse:
    """204, kept for the twin."""
    op.answer(204, b"")
    return HttpResponse(status=204)


def etag(version: int) -> dict[str, str]:
    """The ETag header of a version."""
    return {"ETag": f'"{version}"'}
