"""The words in which the shop refuses.

Bases of the domain errors. An app subclasses one of them where the refusal is decided; the edge turns it
into an RFC 9457 problem document (``config.api.problems``), and nothing else knows HTTP.

    class AlreadyShipped(Refused):
        "The parcel has left; ask for a return instead."

    raise AlreadyShipped(shipped_at=order.shipped_at.isoformat())

A subclass that names neither ``slug`` nor ``title`` gets them from its own name (``already-shipped``, "Already
shipped"), and its docstring is the detail when the raiser gives none.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class DomainError(Exception):
    """A refusal a caller can act on: what it is, where it is, and what may be done instead.

    ``errors`` are pairs of a JSON pointer into the request and a sentence; ``facts`` and ``extra`` are added to
    the document (names in snake_case, values JSON); ``retry_after`` is in seconds.
    """

    slug: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"
    sentence: ClassVar[str] = ""
    retry_after: int | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Derive the slug, the title and the default sentence that the subclass does not spell out."""
        super().__init_subclass__(**kwargs)
        words = _WORD_START.sub(" ", cls.__name__)
        if "slug" not in cls.__dict__:
            cls.slug = words.lower().replace(" ", "-")
        if "title" not in cls.__dict__:
            cls.title = words.capitalize()
        if "sentence" not in cls.__dict__:
            cls.sentence = inspect.cleandoc(cls.__doc__ or cls.title).split("\n\n")[0].replace("\n", " ")

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Iterable[tuple[str, str]] = (),
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
        **facts: Any,
    ) -> None:
        """Keep what the problem document will say."""
        self.detail = detail or self.sentence
        self.errors: list[tuple[str, str]] = list(errors)
        self.extra: dict[str, Any] = {**(extra or {}), **facts}
        if retry_after is not None:
            self.retry_after = retry_after
        super().__init__(self.detail)


class BadRequest(DomainError):
    """The request is not well formed; the errors name each place."""

    slug = "validation"
    title = "The request is not valid"


class Malformed(BadRequest):
    """The body is not acceptable JSON."""

    slug = "malformed"
    title = "The body cannot be read"


class TooLarge(DomainError):
    """The body is larger than this address takes; send less at a time."""

    slug = "too-large"
    title = "The body is too large"


class Forbidden(DomainError):
    """You are known, and this is not among the things you may do."""

    slug = "forbidden"
    title = "Not allowed"


class Missing(DomainError):
    """There is nothing here under this name, or it is not yours to see."""

    slug = "not-found"
    title = "Not found"


class Gone(DomainError):
    """It was here, and it is not any more."""

    slug = "gone"
    title = "Gone"


class Refused(DomainError):
    """What is asked does not fit the present state."""

    slug = "conflict"
    title = "Not possible in the present state"


class TransitionRefused(Refused):
    """The step is not allowed from the present state; ``allowed`` names the ones that are."""

    slug = "transition-not-allowed"
    title = "This step is not allowed now"


class InFlight(Refused):
    """The first request with this Idempotency-Key is still being worked on; ask again shortly."""

    slug = "idempotency-in-flight"
    title = "The same request is in flight"
    retry_after = 2


class Stale(DomainError):
    """Somebody changed this since you read it; read it again, then decide."""

    slug = "stale-version"
    title = "The version is stale"


class Invalid(DomainError):
    """The request is understood and cannot be granted as it is."""

    slug = "invalid"
    title = "Understood, and refused"


class KeyReused(Invalid):
    """The Idempotency-Key was used for another request; take a new key for a new request."""

    slug = "idempotency-key-reuse"
    title = "The Idempotency-Key was used before"


class KeyRequired(DomainError):
    """The call needs an Idempotency-Key header (8 to 255 characters), so that a repeat cannot act twice."""

    slug = "idempotency-key-required"
    title = "An Idempotency-Key is required"


class TooMany(DomainError):
    """Too many requests of this kind; wait as long as Retry-After says."""

    slug = "quota-exceeded"
    title = "Too many requests"
    retry_after = 60


class Busy(DomainError):
    """The shop is busy with this very thing; the same request may be sent again."""

    slug = "busy"
    title = "Busy, try again"
    retry_after = 1


class Replayed(Exception):
    """The answer that the first request with this key got, to be sent again byte for byte."""

    def __init__(self, *, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Carry the stored answer."""
        super().__init__(f"replayed {status}")
        self.status = status
        self.body = body
        self.headers: dict[str, str] = dict(headers or {})
