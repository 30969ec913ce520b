"""What a file is by its bytes: JPEG, PNG or WebP, or nothing we show again. Pure; a name or a header proves nothing."""

from __future__ import annotations

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
_PNG = b"\x89PNG\r\n\x1a\n"
_SEGMENT_BYTES_MIN = 2
_START_OF_SCAN = 0xDA
_END = b"\xff\xd9"
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STEPS_MAX = 1000


def media_of(data: bytes) -> str | None:
    """The media type of a whole picture; None for anything else, also for one that is cut off or has no size."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG if _is_jpeg(data) else None
    if data.startswith(_PNG):
        return PNG if _is_png(data) else None
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP if _is_webp(data) else None
    return None


def _is_jpeg(data: bytes) -> bool:
    """Segments one after the other, a frame with a size before the scan, and an end."""
    at, has_frame = 2, False
    for _ in range(_STEPS_MAX):
        if at + 4 > len(data) or data[at] != 0xFF:  # noqa: PLR2004 each segment begins with FF
            return False
        kind = data[at + 1]
        if kind == 0xFF or kind in _BARE:  # noqa: PLR2004 fill bytes, and segments without a length
            at += 1 if kind == 0xFF else 2  # noqa: PLR2004
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        if length < _SEGMENT_BYTES_MIN:
            return False
        if kind in _FRAMES:
            has_frame = data[at + 5 : at + 7] != b"\0\0" and data[at + 7 : at + 9] not in (b"\0\0", b"")
        if kind == _START_OF_SCAN:
            return has_frame and _END in data[at:]
        at += 2 + length
    return False


def _is_png(data: bytes) -> bool:
    """A header with a size first, an end last."""
    return (
        data[8:16] == b"\0\0\0\rIHDR" and data[16:20] != b"\0\0\0\0" and data[20:24] != b"\0\0\0\0"
        and b"IDAT" in data and data.rstrip(b"\0")[-8:-4] == b"IEND"
    )


def _is_webp(data: bytes) -> bool:
    """A container as long as it says, with a picture first."""
    size = int.from_bytes(data[4:8], "little")
    return data[12:16] in (b"VP8 ", b"VP8L", b"VP8X") and len(data) - 1 <= size + 8 <= len(data)
