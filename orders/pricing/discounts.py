"""Discount rules: what a code takes off, on what conditions, and how that lands on the lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orders.pricing.gst import BASIS_POINTS
from orders.pricing.moments import InstantInvalid, instant, instant_text
from orders.pricing.money import round_half_up, split

CODE = re.compile(r"[A-Z0-9-]{1,40}", re.ASCII)
AMOUNT_MINOR_MAX = 10**13
QUANTITY_MAX = 10_000
SCOPE_COUNT_MAX = 1_000


class RuleInvalid(ValueError):
    """The rule says something no discount can be."""


class CodeInvalid(RuleInvalid):
    """A code has 1 to 40 of the characters A–Z, 0–9 and hyphen."""


class Item(Protocol):
    """What a rule needs to know of a line."""

    @property
    def sku(self) -> str:
        """The stock keeping unit."""

    @property
    def hsn(self) -> str:
        """The HSN code of the goods."""

    @property
    def quantity(self) -> int:
        """Units bought."""

    @property
    def gross_minor(self) -> int:
        """Marked price times quantity, before discount."""


@dataclass(frozen=True, slots=True)
class Percentage:
    """So many basis points off, at most `max_minor` in all."""

    bp: int
    max_minor: int | None = None

    def __post_init__(self) -> None:
        _within("bp", self.bp, 1, BASIS_POINTS)
        if self.max_minor is not None:
            _within("maxMinor", self.max_minor, 1, AMOUNT_MINOR_MAX)


@dataclass(frozen=True, slots=True)
class Fixed:
    """So much off, at most what the goods cost."""

    amount_minor: int

    def __post_init__(self) -> None:
        _within("amountMinor", self.amount_minor, 1, AMOUNT_MINOR_MAX)


@dataclass(frozen=True, slots=True)
class FreeShipping:
    """No charge for shipping; shown as a shipping cost of zero, not as a discount."""


Benefit = Percentage | Fixed | FreeShipping


@dataclass(frozen=True, slots=True)
class Rule:
    """One code's benefit and conditions; a condition left out asks nothing.

    `skus` and `hsn_prefixes` name the goods it applies to: either suffices, none of both means all goods.
    `min_subtotal_minor` is of the whole basket as marked, before discount, `min_quantity` of the goods it applies to.
    Valid from `valid_from` on, until just before `valid_until`. Raises RuleInvalid, CodeInvalid.
    """

    code: str
    benefit: Benefit
    min_subtotal_minor: int = 0
    min_quantity: int = 0
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    skus: tuple[str, ...] = ()
    hsn_prefixes: tuple[str, ...] = ()
    first_order_only: bool = False

    def __post_init__(self) -> None:
        if not CODE.fullmatch(self.code):
            raise CodeInvalid("A code has 1 to 40 of the characters A–Z, 0–9 and hyphen.")
        _within("minSubtotalMinor", self.min_subtotal_minor, 0, AMOUNT_MINOR_MAX)
        _within("minQuantity", self.min_quantity, 0, QUANTITY_MAX)
        for moment in (self.valid_from, self.valid_until):
            if moment is not None and moment.tzinfo is None:
                raise RuleInvalid("A moment needs its time zone.")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise RuleInvalid("A rule must not end before it begins.")

    def covers(self, item: Item) -> bool:
        """Whether the rule is about these goods."""
        if not self.skus and not self.hsn_prefixes:
            return True
        return item.sku in self.skus or item.hsn.startswith(self.hsn_prefixes)


def normal_code(text: str) -> str:
    """The one form of a code: NFC, trimmed, upper case. Raises CodeInvalid.

    Other scripts' letters are refused before they are raised, for some become plain ones by it (`ı`, `ſ`).
    """
    plain = unicodedata.normalize("NFC", text).strip()
    if not plain.isascii() or not CODE.fullmatch(plain.upper()):
        raise CodeInvalid("A code has 1 to 40 of the characters A–Z, 0–9 and hyphen.")
    return plain.upper()


def applies(rule: Rule, basket: Sequence[Item], now: datetime, is_first_order: bool) -> str | None:
    """None when the rule applies to the basket, else why not.

    The reasons: `not_yet_valid`, `expired`, `not_first_order`, `no_matching_items`, `quantity_too_low`,
    `subtotal_too_low`. How often a code was used is not asked here; the row that counts it knows.
    """
    covered = [item for item in basket if rule.covers(item)]
    checks = (
        ("not_yet_valid", rule.valid_from is not None and now < rule.valid_from),
        ("expired", rule.valid_until is not None and now >= rule.valid_until),
        ("not_first_order", rule.first_order_only and not is_first_order),
        ("no_matching_items", not covered),
        ("quantity_too_low", sum(item.quantity for item in covered) < rule.min_quantity),
        ("subtotal_too_low", sum(item.gross_minor for item in basket) < rule.min_subtotal_minor),
    )
    return next((reason for reason, refused in checks if refused), None)


def allocate(rule: Rule, basket: Sequence[Item]) -> list[int]:
    """What the rule takes off each line, in the basket's order: by value, and never more than the line's value."""
    values = [item.gross_minor if rule.covers(item) else 0 for item in basket]
    covered = sum(values)
    return split(min(_wish(rule.benefit, covered), covered), values)


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """The rule as it is stored and hashed: every field, camelCase, integers, text and lists only."""
    kind, figures = _benefit_to_json(rule.benefit)
    return {
        "code": rule.code,
        "kind": kind,
        **figures,
        "minSubtotalMinor": rule.min_subtotal_minor,
        "minQuantity": rule.min_quantity,
        "validFrom": None if rule.valid_from is None else instant_text(rule.valid_from),
        "validUntil": None if rule.valid_until is None else instant_text(rule.valid_until),
        "skus": list(rule.skus),
        "hsnPrefixes": list(rule.hsn_prefixes),
        "firstOrderOnly": rule.first_order_only,
    }


def rule_from_json(data: Mapping[str, Any]) -> Rule:
    """The rule of its stored form; conditions may be left out.

    `kind` is `percentage` (with `bp`, maybe `maxMinor`), `fixed` (with `amountMinor`) or `free_shipping`.
    Raises RuleInvalid for unknown, missing or ill-typed fields, CodeInvalid for a bad code.
    """
    rest = dict(data)
    code = normal_code(_text(rest.pop("code", None)))
    benefit = _benefit_from_json(rest)
    rule = Rule(
        code=code,
        benefit=benefit,
        min_subtotal_minor=_integer("minSubtotalMinor", rest.pop("minSubtotalMinor", 0)),
        min_quantity=_integer("minQuantity", rest.pop("minQuantity", 0)),
        valid_from=_moment(rest.pop("validFrom", None)),
        valid_until=_moment(rest.pop("validUntil", None)),
        skus=_texts("skus", rest.pop("skus", [])),
        hsn_prefixes=_texts("hsnPrefixes", rest.pop("hsnPrefixes", [])),
        first_order_only=_flag("firstOrderOnly", rest.pop("firstOrderOnly", False)),
    )
    if rest:
        raise RuleInvalid(f"Not part of such a rule: {', '.join(sorted(rest))}.")
    return rule


def kind_of(benefit: Benefit) -> str:
    """The word a benefit goes by in stored rules and snapshots."""
    return _benefit_to_json(benefit)[0]


def _wish(benefit: Benefit, covered_minor: int) -> int:
    """What the benefit would take off goods of this value, had they no end."""
    if isinstance(benefit, Percentage):
        wish = round_half_up(covered_minor * benefit.bp, BASIS_POINTS)
        return wish if benefit.max_minor is None else min(wish, benefit.max_minor)
    return benefit.amount_minor if isinstance(benefit, Fixed) else 0


def _benefit_to_json(benefit: Benefit) -> tuple[str, dict[str, int | None]]:
    if isinstance(benefit, Percentage):
        return "percentage", {"bp": benefit.bp, "maxMinor": benefit.max_minor}
    if isinstance(benefit, Fixed):
        return "fixed", {"amountMinor": benefit.amount_minor}
    return "free_shipping", {}


def _benefit_from_json(rest: dict[str, Any]) -> Benefit:
    match rest.pop("kind", None):
        case "percentage":
            cap = rest.pop("maxMinor", None)
            return Percentage(
                bp=_integer("bp", rest.pop("bp", None)), max_minor=None if cap is None else _integer("maxMinor", cap)
            )
        case "fixed":
            return Fixed(amount_minor=_integer("amountMinor", rest.pop("amountMinor", None)))
        case "free_shipping":
            return FreeShipping()
        case _:
            raise RuleInvalid("A rule's kind is percentage, fixed or free_shipping.")


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise RuleInvalid(f"{name} must be {least} to {most}.")


def _integer(name: str, value: Any) -> int:
    if type(value) is not int:
        raise RuleInvalid(f"{name} must be an integer.")
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RuleInvalid(f"{name} must be true or false.")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise RuleInvalid("A text is expected.")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > SCOPE_COUNT_MAX or "" in value:
        raise RuleInvalid(f"{name} must be a list of at most {SCOPE_COUNT_MAX} texts.")
    return tuple(_text(one) for one in value)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return instant(_text(value))
    except InstantInvalid as error:
        raise RuleInvalid("A moment is written as 2026-01-31T18:30:00Z.") from error
