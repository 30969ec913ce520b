"""A database from before is brought up to date by `migrate`, which asks the system checks first."""

from __future__ import annotations

from typing import Any

import pytest

from timeline import checks, triggers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("is_behind", "ids"), [(True, {"timeline.W002"}), (False, {"timeline.E002"})])
def test_missing_triggers_stop_nobody_from_migrating(monkeypatch: pytest.MonkeyPatch, is_behind: bool, ids: set[str]) -> None:
    """They are attached after the migrations, so before those they cannot be there."""
    monkeypatch.setattr(triggers, "missing", lambda: ["bahi_orders_order_moved"])
    monkeypatch.setattr(checks, "_is_behind", lambda: is_behind)
    found: Any = checks.triggers_present(databases=["default"])
    assert {message.id for message in found} == ids
