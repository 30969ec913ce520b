"""From signals and rules to a score with its reasons: deterministic, and never lower when a signal is higher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from orders.risk.rules import SCORE_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orders.risk.rules import Rule, Ruleset

PASS: Final = "pass"  # noqa: S105 a verdict, no secret
HOLD: Final = "hold"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score` is the sum of the points of `fired`, at most 100."""

    score: int
    word: str
    fired: tuple[Rule, ...]


def judge(signals: Mapping[str, int], ruleset: Ruleset) -> Verdict:
    """Which rules fire, what they come to, and whether the order waits for a person."""
    fired = tuple(rule for rule in ruleset.rules if signals.get(rule.signal, 0) >= rule.at_least and rule.points)
    score = min(SCORE_MAX, sum(rule.points for rule in fired))
    return Verdict(score, HOLD if score >= ruleset.hold_from else PASS, fired)
