"""The client of the documents, against a running server."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import makers
from timeline.exports import running
from timeline.models import Event

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def example(live_server: Any) -> Any:
    """A client of the live server."""
    spec = importlib.util.spec_from_file_location("bahi_events", ROOT / "docs" / "examples" / "bahi_events.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bahi_events"] = module
    spec.loader.exec_module(module)
    scopes = ("events:write", "events:read", "exports:write", "exports:read")
    return module, module.BahiEvents(live_server.url, makers.staff_key(*scopes))


@pytest.mark.django_db(transaction=True)
def test_a5_a20_the_example_client_tells_events_and_batches(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches go a hundred at a time, one after the other, so that the order is kept."""
    module, client = example
    who = client.actor("system_fulfillment", name="Fulfillment Center").session("run-7")
    assert who.track("order.picked", "order", "ord_1", {"n": 1}, key="pick-000001")["status"] == "queued"
    assert who.track("order.picked", "order", "ord_1", {"n": 1}, key="pick-000001")["status"] == "duplicate"
    sent: list[int] = []
    send = module.BahiEvents._send

    def counting(self: Any, path: str, body: Any = None) -> Any:
        sent.append(len(body["events"]))
        return send(self, path, body)

    monkeypatch.setattr(module.BahiEvents, "_send", counting)
    answers = client.track_batch({"actor": {"id": "wms"}, "action": "order.packed", "metadata": {"n": number}} for number in range(150))
    monkeypatch.undo()
    assert ([answer["status"] for answer in answers], sent) == (["queued"] * 150, [100, 50])
    told = Event.objects.filter(kind="app.order.packed").order_by("id")
    assert [(event.private() or {})["metadata"]["n"] for event in told] == list(range(150))
    with pytest.raises(module.Refused) as refused:
        client.track("nothing")
    assert refused.value.status == 400


@pytest.mark.django_db(transaction=True)
def test_the_example_client_fetches_an_export_and_looks_at_its_digest(example: Any, settings: Any, tmp_path: Path) -> None:
    settings.EXPORTS_WORK = tmp_path / "work"
    module, client = example
    client.track("order.picked", "order", "ord_1", {"total": 10338, "currency": "INR"})
    asked = client.ask_export({"action": "order.*"}, form="jsonl", key="client-export-1")
    assert client.ask_export({"action": "order.*"}, form="jsonl", key="client-export-1")["id"] == asked["id"]
    with pytest.raises(TimeoutError):
        client.wait(asked, seconds_max=0)
    running.run_due()
    export = client.wait(asked)
    file = client.download(export, tmp_path / "october.jsonl")
    assert [json.loads(line)["amount_minor"] for line in file.read_text().splitlines()] == [10338]
    with pytest.raises(module.Damaged):
        client.download({**export, "sha256": "0" * 64}, tmp_path / "other.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["october.jsonl", "work"]
    with pytest.raises(module.Refused) as refused:
        client.ask_export({"action": "ord*"})
    assert refused.value.status == 400
