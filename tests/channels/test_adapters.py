"""One suite for every adapter: exact sums, one answer for the same body, and nothing hostile that raises (D2)."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.channels import adapters, mapping
from orders.channels.canonical import STATUSES, as_data
from orders.channels.reading import Unreadable, loads
from tests.channels.bodies import SAMPLES, body
from tests.thorough import many

if TYPE_CHECKING:
    from collections.abc import Iterator

NASTY: tuple[Any, ...] = (None, True, [], {}, [[]], "", "x", "NaN", "1e999", -1, 10**30, 0.1, "\x00\ud800", "9" * 60, [None], {"amount": None})


def read(name: str, said: Any | None = None) -> Any:
    channel, ours, _ = SAMPLES[name]
    return adapters.translate(channel, loads(json.dumps(ours if said is None else said).encode()))


@pytest.mark.parametrize("name", SAMPLES)
def test_each_body_is_read_to_the_last_unit(name: str) -> None:
    order = read(name)
    sums = order.sums()
    found = (
        order.currency, order.subtotal_minor, order.discount_minor, order.tax_minor, order.shipping_minor, order.total_minor,
        order.told.status, order.told.paid_minor,
    )
    assert found == SAMPLES[name][2]
    assert [trouble for trouble in order.troubles if trouble.holds] == []
    assert sums["total"] == sums["subtotal"] - sums["discountAmount"] + sums["taxAmount"] + sums["shippingCost"]
    assert order == read(name)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_total_that_is_off_by_one_is_told_with_the_difference(name: str) -> None:
    """Z12: never bent to fit."""
    keys = {
        "shopify": "total_price", "woocommerce": "total", "magento": "grand_total", "unicommerce": "totalPrice"
    }
    if name not in keys:
        pytest.skip("its total is told in parts")
    changed = body(name)
    changed[keys[name]] = {"magento": 97.462, "unicommerce": 1098.01}.get(name) or f"{float(changed[keys[name]]) + 0.01:.2f}"
    troubles = {trouble.code: trouble for trouble in read(name, changed).troubles}
    assert troubles["totals_do_not_add_up"].difference_minor == 1
    assert troubles["totals_do_not_add_up"].holds


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def put(said: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The body with another value at a place."""
    if not path:
        return value
    changed = copy.deepcopy(said)
    spot = changed
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    return changed


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=many(40), deadline=None)
@given(data=st.data())
def test_no_body_raises_and_every_figure_can_be_kept(name: str, data: st.DataObject) -> None:
    """Missing, null, wrong types, huge numbers, words nobody knows: read, refused by name or flagged."""
    channel, ours, _ = SAMPLES[name]
    said: Any = ours
    for _ in range(data.draw(st.integers(1, 3))):
        said = put(said, data.draw(st.sampled_from(sorted(places(said), key=str))), data.draw(st.sampled_from(NASTY)))
    try:
        bodies = list(adapters.unwrap(channel, loads(json.dumps(said).encode("utf-8", "surrogatepass"))))
    except Unreadable:
        return
    for one in bodies:
        try:
            order = adapters.translate(channel, one)
        except adapters.NotAnOrder:
            continue
        orjson.dumps([as_data(order), order.sums(), [trouble.row() for trouble in order.troubles]])
        assert order.told.status in {*STATUSES, ""}
        assert order.told.status or order.is_held
        gap = order.total_minor - (order.subtotal_minor - order.discount_minor + order.tax_minor + order.shipping_minor)
        assert gap == sum(trouble.difference_minor for trouble in order.troubles if trouble.code == "totals_do_not_add_up") or not order.items


def test_the_whole_tax_on_the_first_line_and_two_of_the_same_name_are_told_as_they_are() -> None:
    order = read("shopify")
    assert [(tax.title, tax.rate, tax.amount_minor) for tax in order.items[0].taxes] == [("CGST", "9", 7175), ("SGST", "9", 7175)]
    assert order.items[1].taxes == ()
    assert order.order_id == "820982911946154508"


def test_a_status_nobody_knows_is_flagged_and_not_guessed() -> None:
    order = read("woocommerce", body("woocommerce", status="awaiting-courier"))
    assert (order.told.status, order.told.words) == ("", "awaiting-courier")
    assert "unknown_status" in [trouble.code for trouble in order.troubles]


def test_a_free_order_and_a_negative_fee_add_up() -> None:
    fee = {"name": "Loyalty", "total": "-4.13", "total_tax": "-0.86777", "taxes": []}
    order = read("woocommerce", body("woocommerce", fee_lines=[fee], total="29.90", total_tax="5.19"))
    assert (order.discount_minor, order.tax_minor, order.total_minor, order.is_held) == (413, 519, 2990, False)


def test_amazons_items_that_come_alone_complete_the_order() -> None:
    items = {"payload": {"AmazonOrderId": "902-1-1", "OrderItems": SAMPLES["amazon"][1]["OrderItems"]}}
    alone = {"payload": {key: value for key, value in SAMPLES["amazon"][1].items() if key != "OrderItems"}}
    (first,), (second,) = (list(adapters.unwrap("amazon", loads(json.dumps(one).encode()))) for one in (alone, items))
    merged = adapters.merge("amazon", first, second)
    assert adapters.translate("amazon", merged).total_minor == 2659
    assert not adapters.translate("amazon", merged).is_held


def test_an_envelope_gives_each_order() -> None:
    listed = adapters.unwrap("shopify", {"orders": [{"id": 1}, {"id": 2}]})
    assert [adapters.identify("shopify", one) for one in listed] == ["1", "2"]


def test_the_documentation_shows_every_word() -> None:
    """When this fails: put `mapping.markdown()` into docs/channels.md."""
    docs = Path(__file__).parents[2] / "docs" / "channels.md"
    assert mapping.markdown() in docs.read_text(encoding="utf-8")
    assert {ours for _, _, words in mapping.TABLES for ours in words.values()} - {"as the money says"} <= set(STATUSES)


def test_a_discount_on_prices_with_tax_is_told_without_it() -> None:
    """Magento: what of the discount was tax is compensated apart, and the subtotal stays the shop's."""
    item = {"item_id": 1, "sku": "A", "qty_ordered": 1, "price": 100, "row_total": 100, "discount_amount": 12, "tax_amount": 18, "discount_tax_compensation_amount": 2}
    said = {**body("magento"), "order_currency_code": "EUR", "grand_total": 108, "subtotal": 100, "discount_amount": -12, "tax_amount": 18,
            "shipping_amount": 0, "shipping_tax_amount": 0, "total_paid": 108, "items": [item]}
    order = read("magento", said)
    assert (order.subtotal_minor, order.discount_minor, order.tax_minor, order.total_minor, order.is_held) == (10000, 1000, 1800, 10800, False)
