"""A list's address with a cursor that is not ours, or is cut short, shows the first page (F71)."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
LISTS = (
    "/console/exports/", "/console/returns/", "/console/jobs/", "/console/shipments/", "/console/tickets/", "/console/payments/",
    "/console/settlements/", "/console/stock/", "/console/stock/conflicts/", "/console/risk/", "/",
)


@pytest.mark.parametrize("cursor", ["", "nonsense", "eyJhIjoxfQ:forged"])
@pytest.mark.parametrize("place", LISTS)
def test_a_cursor_of_somebody_else_is_the_first_page(asha: Client, place: str, cursor: str) -> None:
    assert asha.get(place, {"cursor": cursor}).status_code == 200
