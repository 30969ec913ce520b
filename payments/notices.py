"""Which of the gateway's entities a notice speaks of. Nothing else in it is believed: the entities are fetched (F19).

Bodies are read as they come: `notes` may be a list, parts may be missing, JSON may be odd. What cannot be read names
nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SECONDS_MAX = 7_258_118_400  # the year 2200
AMOUNT_MINOR_MAX = 10**13
_ID = re.compile(r"[A-Za-z]+_[A-Za-z0-9]{1,36}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The ids of one notice; None where it names none."""

    payment_id: str | None = None
    order_id: str | None = None
    refund_id: str | None = None
    dispute_id: str | None = None
    settlement_id: str | None = None
    sent_at: datetime | None = None
    amount_minor: int = 0

    @property
    def entity_id(self) -> str:
        """The one thing it speaks of: refund, else dispute, else payment, else order, else settlement."""
        named = (self.refund_id, self.dispute_id, self.payment_id, self.order_id, self.settlement_id)
        return next((entity_id for entity_id in named if entity_id), "")


def read(body: bytes) -> Spoken:
    """The ids in a signed body; never raises."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Spoken()
    payment, order, refund, dispute, settlement = (
        _entity(said, word) for word in ("payment", "order", "refund", "dispute", "settlement")
    )
    return Spoken(
        payment_id=_id(payment, "id", "pay_") or _id(refund, "payment_id", "pay_") or _id(dispute, "payment_id", "pay_"),
        order_id=_id(order, "id", "order_") or _id(payment, "order_id", "order_"),
        refund_id=_id(refund, "id", "rfnd_"),
        dispute_id=_id(dispute, "id", "disp_"),
        settlement_id=_id(settlement, "id", "setl_"),
        sent_at=_moment(said),
        amount_minor=_whole(payment, "amount"),
    )


def _entity(said: Any, word: str) -> dict[str, Any]:
    for step in ("payload", word, "entity"):
        said = said.get(step) if isinstance(said, dict) else None
    return said if isinstance(said, dict) else {}


def _id(entity: dict[str, Any], word: str, prefix: str) -> str | None:
    found = entity.get(word)
    return found if isinstance(found, str) and found.startswith(prefix) and _ID.fullmatch(found) else None


def _moment(said: Any) -> datetime | None:
    seconds = _whole(said, "created_at") if isinstance(said, dict) else 0
    return datetime.fromtimestamp(seconds, tz=UTC) if 0 < seconds < SECONDS_MAX else None


def _whole(entity: dict[str, Any], word: str) -> int:
    found = entity.get(word)
    return found if type(found) is int and 0 <= found < AMOUNT_MINOR_MAX else 0
