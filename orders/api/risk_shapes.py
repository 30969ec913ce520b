"""What the API says of the risk of orders, and takes about its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from orders.operations.reviewing import REASON_CHARS_MAX as REVIEW_CHARS_MAX
from orders.operations.reviewing import VERDICTS
from orders.operations.risk_rules import BLOCK_REASONS
from orders.risk.rules import AT_LEAST_MAX, REASON_CHARS_MAX, SCORE_MAX
from orders.risk.signals import SIGNALS
from orders.risk.verdict import HOLD, PASS
from timeline.api.wire import Choice, Input, Output, Page, StrictInt, StrictText

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orders.models import RiskBlock
    from orders.operations.risk_rules import DryRun
    from orders.risk.rules import Ruleset


class RiskReasonShape(Output):
    """One rule that fired."""

    rule = s.CharField()
    points = s.IntegerField()
    reason = s.CharField()


class RiskShape(Output):
    """How likely the order is fraud, as it looked when it was placed; the score is the sum of the points, at most 100."""

    score = s.IntegerField(min_value=0, max_value=100)
    verdict = s.ChoiceField(choices=["pass", "hold"])
    reasons = RiskReasonShape(many=True)
    ruleset_version = s.IntegerField()
    assessed_at = s.DateTimeField()


class RuleShape(Output):
    """One rule: from `atLeast` of the signal on it gives so many points."""

    id = s.CharField()
    signal = s.CharField()
    at_least = s.IntegerField()
    points = s.IntegerField()
    reason = s.CharField()


class RulesetShape(Output):
    """The rules that hold, and all signals a rule may name with what they count."""

    version = s.IntegerField()
    hold_from = s.IntegerField()
    rules = RuleShape(many=True)
    signals = s.DictField(child=s.CharField())


class VerdictChangeShape(Output):
    """An order whose verdict would be another one."""

    order_id = s.UUIDField()
    order_number = s.CharField()
    verdict_before = s.CharField()
    verdict = s.CharField()
    score_before = s.IntegerField()
    score = s.IntegerField()
    rules = s.ListField(child=s.CharField())


class DryRunShape(Output):
    """What the rules would say of the newest orders, at most a thousand, beside what was said when they were placed."""

    assessed = s.IntegerField()
    held = s.IntegerField()
    passed = s.IntegerField()
    newly_held = s.IntegerField()
    newly_passed = s.IntegerField()
    changes = VerdictChangeShape(many=True)


class BlockShape(Output):
    """One entry of the blocklist; what is blocked is kept as a keyed hash and cannot be read."""

    id = s.UUIDField()
    kind = s.CharField()
    reason = s.CharField()
    created_by = s.CharField()
    created_at = s.DateTimeField()


class BlockPage(Page):
    """Entries of one page."""

    data: Any = BlockShape(many=True)


class RuleInput(Input):
    """One rule: from `atLeast` of the signal on it gives so many points."""

    id = StrictText(max_length=40)
    signal = Choice(choices=tuple(SIGNALS))
    at_least = StrictInt(min_value=1, max_value=AT_LEAST_MAX)
    points = StrictInt(min_value=0, max_value=SCORE_MAX)
    reason = StrictText(max_length=REASON_CHARS_MAX)


class RulesInput(Input):
    """Rules in their order, and the score from which on an order waits. `version` refuses what somebody else changed meanwhile."""

    hold_from = StrictInt(min_value=1, max_value=SCORE_MAX)
    rules = RuleInput(many=True)
    version = StrictInt(min_value=0, max_value=AT_LEAST_MAX, required=False, allow_null=True, default=None)


class DryRunInput(Input):
    """Rules to try; without `holdFrom` the threshold that holds now."""

    hold_from = StrictInt(min_value=1, max_value=SCORE_MAX, required=False, allow_null=True, default=None)
    rules = RuleInput(many=True)


class BlockInput(Input):
    """What is blocked: an e-mail, a phone, or an address as street, city and PIN code in one text."""

    kind = Choice(choices=("email", "phone", "address"))
    value = StrictText(max_length=400)
    reason = Choice(choices=BLOCK_REASONS, required=False, default="fraud")


class ReviewInput(Input):
    """A person's verdict on an order that waits: `pass` lets it go on, `reject` cancels it as fraud. The reason is sealed."""

    verdict = Choice(choices=VERDICTS)
    reason = StrictText(max_length=REVIEW_CHARS_MAX, multiline=True)


_RULE = {"id": "first_cod", "signal": "first_cod", "atLeast": 1, "points": 20, "reason": "The first order, and cash on delivery"}
BODIES: dict[str, dict[str, Any]] = {
    "RulesInput": {"holdFrom": 60, "rules": [_RULE]},
    "DryRunInput": {"holdFrom": 60, "rules": [_RULE]},
    "ReviewInput": {"verdict": "pass", "reason": "Known customer, phoned"},
    "BlockInput": {"kind": "phone", "value": "+919845012345", "reason": "chargeback"},
}
for _name, _body in BODIES.items():
    _example = OpenApiExample(_name.removesuffix("Input"), value=_body, request_only=True)
    extend_schema_serializer(examples=[_example])(globals()[_name])


def ruleset_data(wish: Mapping[str, Any], *, hold_from: int) -> dict[str, Any]:
    """The rules of a body in the form they are kept in."""
    return {
        "holdFrom": hold_from,
        "rules": [
            {"id": row["id"], "signal": row["signal"], "atLeast": row["at_least"], "points": row["points"], "reason": row["reason"]}
            for row in wish["rules"]
        ],
    }


def ruleset_row(ruleset: Ruleset) -> dict[str, Any]:
    """The rules with the signals there are."""
    return {"version": ruleset.version, **ruleset.to_data(), "signals": SIGNALS}


def dry_run_row(done: DryRun) -> dict[str, Any]:
    """What rules would say."""
    return {
        "assessed": done.assessed,
        "held": done.held,
        "passed": done.assessed - done.held,
        "newlyHeld": done.changed_to[HOLD],
        "newlyPassed": done.changed_to[PASS],
        "changes": [
            {
                "orderId": change.order_id, "orderNumber": change.number, "verdictBefore": change.before,
                "verdict": change.after.word, "scoreBefore": change.score_before, "score": change.after.score,
                "rules": [rule.id for rule in change.after.fired],
            }
            for change in done.changes
        ],
    }


def block_row(row: RiskBlock) -> dict[str, Any]:
    """One entry of the blocklist."""
    return {"id": row.pk, "kind": row.kind, "reason": row.reason, "createdBy": row.created_by, "createdAt": row.created_at}
