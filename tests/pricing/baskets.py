"""Baskets and rules of every possible kind, for properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from orders.pricing.benefits import Bundle, BuyXGetY, Fixed, FreeShipping, Percentage
from orders.pricing.discounts import Rule
from orders.pricing.india import STATES
from orders.pricing.quote import Line, Request

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
RATES_BP = (0, 25, 150, 300, 500, 1800, 4000)
SKUS = ("KURTA-M", "CHAI-250", "DIYA-6", "SAREE-1", "KHADI-2M")
HSN = ("6205", "090240", "7117", "5007", "52081190")


def line(sku: str = "KURTA-M", quantity: int = 1, price_minor: int = 100_000, **wish: Any) -> Line:
    """One line; what is not wished for is ordinary."""
    facts: dict[str, Any] = {"key": f"line-{sku}", "gst_rate_bp": 500, "hsn": "6205", "name": f"The {sku}", **wish}
    return Line(sku=sku, quantity=quantity, price_minor=price_minor, **facts)


def request(*lines: Line, **wish: Any) -> Request:
    """A request from Karnataka to Karnataka without shipping or rule, but for what is wished."""
    facts: dict[str, Any] = {
        "shipping_minor": 0, "supplier_state": "IN-KA", "destination_state": "IN-KA", "now": NOW, **wish,
    }
    return Request(lines=lines, **facts)


benefits = st.one_of(
    st.builds(Percentage, bp=st.integers(1, 10_000), max_minor=st.none() | st.integers(1, 10**7)),
    st.builds(Fixed, amount_minor=st.integers(1, 10**7)),
    st.just(FreeShipping()),
    st.builds(
        BuyXGetY, buy=st.integers(1, 9), get=st.integers(1, 4), get_bp=st.integers(1, 10_000) | st.just(10_000),
        times_max=st.none() | st.integers(1, 3),
    ),
    st.builds(
        Bundle,
        items=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), min_size=1, max_size=3).map(
            lambda items: tuple(items.items())
        ),
        price_minor=st.integers(0, 10**7),
        times_max=st.none() | st.integers(1, 3),
    ),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Rules that mostly apply, and sometimes do not."""
    benefit = draw(benefits)
    is_bundle = isinstance(benefit, Bundle)
    return Rule(
        code=draw(st.from_regex(r"\A[A-Z0-9-]{1,40}\Z")),
        benefit=benefit,
        min_subtotal_minor=draw(st.sampled_from([0, 0, 1, 50_000])),
        min_quantity=draw(st.sampled_from([0, 0, 3])),
        valid_from=draw(st.sampled_from([None, NOW - timedelta(days=1), NOW + timedelta(days=1)])),
        valid_until=draw(st.sampled_from([None, NOW + timedelta(days=2)])),
        skus=() if is_bundle else draw(st.sampled_from([(), (), SKUS[:2]])),
        hsn_prefixes=() if is_bundle else draw(st.sampled_from([(), (), ("71", "5")])),
        first_order_only=draw(st.booleans()),
    )


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any basket of up to eight lines, where a SKU may stand on two lines with choices of its own."""
    prices = draw(st.lists(st.integers(0, 10**7), min_size=5, max_size=5))
    rates = draw(st.lists(st.sampled_from(RATES_BP), min_size=5, max_size=5))
    marked = draw(st.lists(st.booleans(), min_size=5, max_size=5))
    wants = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 50)), max_size=8))
    states = st.sampled_from([state.code for state in STATES])
    return Request(
        lines=tuple(
            Line(
                key=f"line-{place}", sku=SKUS[which], quantity=quantity, price_minor=prices[which],
                gst_rate_bp=rates[which], hsn=HSN[which], name=f"दीया {which}",
                includes_gst=marked[which],
            )
            for place, (which, quantity) in enumerate(wants)
        ),
        rule=draw(st.none() | rules()),
        shipping_minor=draw(st.integers(0, 50_000)),
        supplier_state="IN-KA",
        destination_state=draw(st.none() | st.just("Karnataka") | states),
        now=NOW,
        is_first_order=draw(st.booleans()),
    )
