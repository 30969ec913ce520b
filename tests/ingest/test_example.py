"""The client of the documents, against a running server."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import makers
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
    return module, module.BahiEvents(live_server.url, makers.staff_key("events:write"))


@pytest.mark.django_db(transaction=True)
def test_a5_the_example_client_tells_events_and_batches(example: Any) -> None:
    module, client = example
    who = client.actor("system_fulfillment", name="Fulfillment Center").session("run-7")
    assert who.track("order.picked", "order", "ord_1", {"n": 1}, key="pick-000001")["status"] == "queued"
    assert who.track("order.picked", "order", "ord_1", {"n": 1}, key="pick-000001")["status"] == "duplicate"
    answers = client.track_batch({"actor": {"id": "wms"}, "action": "order.packed", "metadata": {"n": number}} for number in range(150))
    assert [answer["status"] for answer in answers] == ["queued"] * 150
    told = Event.objects.filter(kind="app.order.packed").order_by("id")
    assert [(event.private() or {})["metadata"]["n"] for event in told] == list(range(150))
    with pytest.raises(module.Refused) as refused:
        client.track("nothing")
    assert refused.value.status == 400
