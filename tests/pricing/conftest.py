"""How long the properties are tried: enough to find, short enough to run always, and by no busy machine's clock."""

from __future__ import annotations

from hypothesis import settings

from tests.thorough import many

settings.register_profile("pricing", max_examples=many(60), deadline=None)
settings.load_profile("pricing")
