"""The shop's rules for returns as the settings have them, and what units on their way back are worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from orders.eligibility import REASONS, Policy, fee_bp
from orders.operations import refund_parts
from orders.pricing import giving_back
from orders.pricing.money import round_half_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from orders.models import Line, Order

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Worth:
    """What units of one line would give back now, and the fee that is kept of it. Minor units."""

    worth_minor: int
    fee_minor: int

    @property
    def refund_minor(self) -> int:
        """What goes back."""
        return self.worth_minor - self.fee_minor


def policy() -> Policy:
    """The rules of the settings."""
    return _policy(
        settings.RETURN_DAYS, tuple(settings.RETURN_INSTANT_REASONS), settings.RETURN_INSTANT_MINOR_MAX,
        tuple(settings.RETURN_FEES_BP),
    )


def worths(
    *, order: Order, lines: Sequence[Line], units: Mapping[UUID, int], reasons: Mapping[UUID, str]
) -> dict[UUID, Worth]:
    """What these units would give back by the frozen prices, each with its fee; units that were refunded before give nothing."""
    left = refund_parts.left_of(order, lines)
    reach = {line.key: line.units for line in left.lines}
    wanted = {str(pk): min(count, reach.get(str(pk), 0)) for pk, count in units.items()}
    parts = giving_back.by_items(
        left.lines, left.shipping, {key: count for key, count in wanted.items() if count}, with_shipping=False
    )
    found = {part.key: part.total_minor for part in parts}
    rules = policy()
    return {
        pk: Worth(worth, round_half_up(worth * fee_bp(reasons[pk], rules), BASIS_POINTS))
        for pk in units
        for worth in (found.get(str(pk), 0),)
    }


def fee_share(*, worth_minor: int, agreed_worth_minor: int, agreed_fee_minor: int) -> int:
    """The fee of units worth so much, when so much of so much was agreed."""
    if not agreed_worth_minor:
        return 0
    return min(worth_minor, round_half_up(worth_minor * agreed_fee_minor, agreed_worth_minor))


@lru_cache(maxsize=8)
def _policy(days: int, instant: tuple[str, ...], minor_max: int, fees: tuple[str, ...]) -> Policy:
    words = [entry.partition(":") for entry in fees]
    unknown = ({word for word, _, _ in words} | set(instant)) - set(REASONS)
    if unknown:
        message = f"RETURN_FEES_BP and RETURN_INSTANT_REASONS know only {', '.join(REASONS)}"
        raise ValueError(message)
    return Policy(
        window_days=days, instant_reasons=frozenset(instant), instant_minor_max=minor_max,
        fees_bp={word: int(bp) for word, _, bp in words},
    )
