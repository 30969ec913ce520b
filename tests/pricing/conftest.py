"""How long the properties are tried: enough to find, short enough to run always, and by no busy machine's clock."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("pricing", max_examples=60, deadline=None)
settings.load_profile("pricing")
