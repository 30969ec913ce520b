"""Pictures of returns, taken in as they are."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from rest_framework.parsers import BaseParser

from orders.models.returns import PHOTO_BYTES_MAX
from timeline.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping


class PictureParser(BaseParser):
    """Reads the bytes of `image/*`; what they are is looked at afterwards."""

    media_type = "image/*"

    def parse(
        self, stream: IO[Any] | HttpRequest, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Read at most the limit. Raises TooLarge (413), Malformed (400)."""
        del media_type, parser_context
        if not isinstance(stream, HttpRequest):
            data: bytes = stream.read(PHOTO_BYTES_MAX + 1)
        elif int(stream.META.get("CONTENT_LENGTH") or 0) > PHOTO_BYTES_MAX:
            raise TooLarge(bytes_max=PHOTO_BYTES_MAX)
        else:
            try:
                data = stream.body  # kept by the request, because the idempotency fingerprint needs it again
            except (UnreadablePostError, RawPostDataException) as error:
                raise Malformed("The body ended before it was complete.") from error
        if len(data) > PHOTO_BYTES_MAX:
            raise TooLarge(bytes_max=PHOTO_BYTES_MAX)
        return data
