"""Every tax is traced to its fraction before rounding (B28)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given

from orders.pricing import tracing
from orders.pricing.quote import quote
from tests.pricing.baskets import requests

HALF = Fraction(1, 2)


@given(requests())
def test_components_are_the_taxes_and_within_half_a_paisa(request: Any) -> None:
    found = quote(request)
    for line in found.lines:
        components = tracing.of_line(line, intra=found.intra)
        assert sum(part.rounded_minor for part in components) == line.gst_minor
        assert all(abs(part.exact - part.rounded_minor) <= HALF for part in components)
    shares = tracing.of_shipping(found)
    assert sum(share.amount_minor for share in shares) == (found.shipping_minor if found.lines else 0)
    assert sum(part.rounded_minor for share in shares for part in share.components) == found.shipping_tax.total_minor


def test_the_fraction_reads_as_people_write_it() -> None:
    part = tracing.Component("CGST", Fraction(1, 40), 99_900, True, Fraction(999 * 100, 42), 2379)
    assert (part.exact_text, part.rate_text) == ("2378 4/7", "2.5")
    assert tracing.Component("CGST", Fraction(1, 40), 4, False, Fraction(1, 10), 0).exact_text == "1/10"
    assert tracing.Component("CGST", Fraction(1, 40), 40, False, Fraction(1), 1).exact_text == "1"
