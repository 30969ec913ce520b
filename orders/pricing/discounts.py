"""Discount rules: what a code takes off, on what conditions, and how that lands on the lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.pricing.benefits import (
    AMOUNT_MINOR_MAX,
    QUANTITY_MAX,
    Benefit,
    Bundle,
    BuyXGetY,
    Item,
    RuleInvalid,
    benefit_from_json,
    benefit_to_json,
    flag,
    integer,
    taken_off,
    text,
    texts,
    within,
)
from orders.pricing.moments import InstantInvalid, instant, instant_text

CODE = re.compile(r"[A-Z0-9-]{1,40}", re.ASCII)


class CodeInvalid(RuleInvalid):
    """A code has 1 to 40 of the characters A–Z, 0–9 and hyphen."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One code's benefit and conditions; a condition left out asks nothing.

    `skus` and `hsn_prefixes` name the goods it applies to: either suffices, none of both means all goods. A bundle
    applies to what it is made of and has neither.
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
        within("minSubtotalMinor", self.min_subtotal_minor, 0, AMOUNT_MINOR_MAX)
        within("minQuantity", self.min_quantity, 0, QUANTITY_MAX)
        for moment in (self.valid_from, self.valid_until):
            if moment is not None and moment.tzinfo is None:
                raise RuleInvalid("A moment needs its time zone.")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise RuleInvalid("A rule must not end before it begins.")
        if isinstance(self.benefit, Bundle) and (self.skus or self.hsn_prefixes):
            raise RuleInvalid("A bundle names its goods itself.")

    def covers(self, item: Item) -> bool:
        """Whether the rule is about these goods."""
        if isinstance(self.benefit, Bundle):
            return item.sku in dict(self.benefit.items)
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
    `bundle_incomplete`, `subtotal_too_low`. How often a code was used is not asked here; the row that counts it knows.
    """
    covered = [item for item in basket if rule.covers(item)]
    units = sum(item.quantity for item in covered)
    checks = (
        ("not_yet_valid", rule.valid_from is not None and now < rule.valid_from),
        ("expired", rule.valid_until is not None and now >= rule.valid_until),
        ("not_first_order", rule.first_order_only and not is_first_order),
        ("no_matching_items", not covered),
        ("quantity_too_low", units < rule.min_quantity),
        ("quantity_too_low", isinstance(rule.benefit, BuyXGetY) and not rule.benefit.times(units)),
        ("bundle_incomplete", isinstance(rule.benefit, Bundle) and not rule.benefit.times(basket)),
        ("subtotal_too_low", sum(item.gross_minor for item in basket) < rule.min_subtotal_minor),
    )
    return next((reason for reason, refused in checks if refused), None)


def allocate(rule: Rule, basket: Sequence[Item]) -> list[int]:
    """What the rule takes off each line, in the basket's order; never more than the line's value."""
    return taken_off(rule.benefit, basket, [rule.covers(item) for item in basket])


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """The rule as it is stored and hashed: every field, camelCase, integers, text and lists only."""
    kind, figures = benefit_to_json(rule.benefit)
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

    `kind` is `percentage` (with `bp`, maybe `maxMinor`), `fixed` (with `amountMinor`), `free_shipping`, `buy_x_get_y`
    (with `buyQuantity`, `getQuantity`, maybe `getBp`, `timesMax`) or `bundle` (with `items` of `sku` and `quantity`,
    `priceMinor`, maybe `timesMax`). Raises RuleInvalid for unknown, missing or ill-typed fields, CodeInvalid for a bad code.
    """
    rest = dict(data)
    code = normal_code(text(rest.pop("code", None)))
    benefit = benefit_from_json(rest)
    rule = Rule(
        code=code,
        benefit=benefit,
        min_subtotal_minor=integer("minSubtotalMinor", rest.pop("minSubtotalMinor", 0)),
        min_quantity=integer("minQuantity", rest.pop("minQuantity", 0)),
        valid_from=_moment(rest.pop("validFrom", None)),
        valid_until=_moment(rest.pop("validUntil", None)),
        skus=texts("skus", rest.pop("skus", [])),
        hsn_prefixes=texts("hsnPrefixes", rest.pop("hsnPrefixes", [])),
        first_order_only=flag("firstOrderOnly", rest.pop("firstOrderOnly", False)),
    )
    if rest:
        raise RuleInvalid(f"Not part of such a rule: {', '.join(sorted(rest))}.")
    return rule


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return instant(text(value))
    except InstantInvalid as error:
        raise RuleInvalid("A moment is written as 2026-01-31T18:30:00Z.") from error
