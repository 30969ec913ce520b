"""Tell events to Bahi, from any program, with nothing but Python's standard library.

    client = BahiEvents("https://shop.example", key="bahi_live_…")
    client.actor("system_fulfillment", name="Fulfillment Center").session("run-7").track(
        "order.picked", "order", "ORD-20261121-00001", {"station": "P-4"})
    client.track_batch(events)          # any number: sent a hundred at a time, in their order

A call that fails on the way is repeated with the same key, so that no event is told twice.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

BATCH_EVENTS_MAX = 100
TRIES_MAX = 4
TIMEOUT_S = 5.0
AGAIN = frozenset({429, 500, 502, 503, 504})


class Receipt(TypedDict):
    """What became of an event."""

    id: str
    status: str


class Refused(Exception):
    """The shop does not take the event; `problem` is its RFC 9457 document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail', '')}")
        self.status, self.problem = status, problem


@dataclass(frozen=True)
class BahiEvents:
    """A client; `actor` and `session` give one that tells as them."""

    base_url: str
    key: str
    actor_words: dict[str, str] | None = None
    session_id: str = ""

    def actor(self, actor_id: str, *, name: str = "", kind: str = "system") -> BahiEvents:
        """The same client, telling what this actor did."""
        return replace(self, actor_words={"id": actor_id, "name": name, "type": kind})

    def session(self, session_id: str) -> BahiEvents:
        """The same client, within this session."""
        return replace(self, session_id=session_id)

    def track(
        self, action: str, resource: str = "", resource_id: str = "", metadata: dict[str, Any] | None = None, *,
        targets: Sequence[dict[str, str]] = (), key: str | None = None, occurred_at: str | None = None,
    ) -> Receipt:
        """Tell one event. Raises Refused."""
        event: dict[str, Any] = {
            "actor": self.actor_words or {"id": "unnamed"}, "action": action, "resource": resource, "resourceId": resource_id,
            "metadata": metadata or {}, "targets": list(targets), "sessionId": self.session_id,
            "idempotencyKey": key or uuid.uuid4().hex, **({"occurredAt": occurred_at} if occurred_at else {}),
        }
        answer: Receipt = self._send("/api/v1/events", event)
        return answer

    def track_batch(self, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Tell many events, a hundred at a time and one request after the other; gives an answer an event, in order."""
        rows = [{"idempotencyKey": uuid.uuid4().hex, **event} for event in events]
        answers: list[dict[str, Any]] = []
        for start in range(0, len(rows), BATCH_EVENTS_MAX):
            answers += self._send("/api/v1/events/batch", {"events": rows[start : start + BATCH_EVENTS_MAX]})["data"]
        return answers

    def _send(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            self.base_url.rstrip("/") + path, json.dumps(body).encode(), method="POST",
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        for tries in range(1, TRIES_MAX + 1):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code not in AGAIN or tries == TRIES_MAX:
                    raise Refused(error.code, _problem(error)) from error
            except OSError:
                if tries == TRIES_MAX:
                    raise
            time.sleep(0.2 * 4**tries)
        raise AssertionError


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        found = json.load(error)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
