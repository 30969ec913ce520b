"""A refusal as an RFC 9457 problem: its status and its document, for a whole answer and for one row of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from timeline import errors
from timeline.api.wire import camel

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS: Final[dict[type[errors.DomainError], int]] = {
    errors.DomainError: 400,
    errors.BadRequest: 400,
    errors.Forbidden: 403,
    errors.Missing: 404,
    errors.Refused: 409,
    errors.Gone: 410,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.KeyRequired: 428,
    errors.TooMany: 429,
    errors.Busy: 503,
}


def status_of(error: errors.DomainError) -> int:
    """The HTTP status of a refusal."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def words_of(error: errors.DomainError) -> dict[str, Any]:
    """What the refusal says: slug, title, detail, its facts, its errors. What is missing says nothing of itself (F73)."""
    if isinstance(error, errors.Missing):
        return {"slug": errors.Missing.slug, "title": errors.Missing.title, "detail": errors.Missing.sentence}
    words: dict[str, Any] = {camel(name): value for name, value in error.extra.items()}
    words |= {"slug": error.slug, "title": error.title, "detail": error.detail}
    if error.errors:
        words["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in error.errors]
    return words


def document(words: Mapping[str, Any], *, status: int, instance: str) -> dict[str, Any]:
    """The problem document of these words."""
    extra = {key: value for key, value in words.items() if key not in {"slug", "title", "detail"}}
    return {
        "type": f"/problems/{words['slug']}",
        "title": words["title"],
        "status": status,
        "detail": words["detail"],
        "instance": instance,
        **extra,
    }
