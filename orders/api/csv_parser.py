"""Files as they are: `text/csv` is taken from the wire piece by piece, into a file of its own."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from orders.bulk import asking
from timeline.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

MEMORY_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """A body that was copied aside, and its SHA-256."""

    content: IO[bytes]
    digest: str


class CsvParser(BaseParser):
    """Reads `text/csv` in UTF-8; what is in it is another's business."""

    media_type = "text/csv"

    def parse(  # type: ignore[override]
        self, stream: IO[Any] | HttpRequest, media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Sent:
        """Copy the body. Raises TooLarge, UnsupportedMediaType for another character set, Malformed for half a body."""
        del parser_context
        _, _, charset = (media_type or "").lower().partition("charset=")
        if charset.strip(' "') not in {"", "utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type or "")
        content = tempfile.SpooledTemporaryFile(MEMORY_BYTES_MAX)  # noqa: SIM115 it is closed with the request's last reference
        try:
            digest = asking.copy(iter(partial(stream.read, asking.PIECE_BYTES), b""), content)
        except (TooLarge, OSError) as error:
            content.close()
            if isinstance(error, TooLarge):
                raise
            raise Malformed("The body ended before it was complete.") from error
        return Sent(content, digest)


def of_text(text: str) -> Sent:
    """A file that came as text in JSON."""
    content = tempfile.SpooledTemporaryFile(MEMORY_BYTES_MAX)  # noqa: SIM115 as above
    return Sent(content, asking.copy([text.encode()], content))
