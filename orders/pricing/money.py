"""Integers of minor units: the one rounding, and the one way to share an amount."""

from __future__ import annotations

from collections.abc import Sequence


def round_half_up(numerator: int, denominator: int) -> int:
    """The quotient as a whole number, halves away from zero: 5/2 is 3 and −5/2 is −3.

    The only rounding of money there is. A refund is the mirror of a charge, so negatives round as their mirror does.
    Raises ValueError for a denominator that is not positive.
    """
    if denominator <= 0:
        raise ValueError("The denominator must be positive.")
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def split(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Share a total by weight; the shares always add up to it.

    Largest remainder: each share is its exact part rounded down, and what is left goes, one unit each, to the largest
    remainders, ties to the earlier position. So no share of a total up to the sum of the weights exceeds its weight.
    Weights that are all zero share evenly; a negative total is shared as the mirror of the positive one.
    Raises ValueError for a negative weight, or when there is a total but nothing to share it among.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("A weight must not be negative.")
    if not weights:
        if total_minor:
            raise ValueError("There is nothing to share the total among.")
        return []
    if total_minor < 0:
        return [-share for share in split(-total_minor, weights)]
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    shares, remainders = [], []
    for weight in weights:
        share, remainder = divmod(total_minor * weight, whole)
        shares.append(share)
        remainders.append(remainder)
    neediest_first = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in neediest_first[: total_minor - sum(shares)]:
        shares[place] += 1
    return shares
