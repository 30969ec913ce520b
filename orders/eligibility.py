"""Whether goods may come back: the rules as a table a person can read (B27, E21). Pure, no Django.

Each rule looks at one line of the order and at what is asked of it; the first that does not hold says why. Customers are bound
by all of them. Staff are bound by those about units alone: no rule of the shop makes a unit that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DEFECTIVE, WRONG_ITEM, NOT_AS_DESCRIBED, DAMAGED = "defective", "wrong_item", "not_as_described", "damaged_in_transit"
NO_LONGER_WANTED, SIZE, OTHER = "no_longer_wanted", "size", "other"
OUR_FAULT = frozenset({DEFECTIVE, WRONG_ITEM, NOT_AS_DESCRIBED, DAMAGED})
CHANGE_OF_MIND = (NO_LONGER_WANTED, SIZE, OTHER)
REASONS = (DEFECTIVE, WRONG_ITEM, NOT_AS_DESCRIBED, DAMAGED, *CHANGE_OF_MIND)
UNOPENED, OPENED, USED, BROKEN = "unopened", "opened", "used", "broken"
CONDITIONS = (UNOPENED, OPENED, USED, BROKEN)
BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Policy:
    """What the shop has agreed: days after delivery, what is approved at once, and the fee for a change of mind, in basis points."""

    window_days: int
    instant_reasons: frozenset[str] = frozenset()
    instant_minor_max: int = 0
    fees_bp: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bought:
    """One line as it stands: units that arrived, came back, and are asked for in returns under way.

    `window_days` is what the product itself says: None for the shop's own, 0 for a final sale.
    """

    delivered: int
    returned: int
    asked: int
    delivered_at: datetime | None
    window_days: int | None = None

    @property
    def left(self) -> int:
        """Units that may still be asked for."""
        return max(0, self.delivered - self.returned - self.asked)


@dataclass(frozen=True, slots=True)
class Asked:
    """So many units of a line, why, and in which condition they are."""

    units: int
    reason: str
    condition: str = UNOPENED


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its code, what the customer reads when it does not hold, whether staff are bound too, and the rule itself."""

    code: str
    sentence: str
    binds_staff: bool
    holds: Callable[[Bought, Asked, Policy, datetime], bool]


def window_of(bought: Bought, policy: Policy) -> int:
    """Days after the delivery in which a change of mind counts."""
    return policy.window_days if bought.window_days is None else bought.window_days


def last_moment(bought: Bought, policy: Policy) -> datetime | None:
    """Until when the line may be asked for; None before it arrived."""
    return bought.delivered_at + timedelta(days=_days(bought, policy)) if bought.delivered_at is not None else None


def _days(bought: Bought, policy: Policy) -> int:
    """A final sale may still be broken: then the shop's own window counts."""
    return window_of(bought, policy) or policy.window_days


def _in_time(bought: Bought, asked: Asked, policy: Policy, now: datetime) -> bool:
    del asked
    last = last_moment(bought, policy)
    return last is not None and now <= last


RULES: tuple[Rule, ...] = (
    Rule("not_delivered", "It has not been delivered yet.", True, lambda bought, *_: bought.delivered > 0),
    Rule(
        "not_twice", "No more units are left to send back: they came back before, or are on their way.", True,
        lambda bought, asked, *_: 1 <= asked.units <= bought.left,
    ),
    Rule(
        "final_sale", "It was sold finally: it comes back only when something is wrong with it.", False,
        lambda bought, asked, policy, _: asked.reason in OUR_FAULT or window_of(bought, policy) > 0,
    ),
    Rule("too_late", "The time to send it back is over.", False, _in_time),
    Rule(
        "condition", "Used or broken goods come back only when something was wrong with them.", False,
        lambda _, asked, *__: asked.reason in OUR_FAULT or asked.condition in (UNOPENED, OPENED),
    ),
)


def broken(bought: Bought, asked: Asked, policy: Policy, now: datetime) -> list[Rule]:
    """The rules that do not hold, in their order; none means the goods may come back."""
    return [rule for rule in RULES if not rule.holds(bought, asked, policy, now)]


def fee_bp(reason: str, policy: Policy) -> int:
    """The restocking fee in basis points of what the units are worth: none where the fault is ours."""
    return 0 if reason in OUR_FAULT else min(max(policy.fees_bp.get(reason, 0), 0), BASIS_POINTS)


def approves_itself(reasons: frozenset[str], worth_minor: int, policy: Policy, *, broken_codes: bool) -> bool:
    """Whether a return needs no person to approve it: every reason is trusted, and it is worth little enough."""
    return not broken_codes and reasons <= policy.instant_reasons and worth_minor <= policy.instant_minor_max
