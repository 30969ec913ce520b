"""The kernel alone: what the shop does with events of the kinds used here is none of its business."""

from __future__ import annotations

import pytest

from timeline import subscriptions


@pytest.fixture(autouse=True)
def _nobody_else_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the door's own subscribers hear of events."""
    ours = {
        kind: tuple(subscriber for subscriber in there if subscriber.handler.__module__.startswith("tests."))
        for kind, there in subscriptions._by_kind.items()
    }
    monkeypatch.setattr(subscriptions, "_by_kind", ours)
