"""JSON pointers into a request (RFC 6901, in the fragment form of RFC 9457): ``#/lines/0/quantity``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

ERRORS_MAX = 50
TOKEN_CHARACTERS_MAX = 64
# What a frame calls "the thing itself".
WHOLE = "non_field_errors"


def step(pointer: str, token: object) -> str:
    """Go one level down; the token is escaped and cut, for it may be a stranger's text."""
    text = str(token)[:TOKEN_CHARACTERS_MAX].replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{quote(text, safe='~', errors='replace')}"


def pointers(detail: Any, pointer: str = "#") -> list[tuple[str, str]]:
    """Flatten a validation detail (nested mappings and lists) to pairs of pointer and sentence, at most 50."""
    pairs: list[tuple[str, str]] = []
    for pair in _walk(detail, pointer):
        pairs.append(pair)
        if len(pairs) == ERRORS_MAX:
            break
    return pairs


def _walk(detail: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _walk(inner, pointer if key == WHOLE else step(pointer, key))
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            # A list of mappings is a list of rows; a list of sentences is about this very place.
            here = f"{pointer}/{index}" if isinstance(inner, Mapping) else pointer
            yield from _walk(inner, here)
    else:
        yield pointer, str(detail)
