"""Addresses are checked before anything is sent to them (B73), and every wrong part is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping.addresses import AddressInvalid, check, from_wire, to_wire

GOOD: dict[str, Any] = {
    "name": "Priya Shrivastava", "phone": "098765 43210", "line1": "12 MG Road", "city": "Bengaluru",
    "state": "Karnataka", "postalCode": "560001", "country": "IN",
}


def test_an_address_has_one_form() -> None:
    address = check(GOOD)
    assert (address.phone, address.state, address.line2) == ("+919876543210", "IN-KA", "")
    assert from_wire(to_wire(address)) == address
    assert check(to_wire(address)) == address


@pytest.mark.parametrize("word", ["IN-KA", "karnataka", " KARNATAKA ", "29"])
def test_a_state_has_many_names(word: str) -> None:
    assert check({**GOOD, "state": word}).state == "IN-KA"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("name", ""), ("name", None), ("name", 7), ("name", "x" * 101), ("name", "a\u202eb"), ("name", "a\x00b"),
        ("name", " "), ("phone", "12"), ("phone", "no number"), ("line1", ["a"]), ("city", None), ("state", "Bavaria"),
        ("state", 29), ("postalCode", "012345"), ("postalCode", "56000"), ("postalCode", "५६०००१"), ("postalCode", 560001),
        ("country", "DE"), ("gstin", "29abc"), ("planet", "Earth"),
    ],
)
def test_each_wrong_part_is_named(part: str, value: Any) -> None:
    with pytest.raises(AddressInvalid) as caught:
        check({**GOOD, part: value})
    assert [pointer for pointer, _ in caught.value.errors] == [f"#/{part}"]


def test_all_wrong_parts_are_named_at_once() -> None:
    with pytest.raises(AddressInvalid) as caught:
        check({})
    assert {pointer for pointer, _ in caught.value.errors} == {
        "#/name", "#/phone", "#/line1", "#/city", "#/state", "#/postalCode",
    }


@given(st.dictionaries(st.sampled_from([*GOOD, "line2", "gstin", "x"]), st.one_of(st.text(max_size=40), st.integers(), st.none())))
def test_anything_is_either_an_address_or_refused(raw: dict[str, Any]) -> None:
    try:
        address = check(raw)
    except AddressInvalid:
        return
    assert check(to_wire(address)) == address
