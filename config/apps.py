"""The composition root as an app: commands, template tags, static files, checks."""

from __future__ import annotations

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Nobody imports it; it imports everybody."""

    name = "config"
