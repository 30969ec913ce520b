"""JSON out, by orjson; an error rendered here says so in its content type."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

if TYPE_CHECKING:
    from rest_framework.response import Response

PROBLEM_TYPE = "application/problem+json"
ERROR_STATUS_MIN = 400

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def encode(data: Any) -> bytes:
    """Render JSON: times in UTC with ``Z``, lazy texts resolved, decimals as numbers. May raise ``TypeError``."""
    return orjson.dumps(data, default=_plain, option=_OPTIONS)


class OrjsonRenderer(BaseRenderer):
    """Renders ``application/json``; nothing at all for an answer without content."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002 the frame passes it
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Give the bytes of the answer."""
        if data is None:
            return b""
        response: Response | None = (renderer_context or {}).get("response")
        if response is not None and response.status_code >= ERROR_STATUS_MIN:
            response["Content-Type"] = PROBLEM_TYPE
        return encode(data)


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(type(value).__name__)
