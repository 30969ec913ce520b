"""Which of the gateway's entities a notice speaks of. Nothing else in it is believed: the entities are fetched (F19).

Bodies are read as they come: `notes` may be a list, parts may be missing, JSON may be odd. What cannot be read names
nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_ID = re.compile(r"[A-Za-z]+_[A-Za-z0-9]{1,36}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The ids of one notice; None where it names none."""

    payment_id: str | None = None
    order_id: str | None = None
    refund_id: str | None = None
    dispute_id: str | None = None
    settlement_id: str | None = None


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
    )


def _entity(said: Any, word: str) -> dict[str, Any]:
    for step in ("payload", word, "entity"):
        said = said.get(step) if isinstance(said, dict) else None
    return said if isinstance(said, dict) else {}


def _id(entity: dict[str, Any], word: str, prefix: str) -> str | None:
    found = entity.get(word)
    return found if isinstance(found, str) and found.startswith(prefix) and _ID.fullmatch(found) else None
