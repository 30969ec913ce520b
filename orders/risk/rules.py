"""Rules as data: which signal, from which value on, how many points, and why in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from orders.risk.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCORE_MAX: Final = 100
RULES_MAX: Final = 100
REASON_CHARS_MAX: Final = 200
AT_LEAST_MAX: Final = 10**15
_ID = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)


class RulesWrong(ValueError):
    """The rules cannot be used; `errors` are pairs of a JSON pointer and a sentence."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{pointer}: {detail}" for pointer, detail in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Rule:
    """The signal's value `at_least` so high gives `points`; `reason` is what staff read."""

    id: str
    signal: str
    at_least: int
    points: int
    reason: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules in their order, and the score from which on an order waits for a person. Version 0 is the built-in one."""

    version: int
    hold_from: int
    rules: tuple[Rule, ...]

    def to_data(self) -> dict[str, Any]:
        """The ruleset as JSON, without its version."""
        return {
            "holdFrom": self.hold_from,
            "rules": [
                {"id": rule.id, "signal": rule.signal, "atLeast": rule.at_least, "points": rule.points, "reason": rule.reason}
                for rule in self.rules
            ],
        }


def of_data(version: int, data: Mapping[str, Any]) -> Ruleset:
    """The ruleset of its JSON. Raises RulesWrong naming what is wrong with values; their types are the caller's to check."""
    rules = tuple(
        Rule(row["id"], row["signal"], row["atLeast"], row["points"], row["reason"].strip()) for row in data["rules"]
    )
    errors = _faults(data["holdFrom"], rules)
    if errors:
        raise RulesWrong(errors)
    return Ruleset(version, data["holdFrom"], rules)


def _faults(hold_from: int, rules: Sequence[Rule]) -> list[tuple[str, str]]:
    errors = [] if 1 <= hold_from <= SCORE_MAX else [("#/holdFrom", "From 1 to 100.")]
    if len(rules) > RULES_MAX:
        return [*errors, ("#/rules", f"At most {RULES_MAX} rules.")]
    seen: set[str] = set()
    for place, rule in enumerate(rules):
        at = f"#/rules/{place}"
        if not _ID.fullmatch(rule.id):
            errors.append((f"{at}/id", "Small letters, digits and underscores, at most 40."))
        elif rule.id in seen:
            errors.append((f"{at}/id", "Another rule has this id."))
        seen.add(rule.id)
        if rule.signal not in SIGNALS:
            errors.append((f"{at}/signal", "There is no such signal."))
        if not 1 <= rule.at_least <= AT_LEAST_MAX:
            errors.append((f"{at}/atLeast", "At least 1."))
        if not 0 <= rule.points <= SCORE_MAX:
            errors.append((f"{at}/points", "From 0 to 100."))
        if not 1 <= len(rule.reason) <= REASON_CHARS_MAX:
            errors.append((f"{at}/reason", f"From 1 to {REASON_CHARS_MAX} characters."))
    return errors


# One mark of a busy or careless customer never holds an order; a blocked one does alone.
DEFAULT: Final = Ruleset(
    version=0,
    hold_from=75,
    rules=(
        Rule("blocked", "blocklisted", 1, 100, "E-mail, phone or address is on the blocklist"),
        Rule("disposable_mail", "disposable_mail", 1, 30, "The mail address is of a throw-away service"),
        Rule("person_often", "person_orders_24h", 10, 10, "Ten orders or more of this customer within a day"),
        Rule("email_often", "email_orders_24h", 10, 5, "Ten orders or more with this mail address within a day"),
        Rule("phone_often", "phone_orders_24h", 10, 10, "Ten orders or more with this phone within a day"),
        Rule("address_often", "address_orders_24h", 10, 5, "Ten orders or more to this address within a day"),
        Rule("origin_often", "origin_orders_1h", 30, 10, "Thirty orders or more from this network within an hour"),
        Rule("declined_often", "declined_24h", 3, 25, "Three payments or more were declined within a day"),
        Rule("card_abroad", "card_abroad", 1, 20, "The card was issued in another country"),
        Rule("billing_differs", "billing_differs", 1, 5, "The bill goes to another state than the parcel"),
        Rule("first_cod", "first_cod", 1, 5, "The first order, and cash on delivery"),
        Rule("first_is_large", "first_total", 10_000_000, 15, "The first order, and very large"),
        Rule("unusual_total", "percent_of_usual", 1000, 10, "Ten times what this customer usually orders for"),
        Rule("pin_state", "pin_state_mismatch", 1, 10, "The PIN code is not one of the state"),
        Rule("address_short", "address_short", 1, 10, "The address is too short to be found"),
        Rule("letters_repeated", "letters_repeated", 1, 15, "Name or street repeats one letter"),
    ),
)
