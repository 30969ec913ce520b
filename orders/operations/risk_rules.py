"""The rules of risk and the blocklist, changed by staff; each change is an event of the story `risk`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from orders import colleagues
from orders.models import RiskAssessment, RiskBlock, RiskRuleset
from orders.operations import assessing
from orders.risk import rules, verdict
from timeline.errors import Invalid, Missing, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from timeline.operations import Operation

STORY: Final = "risk"
DRY_RUN_ORDERS_MAX: Final = 1000
BLOCK_REASONS: Final = ("fraud", "chargeback", "abuse", "other")


class RulesChanged(Refused):
    """Somebody changed the rules meanwhile; read them again."""


class NothingToBlock(Invalid):
    """The value holds no letter or digit to know it by."""


@dataclass(frozen=True, slots=True)
class Change:
    """An order whose verdict would be another one."""

    order_id: UUID
    number: str
    before: str
    after: verdict.Verdict
    score_before: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """What rules would say of the newest orders, beside what was said when they were placed."""

    assessed: int
    held: int
    changes: list[Change]

    @property
    def changed_to(self) -> Counter[str]:
        """How many verdicts would become which."""
        return Counter(change.after.word for change in self.changes)


def checked(data: Mapping[str, Any], *, version: int = 0) -> rules.Ruleset:
    """The ruleset of its JSON. Raises Invalid naming what is wrong."""
    try:
        return rules.of_data(version, data)
    except rules.RulesWrong as error:
        raise Invalid("These rules cannot be used.", errors=error.errors) from error


def put(op: Operation, *, data: Mapping[str, Any], expected_version: int | None = None) -> rules.Ruleset:
    """Make these the rules, as a new version; the same rules again change nothing. In the story `risk`, which is locked.

    Raises MayNotJudge, Invalid, RulesChanged when the rules are not of `expected_version` any more.
    """
    colleagues.require_judge(op.actor)
    now = assessing.current()

    if expected_version is not None and expected_version != now.version:
        raise RulesChanged(version=now.version)
    wanted = checked(data, version=now.version + 1)
    if (wanted.hold_from, wanted.rules) == (now.hold_from, now.rules):
        return now

    row = RiskRuleset(version=wanted.version, data=wanted.to_data(), created_by=op.actor.id, created_at=op.now)
    told = [{"id": rule.id, "signal": rule.signal, "at_least": rule.at_least, "points": rule.points} for rule in wanted.rules]
    op.record(row, "risk.rules_changed", stream=STORY, facts={"version": row.version, "hold_from": wanted.hold_from, "rules": told})
    row.save(force_insert=True)
    return wanted


def block(op: Operation, *, kind: str, value: str, reason: str) -> RiskBlock:
    """Let every order with this e-mail, phone or address wait; a repeat gives the entry there is. Raises MayNotJudge, NothingToBlock."""
    colleagues.require_judge(op.actor)
    token = assessing.token_of(kind, value)
    if not token:
        raise NothingToBlock(errors=[("#/value", "Needed.")])
    found = RiskBlock.objects.filter(token=token).first()
    if found is not None:
        return found

    row = RiskBlock(id=op.new_id(), kind=kind, token=token, reason=reason, created_by=op.actor.id, created_at=op.now)
    op.record(row, "risk.blocked", stream=STORY, facts={"kind": kind, "reason": reason})
    row.save(force_insert=True)
    return row


def unblock(op: Operation, *, block_id: UUID) -> None:
    """Take an entry off the blocklist. Raises MayNotJudge, Missing."""
    colleagues.require_judge(op.actor)
    row = RiskBlock.objects.filter(pk=block_id).first()
    if row is None:
        raise Missing

    op.record(row, "risk.unblocked", stream=STORY, facts={"kind": row.kind, "reason": row.reason})
    RiskBlock.objects.filter(pk=row.pk).delete()


def dry_run(ruleset: rules.Ruleset) -> DryRun:
    """What these rules say of the newest thousand orders, by the signals that were recorded with them. One statement."""
    newest = RiskAssessment.objects.order_by("-created_at").values_list("order_id", "order__number", "verdict", "score", "signals")
    assessed = held = 0
    changes = []
    for order_id, number, before, score, signals in newest[:DRY_RUN_ORDERS_MAX]:
        after = verdict.judge(signals, ruleset)
        assessed += 1
        held += after.word == verdict.HOLD
        if after.word != before:
            changes.append(Change(order_id, number, before, after, score))
    return DryRun(assessed, held, changes)
