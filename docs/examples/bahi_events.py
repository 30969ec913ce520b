"""Tell events to Bahi and fetch them as files, from any program, with nothing but Python's standard library.

    client = BahiEvents("https://shop.example", key="bahi_live_…")
    client.actor("system_fulfillment", name="Fulfillment Center").session("run-7").track(
        "order.picked", "order", "ORD-20261121-00001", {"station": "P-4"})
    client.track_batch(events)          # any number: sent a hundred at a time, in their order
    export = client.wait(client.ask_export({"action": "order.*", "month": "2026-10"}))
    client.download(export, Path("october.csv"))

A call that fails on the way is repeated with the same key, so that no event is told twice.
"""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

BATCH_EVENTS_MAX = 100
TRIES_MAX = 4
TIMEOUT_S = 5.0
EXPORT_S_MAX = 3600.0
PIECE_BYTES = 64 * 1024
AGAIN = frozenset({429, 500, 502, 503, 504})


class Receipt(TypedDict):
    """What became of an event."""

    id: str
    status: str


class Export(TypedDict):
    """A file that was asked for: how far it is, and where it is while it is there (seven days)."""

    id: str
    status: str
    rows: int
    bytes: int
    cut: int | None
    sha256: str | None
    downloadUrl: str | None
    error: str | None


class Damaged(Exception):
    """What was fetched is not the file that was written; nothing of it is kept."""


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

    def ask_export(
        self, filters: dict[str, Any] | None = None, *, kind: str = "events", form: str = "csv", cut: int | None = None, key: str | None = None,
    ) -> Export:
        """Ask for rows as a file: `csv`, `jsonl` or `parquet`. With the `cut` of an earlier one it has the same bytes. Raises Refused."""
        wish: dict[str, Any] = {"kind": kind, "format": form, "filters": filters or {}, "cut": cut}
        export: Export = self._send("/admin/exports", wish, {"Idempotency-Key": key or uuid.uuid4().hex})
        return export

    def wait(self, export: Export, *, seconds_max: float = EXPORT_S_MAX) -> Export:
        """Wait until it is ready, or has ended otherwise (its `status` says how). Raises TimeoutError."""
        until, pause = time.monotonic() + seconds_max, 0.25
        while export["status"] in ("requested", "running"):
            if time.monotonic() > until:
                raise TimeoutError(export["id"])
            time.sleep(pause)
            pause = min(pause * 1.5, 5.0)
            export = self._send(f"/admin/exports/{export['id']}")
        return export

    def download(self, export: Export, path: Path) -> Path:
        """Fetch the file piece by piece and keep it once its SHA-256 is right. Raises Damaged, Refused."""
        if export["downloadUrl"] is None:
            raise Refused(410, {"detail": f"The export is {export['status']}."})
        part, digest = path.with_name(f"{path.name}.part"), hashlib.sha256()
        try:
            with urllib.request.urlopen(export["downloadUrl"], timeout=TIMEOUT_S) as answer, part.open("wb") as file:
                while piece := answer.read(PIECE_BYTES):
                    digest.update(piece)
                    file.write(piece)
        except urllib.error.HTTPError as error:
            raise Refused(error.code, _problem(error)) from error
        if digest.hexdigest() != export["sha256"]:
            part.unlink()
            raise Damaged(export["id"])
        return part.replace(path)

    def _send(self, path: str, body: dict[str, Any] | None = None, more: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(
            self.base_url.rstrip("/") + path, None if body is None else json.dumps(body).encode(), method="GET" if body is None else "POST",
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(more or {})},
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
