"""States, PINs and GSTINs (PROTOCOLS section 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.india import STATES, State, check_gstin, gstin_check_character, pin_matches, state_of


def named(text: str) -> State:
    found = state_of(text)
    assert found is not None, text
    return found


def test_the_table_has_all_36_each_once() -> None:
    assert [len({getattr(state, column) for state in STATES}) for column in ("code", "name", "gst_code")] == [36] * 3


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.code)
def test_a_state_is_found_by_every_word_for_it(state: State) -> None:
    words = [state.code, state.code[3:], state.code.lower(), state.name, state.name.upper(), state.gst_code]
    words += state.also
    assert {state_of(f"  {word} ") for word in words} == {state}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Orissa", "IN-OD"),
        ("Pondicherry", "IN-PY"),
        ("NCT of Delhi", "IN-DL"),
        ("N.C.T. of Delhi", "IN-DL"),
        ("andaman & nicobar islands", "IN-AN"),
        ("Jammu&Kashmir", "IN-JK"),
        ("IN-TG", "IN-TS"),
        ("TS", "IN-TS"),
        ("Uttaranchal", "IN-UK"),
        ("29", "IN-KA"),
    ],
)
def test_former_and_other_names(text: str, code: str) -> None:
    assert named(text).code == code


@pytest.mark.parametrize("text", ["", "Karnatak", "IN-XX", "US-CA", "96", "9"])
def test_what_is_no_state(text: str) -> None:
    assert state_of(text) is None


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        ("560001", "IN-KA"), ("110001", "IN-DL"), ("160017", "IN-CH"), ("160055", "IN-PB"), ("403001", "IN-GA"),
        ("403001", "IN-MH"), ("500001", "IN-TS"), ("500001", "IN-AP"), ("814112", "IN-JH"), ("814112", "IN-BR"),
        ("609602", "IN-PY"), ("194101", "IN-LA"), ("900056", "IN-KA"),
    ],
)
def test_a_pin_may_be_of_several_states(pin: str, state: str) -> None:
    assert pin_matches(pin, named(state))


@pytest.mark.parametrize(
    ("pin", "state"),
    [("110001", "IN-KA"), ("606001", "IN-PY"), ("060001", "IN-KA"), ("5600011", "IN-KA"), ("56001", "IN-KA"),
     ("५६०००१", "IN-KA"), ("560 01", "IN-KA")],
)
def test_a_pin_of_elsewhere_or_of_nowhere(pin: str, state: str) -> None:
    assert not pin_matches(pin, named(state))


def with_check(body: str) -> str:
    return body + gstin_check_character(body)


@pytest.mark.parametrize("gstin", ["27AAPFU0939F1ZV", "29AAGCB7383J1Z4", "24AAACC1206D1ZM"])
def test_known_numbers_pass(gstin: str) -> None:
    assert check_gstin(gstin)


@pytest.mark.parametrize(
    "body",
    [
        "38AAPFU0939F1Z",  # Ladakh
        "97AAPFU0939F1Z",  # other territory
        "99AAPFU0939F1Z",  # centre
        "07DELA12345B1D",  # deductor at source, by TAN
        "29AAGCB7383J1C",  # collector at source
        "0717UNO00157UN",  # an agency of the United Nations
        "9917SGP29001OS",  # online services from abroad
    ],
)
def test_numbers_other_than_regular_pass(body: str) -> None:
    assert check_gstin(with_check(body))


@pytest.mark.parametrize(
    "text",
    [
        "", "27AAPFU0939F1ZA", "27AAPFU0939F1Z", "27AAPFU0939F1ZVV", "27aapfu0939f1zv", " 27AAPFU0939F1ZV",
        "27AAPFU0939F1ZV\n", "२७AAPFU0939F1ZV", with_check("00AAPFU0939F1Z"), with_check("39AAPFU0939F1Z"),
        with_check("27AAPFU0939F0Z"), with_check("27AAPFU0939F1K"),
    ],
)
def test_numbers_of_another_form_state_or_check_fail(text: str) -> None:
    assert not check_gstin(text)


@given(st.from_regex(r"\A29[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z\Z"), st.data())
def test_one_wrong_character_in_the_number_is_noticed(body: str, data: st.DataObject) -> None:
    gstin = with_check(body)
    place = data.draw(st.integers(7, 10))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != gstin[place]]))
    assert not check_gstin(gstin[:place] + other + gstin[place + 1 :])
