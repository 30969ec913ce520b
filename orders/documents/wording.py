"""Amounts as documents write them in words: rupees in lakh and crore, others by their code in thousands and millions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timeline.currencies import exponent

if TYPE_CHECKING:
    from collections.abc import Sequence

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)
_TWENTY = 20
_SCALES = ((10_000_000, "crore"), (100_000, "lakh"), (1_000, "thousand"), (100, "hundred"))
_SHORT_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))


def amount_in_words(minor: int, currency: str) -> str:
    """Rupees with their paise in words; others as `USD one million two hundred and 50/100 only`. For amounts of nought and more."""
    if currency == "INR":
        return rupees_in_words(minor)
    unit = 10 ** exponent(currency)
    whole, rest = divmod(minor, unit)
    return f"{currency} {in_words(whole, _SHORT_SCALES)}{f' and {rest}/{unit}' if rest else ''} only"


def rupees_in_words(minor: int) -> str:
    """`Rupees one lakh two thousand three hundred and four and fifty paise only`. For amounts of nought and more."""
    rupees, paise = divmod(minor, 100)
    tail = f" and {in_words(paise)} paise" if paise else ""
    return f"Rupees {in_words(rupees)}{tail} only"


def in_words(number: int, scales: Sequence[tuple[int, str]] = _SCALES) -> str:
    """A whole number of nought and more in words, by hundred, thousand, lakh and crore unless other scales are given."""
    for size, word in scales:
        if number >= size:
            head, rest = divmod(number, size)
            joint = " and " if 0 < rest < 100 else " "  # noqa: PLR2004 a hundred
            return f"{in_words(head, scales)} {word}{joint + in_words(rest, scales) if rest else ''}"
    if number < _TWENTY:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]


def percent(rate_bp: int) -> str:
    """`2.5 %`: a rate in basis points, without needless noughts."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"
