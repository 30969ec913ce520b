"""The test machine as an app."""

from __future__ import annotations

from django.apps import AppConfig


class DoorConfig(AppConfig):
    """Label `door`."""

    name = "tests.door"
    label = "door"
