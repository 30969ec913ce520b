"""An edited order is priced as it was, less what went: Note [What an edit does to a line]."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.quote import Request, quote
from orders.pricing.revision import Revised, Term, UnitsInvalid, priced, recompute_revision, renamed, revision_snapshot
from orders.pricing.snapshot import SnapshotBroken
from tests.pricing.baskets import requests

RATES = (0, 25, 300, 500, 1200, 1800, 2800)


def terms_of(asked: Request) -> list[Term]:
    discounts = {line.key: line.discount_minor for line in quote(asked).lines}
    return [
        Term(line.key, line.sku, line.name, line.hsn, line.quantity, line.price_minor, line.includes_gst, line.gst_rate_bp, discounts[line.key])
        for line in asked.lines
    ]


def snapshot_of(terms: list[Term], revised: Revised) -> dict[str, object]:
    taken = revision_snapshot(
        terms, revised, supplier_state="IN-KA", destination_state="IN-MH", currency="INR", timestamp="2026-11-28T09:00:00.000000Z"
    )
    return json.loads(json.dumps(taken))  # type: ignore[no-any-return]


TERMS = st.lists(
    st.builds(
        Term, key=st.uuids().map(str), sku=st.just("A"), name=st.just("Kurta"), hsn=st.just("6204"), quantity=st.integers(1, 9),
        price_minor=st.integers(0, 10**6), includes_gst=st.booleans(), gst_rate_bp=st.sampled_from(RATES), discount_minor=st.just(0),
    ).flatmap(lambda term: st.integers(0, term.price_minor * term.quantity).map(lambda off: replace(term, discount_minor=off))),
    min_size=1, max_size=5,
)


@given(asked=requests())
def test_an_edit_that_changes_nothing_changes_no_paisa(asked: Request) -> None:
    """PAINS 5: edited back to the original, it is the original."""
    if not asked.lines:
        return
    was = quote(asked)
    now = priced(terms_of(asked), shipping_minor=was.shipping_minor, intra=was.intra)
    assert now.lines == was.lines
    assert (now.total_minor, now.gst, now.shipping_tax) == (was.total_minor, was.gst, was.shipping_tax)


@given(terms=TERMS, kept=st.lists(st.integers(0, 9), min_size=5, max_size=5), intra=st.booleans(), shipping=st.integers(0, 20_000))
def test_every_version_adds_up_and_computes_to_itself(terms: list[Term], kept: list[int], intra: bool, shipping: int) -> None:
    """B26, B28."""
    left = [term.keeping(min(units, term.quantity)) for term, units in zip(terms, kept, strict=False)]
    revised = priced(left, shipping_minor=shipping, intra=intra)
    assert revised.total_minor == sum(line.total_minor for line in revised.lines) + shipping
    assert revised.gst_minor == sum(line.gst_minor for line in revised.lines)
    for line in revised.lines:
        assert 0 <= line.discount_minor <= line.gross_minor
        assert line.total_minor == line.value_minor - line.discount_minor + line.gst_minor
        assert (line.total_minor if line.includes_gst else line.value_minor) == line.gross_minor - line.discount_minor * line.includes_gst
    assert recompute_revision(snapshot_of(left, revised)) == revised


@given(terms=TERMS, kept=st.integers(0, 9), intra=st.booleans())
def test_what_goes_costs_what_it_cost(terms: list[Term], kept: int, intra: bool) -> None:
    """Its share of the line, but for the rounding of at most two taxes and of the discount."""
    term = terms[0]
    units = min(kept, term.quantity)
    was = priced([term], shipping_minor=0, intra=intra).total_minor
    now = priced([term.keeping(units)], shipping_minor=0, intra=intra).total_minor
    assert abs((was - now) * term.quantity - was * (term.quantity - units)) <= 4 * term.quantity


@given(terms=TERMS, shipping=st.integers(0, 20_000))
def test_another_place_of_supply_moves_no_more_than_a_rounding(terms: list[Term], shipping: int) -> None:
    """The same rate: two halves rounded apart are a paisa a line from the whole, and marked prices not even that."""
    here, there = (priced(terms, shipping_minor=shipping, intra=intra) for intra in (True, False))
    assert here.gst.igst_minor == 0
    assert there.gst.cgst_minor == there.gst.sgst_minor == 0
    assert abs(here.total_minor - there.total_minor) <= sum(not term.includes_gst for term in terms)


def test_a_line_keeps_no_more_than_it_has() -> None:
    term = Term("k", "A", "Kurta", "6204", 2, 100, False, 500, 5)
    assert term.keeping(2) is term
    assert term.keeping(1).discount_minor == 2, "of five paise three go with the first unit"
    for units in (-1, 3):
        with pytest.raises(UnitsInvalid):
            term.keeping(units)


def test_what_is_drawn_is_written_with_the_ids_it_gets() -> None:
    terms = [Term("new", "A", "Kurta", "6204", 2, 100, False, 500, 0), Term("old", "B", "Saree", "5007", 1, 100, False, 500, 0)]
    named, revised = renamed(terms, priced(terms, shipping_minor=0, intra=True), {"new": "7"})
    assert [term.key for term in named] == ["7", "old"] == [line.key for line in revised.lines]


def test_a_changed_version_is_found() -> None:
    term = Term("k", "A", "Kurta", "6204", 2, 100, False, 500, 0)
    good = snapshot_of([term], priced([term], shipping_minor=0, intra=True))
    bad = copy.deepcopy(good)
    bad["terms"][0]["price"] = 1  # type: ignore[index]
    for broken in (bad, good | {"engineVersion": "0"}):
        with pytest.raises(SnapshotBroken):
            recompute_revision(broken)
