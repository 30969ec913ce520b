"""Webhooks: written with the fact they tell of, the same event id on every delivery."""

from __future__ import annotations

import hashlib
import hmac
import random
from typing import Any

from payments.sandbox import entities, faults
from payments.sandbox.store import Ledger, Letter
from payments.sandbox.wire import compact

# The answer to a request leaves within milliseconds; what it set off is told a little later, never before it.
AFTER_ANSWER_S = 0.1
SHUFFLE_WINDOW_S = 0.3


def announce(ledger: Ledger, event: str, account_id: str, **shown: dict[str, Any]) -> None:
    """Put an event into the outbox with a snapshot of the entities it shows, as the scripted faults have it."""
    rules = faults.webhook_rules(ledger)
    body = {
        "entity": "event", "account_id": account_id, "event": event, "contains": list(shown),
        "payload": {name: {"entity": entity} for name, entity in shown.items()}, "created_at": int(ledger.now),
    }  # fmt: skip
    wait_s = AFTER_ANSWER_S + rules.delay_s
    if rules.shuffle:
        wait_s += random.uniform(0, SHUFFLE_WINDOW_S)  # noqa: S311  # disorder, not a secret
    letter = Letter(0, entities.token(), _subject(shown), compact(body), 0, rules.repeat)
    state = "dropped" if event in rules.drop else "pending"
    ledger.post(letter, event=event, state=state, due_at=ledger.now + wait_s)


def _subject(shown: dict[str, dict[str, Any]]) -> str:
    """What events are told one after the other about; different subjects are told side by side."""
    if "payment" in shown:
        return str(shown["payment"]["order_id"])
    return str(next(iter(shown.values()))["id"])


def sign(body: bytes, secret: str) -> str:
    """The webhook signature: hex HMAC-SHA256 of the raw bytes."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
