"""Returns for tests, made by the same verbs as real ones."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

from orders import return_queries
from orders.models import Line, Order, Return
from orders.operations import returns
from orders.operations.returns import Item
from tests import makers
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from timeline.operations import Operation


def lines_of(order: Order) -> list[Line]:
    return list(Line.objects.filter(order=order).order_by("place"))


def items(order: Order, *, units: int = 1, reason: str = "defective", condition: str = "unopened") -> list[Item]:
    """So many units of each line."""
    return [Item(line.pk, units, reason, condition) for line in lines_of(order)]


def asked(order: Order, *, what: list[Item] | None = None, **wish: Any) -> Return:
    """The customer asked to send units back."""
    words = {word: wish.pop(word) for word in ("units", "reason", "condition") if word in wish}
    with operation("test.return", actor=makers.shopper(order.person_id), stream=str(order.pk)) as op:
        return returns.ask(op, order_id=order.pk, items=what if what is not None else items(order, **words), **wish)


def approved(order: Order, **wish: Any) -> Return:
    """A return that may come."""
    ret = asked(order, **wish)
    return do(ret, lambda op: returns.approve(op, return_id=ret.pk)) if ret.status == "requested" else ret


def do(ret: Return, deed: Callable[[Operation], Any]) -> Return:
    """Something happens to a return by staff's hand; gives it as it is then."""
    with operation("test.return", actor=makers.STAFF, stream=str(ret.order_id)) as op:
        deed(op)
    return fresh(ret)


def fresh(ret: Return) -> Return:
    return return_queries.one(ret.pk)


def png(width: int = 2, height: int = 2, shade: int = 128) -> bytes:
    """A real picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    """The shortest that has a frame, a scan and an end."""
    frame = b"\xff\xc0\x00\x0b\x08\x00\x02\x00\x02\x01\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\xff\xd9"


def webp() -> bytes:
    body = b"WEBPVP8L" + struct.pack("<I", 6) + b"\x2f\x01\x40\x00\x00\x00"
    return b"RIFF" + struct.pack("<I", len(body)) + body
