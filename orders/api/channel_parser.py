"""Bodies of channels as they send them, byte for byte: what they mean is read by `orders.channels`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from rest_framework.parsers import BaseParser

from orders.channels.reading import BODY_BYTES_MAX
from timeline.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Told:
    """The body as it came."""

    raw: bytes = b""


class ChannelParser(BaseParser):
    """Keeps `application/json` whole, so that no number in it loses a digit."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Told:  # type: ignore[override]
        """Read the body. Raises Malformed (400) and TooLarge (413)."""
        del media_type, parser_context
        try:
            raw = stream.read(BODY_BYTES_MAX + 1)
        except OSError as error:
            raise Malformed("The body ended before it was complete.") from error
        if len(raw) > BODY_BYTES_MAX:
            raise TooLarge(bytes_max=BODY_BYTES_MAX)
        return Told(raw)


class X12Parser(ChannelParser):
    """Keeps an X12 interchange."""

    media_type = "application/edi-x12"


class EdifactParser(ChannelParser):
    """Keeps an EDIFACT interchange."""

    media_type = "application/edifact"


class TableParser(ChannelParser):
    """Keeps a file of rows, or an interchange sent as plain text."""

    media_type = "text/*"
