"""What comes in and what goes out, apart from sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from payments.sandbox.problems import Problem

BODY_BYTES_MAX = 1024 * 1024
TEXT_CHARS_MAX = 256


@dataclass(slots=True)
class Request:
    """One request; header names are lower case. ``delay_s`` is a scripted wait inside a keyed refund."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_s: float = 0.0

    def argument(self, name: str) -> str | None:
        """The last value of a query argument, or None."""
        values = _pairs(self.query).get(name)
        return values[-1] if values else None

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        """A whole number from the query within its bounds; a Problem naming the field otherwise."""
        text = self.argument(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)) or not least <= int(text) <= most:
            raise Problem(f"The {name} must be an integer between {least} and {most}.", field=name)
        return int(text)

    def document(self) -> dict[str, Any]:
        """The JSON object of the body (an empty body is an empty object); a Problem for anything else."""
        if not self.body.strip():
            return {}
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Problem("The request body is not valid JSON.", reason="NA") from error
        if not isinstance(found, dict):
            raise Problem("The request body must be a JSON object.", reason="NA")
        return found

    def form(self) -> dict[str, str]:
        """The last value of each field of a posted form."""
        return {name: values[-1] for name, values in _pairs(self.body.decode("utf-8", "replace")).items()}

    @property
    def is_form(self) -> bool:
        """Whether a browser's form sent it."""
        return self.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``cut_after`` sends only so many bytes of it and closes; None sends all."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    cut_after: int | None = None


def compact(document: Any) -> bytes:
    """The bytes of a document as they are sent and signed: no spaces, ASCII only."""
    return json.dumps(document, separators=(",", ":")).encode()


def reply(document: Any, status: int = HTTPStatus.OK) -> Reply:
    """A document as a JSON answer."""
    return Reply(int(status), compact(document))


def text(document: dict[str, Any], name: str, *, longest: int = TEXT_CHARS_MAX) -> str | None:
    """A text of at most ``longest`` characters, or None where it is absent; a Problem naming the field otherwise."""
    found = document.get(name)
    if found is None:
        return None
    if not isinstance(found, str) or not _storable(found):
        raise Problem(f"The {name} must be a string.", field=name)
    if len(found) > longest:
        raise Problem(f"The {name} may not be greater than {longest} characters.", field=name)
    return found


def _storable(found: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in found)


def _pairs(encoded: str) -> dict[str, list[str]]:
    try:
        return parse_qs(encoded, keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise Problem("The request has too many fields.", reason="NA") from error
