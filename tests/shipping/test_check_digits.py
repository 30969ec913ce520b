"""Check digits warn and never refuse (PROTOCOLS 3.3). Numbers of jkeen/tracking_number_data (MIT)."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping.awb import own_number
from shipping.check_digits import FORMS, is_sound, warnings_of

SOUND = [
    ("UPS", "1Z5R89390357567127"), ("UPS", " 1 Z 8 V 9 2 A 7 0 3 6 7 2 0 3 0 2 4 "), ("UPS", "1ZXX3150YW44070023"), ("UPS", "K1506235620"),
    ("FedEx", "986578788855"), ("FedEx", "1001921334250001000300779017972697"), ("FedEx", "0414 4176 0228 964"),
    ("FedEx", "9611020987654312345672"), ("FedEx", "00 0123 4500 0000 0027"), ("FedEx", "9622001900000000000000776632517510"),
    ("FedEx", "32971514560102447849175802862014"), ("USPS", "0307 1790 0005 2348 3741"), ("USPS", "9400111206206406260787"),
    ("USPS", "420787459400111206206406260787"), ("USPS", "4201002334249200190132607600833457"), ("USPS", "7196 9010 7560 0307 7385"),
    ("USPS", "RB123456785US"), ("India Post", "EE123456785IN"), ("s10", "RB123456785GB"),
]
UNSOUND = [
    ("UPS", "1Z5R89390357567128"), ("UPS", "2Z5R89390357567127"), ("UPS", "K1506235622"), ("FedEx", "996578788855"),
    ("FedEx", "1001901781990001000300617767839438"), ("FedEx", "5682 8361 0012 732"), ("USPS", "0307 1790 0005 2348 3742"),
    ("USPS", "9434611206206407667131"), ("USPS", "RB123456786US"), ("own_fleet", "BH123456784IN"), ("speed post", "EE123456784IN"),
]


@pytest.mark.parametrize(("carrier", "number"), SOUND)
def test_sound_numbers_are_quiet(carrier: str, number: str) -> None:
    assert warnings_of(number, carrier) == []
    assert warnings_of(number) == []


@pytest.mark.parametrize(("carrier", "number"), UNSOUND)
def test_a_wrong_digit_is_a_warning_in_words(carrier: str, number: str) -> None:
    assert len(warnings_of(number, carrier)) == 1


def test_the_carrier_a_person_chose_wins() -> None:
    """A Blue Dart number that looks like somebody else's is Blue Dart's."""
    assert warnings_of("76878391881", "BlueDart") == []
    assert warnings_of("996578788855", "Blue Dart") == []
    assert warnings_of("996578788855") != []


@given(st.uuids())
def test_our_own_numbers_are_sound(pk: uuid.UUID) -> None:
    assert warnings_of(own_number(pk), "own_fleet") == []


@given(st.text(max_size=70), st.sampled_from(["", "ups", "fedex", "usps", "own_fleet", "x"]))
def test_anything_may_be_typed(number: str, carrier: str) -> None:
    assert isinstance(warnings_of(number, carrier), list)


@given(st.integers(0, 14), st.integers(1, 9))
def test_one_digit_mistyped_in_an_own_number_is_noticed(place: int, step: int) -> None:
    number = own_number(uuid.UUID(int=9))
    at = 2 + place % 8
    wrong = f"{number[:at]}{(int(number[at]) + step) % 10}{number[at + 1 :]}"
    assert warnings_of(wrong, "own_fleet")


def test_every_form_reads_its_own_numbers() -> None:
    read = {form.name for number in [*(number for _, number in SOUND), own_number(uuid.UUID(int=1))] for form in FORMS if is_sound(form, number)}
    assert read == {form.name for form in FORMS}
    assert not any(is_sound(form, "") for form in FORMS)
