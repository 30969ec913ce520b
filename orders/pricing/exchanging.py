"""The price at which goods are exchanged: what the customer paid for them, never more (B27)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orders.pricing.giving_back import Part, divide, keep
from orders.pricing.money import split
from orders.pricing.quote import Line, Request, quote


def fitting_price(request: Request, line: Line, within_minor: int) -> int:
    """The highest unit price, at most the line's, at which the whole line with its tax costs no more than this."""

    def cost(price_minor: int) -> int:
        asked = replace(request, lines=(replace(line, price_minor=price_minor),), rule=None, shipping_minor=0)
        return quote(asked).total_minor

    low, high = 0, line.price_minor
    while low < high:
        middle = (low + high + 1) // 2
        if cost(middle) <= within_minor:
            low = middle
        else:
            high = middle - 1
    return low


def divide_credit(parts: Sequence[Part], used_minor: int, kept_minor: int) -> tuple[list[Part], list[Part], list[Part]]:
    """What of the units' worth pays the new goods (with the units), what is given back beside it, and what is kept.

    The three together are the parts. Used and kept make at most all of it; what is left is given back.
    """
    whole = sum(part.total_minor for part in parts)
    back_minor = whole - used_minor - kept_minor
    shares = split(back_minor, [part.total_minor for part in parts]) if back_minor else [0] * len(parts)
    divided = [divide(part, share) for part, share in zip(parts, shares, strict=True)]
    back = [first for first, _ in divided if first.total_minor]
    rest = [second for _, second in divided]
    fees = split(kept_minor, [part.total_minor for part in rest]) if kept_minor else [0] * len(rest)
    used, kept = keep(rest, {part.key or "": fee for part, fee in zip(rest, fees, strict=True)})
    return used, back, kept
