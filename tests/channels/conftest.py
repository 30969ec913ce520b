"""What tests of channels stand on: who tells of orders, and the goods they name."""

from __future__ import annotations

import pytest

from tests import makers


@pytest.fixture
def clerk() -> makers.Caller:
    """Staff with an API key."""
    return makers.staff()


@pytest.fixture
def goods() -> None:
    """Two products, fifty of each."""
    makers.product("KURTA-M", units=50)
    makers.product("STOLE-1", units=50)
