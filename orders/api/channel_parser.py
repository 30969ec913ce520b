"""Bodies of channels as they send them: numbers of any length, exact, and none of our own field names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from rest_framework.parsers import BaseParser

from orders.channels import reading
from timeline.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel's body says."""

    said: Any


class ChannelParser(BaseParser):
    """Reads `application/json` whose numbers stay what was written."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Told:  # type: ignore[override]
        """Read the body. Raises Malformed (400) and TooLarge (413)."""
        del media_type, parser_context
        try:
            raw = stream.read(reading.BODY_BYTES_MAX + 1)
        except OSError as error:
            raise Malformed("The body ended before it was complete.") from error
        if len(raw) > reading.BODY_BYTES_MAX:
            raise TooLarge(bytes_max=reading.BODY_BYTES_MAX)
        try:
            return Told(reading.loads(raw))
        except reading.Unreadable as error:
            raise Malformed(str(error)) from error
