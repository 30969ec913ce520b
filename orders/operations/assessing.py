"""The verdict on a new order, in the operation that places it, and again when its card turns out to be foreign (B71, A13).

Two orders placed in the same instant do not count each other: velocity is a mark among others, and waits for nobody.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Q

from orders.models import Order, OrderPayment, RiskAssessment, RiskBlock, RiskRuleset, RiskTrace
from orders.operations import balance, holds
from orders.operations.people import normal
from orders.risk import rules, signals, verdict
from payments.models import SUPERSEDED
from timeline import vault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from timeline.operations import Operation

PAST_ORDERS_MAX: Final = 50
TRACES_KEPT: Final = timedelta(days=2)
TRACES_FORGOTTEN_MAX: Final = 10_000
BY: Final = "risk"
_HOUR, _DAY = timedelta(hours=1), timedelta(hours=24)
_NOT_WORD = re.compile(r"\W+")
_NOT_DIGIT = re.compile(r"\D+")


def current() -> rules.Ruleset:
    """The rules that hold. One statement."""
    row = RiskRuleset.objects.order_by("-version").first()
    return rules.DEFAULT if row is None else rules.of_data(row.version, row.data)


def assess(
    op: Operation, *, order: Order, contact: Mapping[str, Any], shipping: Mapping[str, Any], billing: Mapping[str, Any],
    origin: str = "",
) -> RiskAssessment:
    """Measure, judge and write down; the caller sets the hold. `origin` is the network the order came from, if known.

    At most five reads and three writes, however many orders there are.
    """
    tokens = _tokens(contact, shipping, origin)
    measured = {
        **signals.of_address(shipping, billing),
        **signals.of_email(str(contact.get("email") or "")),
        **_velocity(tokens, op.now),
        **_past(order, op.now),
        "blocklisted": RiskBlock.objects.filter(token__in=list(tokens.values())).count(),
    }
    row = RiskAssessment(order=order, created_at=op.now)
    _judge(op, row, measured)
    row.save(force_insert=True)
    RiskTrace.objects.bulk_create(
        [RiskTrace(person_id=order.person_id, token=token, created_at=op.now) for token in tokens.values()]
    )
    return row


def weigh_card(op: Operation, *, order: Order) -> None:
    """Judge an order anew that a card from another country paid; it waits if it must now and has not left yet.

    A repeat changes nothing, nor does a card that paid for what was not assessed (an exchange, a channel's order).
    """
    row = RiskAssessment.objects.filter(order=order).first()
    if row is None or row.signals.get("card_abroad"):
        return

    passed = row.verdict != verdict.HOLD
    _judge(op, row, {**row.signals, "card_abroad": 1})
    row.save(force_update=True)
    if passed and row.verdict == verdict.HOLD and order.status in balance.OPEN:
        with suppress(holds.HoldsFull):  # it waits for ten others already, and its money goes on
            hold_for_review(op, order=order)


def _judge(op: Operation, row: RiskAssessment, measured: dict[str, int]) -> None:
    """What the rules that hold say of these signals, into the order's story first and then into its row."""
    ruleset = current()
    found = verdict.judge(measured, ruleset)
    op.record(
        row.order, "risk.assessed", stream=str(row.order_id),
        facts={
            "score": found.score, "verdict": found.word, "rules": [rule.id for rule in found.fired],
            "ruleset_version": ruleset.version,
        },
    )
    row.score, row.verdict, row.signals, row.ruleset_version = found.score, found.word, measured, ruleset.version
    row.reasons = [{"rule": rule.id, "points": rule.points, "reason": rule.reason} for rule in found.fired]


def hold_for_review(op: Operation, *, order: Order) -> None:
    """Let the order wait for a person; its payment goes on."""
    with op.about(str(order.pk)):
        holds.hold(op, order_id=order.pk, reason="fraud_review", created_by=BY)
    order.on_hold = True


def forget_traces(op: Operation) -> int:
    """Delete what is too old to be counted; returns how many."""
    stale = list(
        RiskTrace.objects.filter(created_at__lt=op.now - TRACES_KEPT).values_list("pk", flat=True)[:TRACES_FORGOTTEN_MAX]
    )
    RiskTrace.objects.filter(pk__in=stale).delete()
    return len(stale)


def token_of(kind: str, text: str) -> bytes:
    """The blind token of an e-mail, phone or address (street, city and PIN in one text), as the blocklist keeps it."""
    if kind == "phone":
        plain = _NOT_DIGIT.sub("", text)[-10:]
    elif kind == "address":
        plain = _NOT_WORD.sub("", normal(text))
    else:
        plain = normal(text)
    return vault.blind(f"risk_{kind}", plain) if plain else b""


def _tokens(contact: Mapping[str, Any], shipping: Mapping[str, Any], origin: str) -> dict[str, bytes]:
    texts = {
        "email": str(contact.get("email") or ""),
        "phone": str(shipping.get("phone") or contact.get("phone") or ""),
        "address": " ".join(str(shipping.get(part) or "") for part in ("line1", "line2", "city", "postalCode")),
        "origin": origin,
    }
    found = {kind: token_of(kind, text) for kind, text in texts.items()}
    return {kind: token for kind, token in found.items() if token}


def _velocity(tokens: Mapping[str, bytes], now: datetime) -> dict[str, int]:
    """Orders before this one with the same e-mail, phone, address and network."""
    seen = RiskTrace.objects.filter(token__in=list(tokens.values()), created_at__gt=now - _DAY)
    counted = {
        bytes(row["token"]): row
        for row in seen.values("token").annotate(day=Count("pk"), hour=Count("pk", filter=Q(created_at__gt=now - _HOUR)))
    }
    found: dict[str, int] = {}
    for kind, token in tokens.items():
        row = counted.get(token, {"hour": 0, "day": 0})
        found |= {f"{kind}_orders_1h": row["hour"], f"{kind}_orders_24h": row["day"]}
    return found


def _past(order: Order, now: datetime) -> dict[str, int]:
    """What the person's newest orders before this one tell."""
    past: Sequence[tuple[Any, int, datetime]] = list(
        Order.objects.filter(person_id=order.person_id).exclude(pk=order.pk)
        .order_by("-created_at").values_list("pk", "total_minor", "created_at")[:PAST_ORDERS_MAX]
    )
    today = [row[0] for row in past if row[2] > now - _DAY]
    declined = 0
    if today:
        tried = OrderPayment.objects.filter(order__in=today).exclude(payment__error_code=SUPERSEDED)
        declined = sum(
            attempts - (status != "failed") for attempts, status in tried.values_list("payment__attempts", "payment__status")
        )
    return {
        **signals.of_money(
            total_minor=order.total_minor, past_minor=[row[1] for row in past], is_cod=order.payment_method == "cod"
        ),
        "person_orders_1h": sum(row[2] > now - _HOUR for row in past),
        "person_orders_24h": len(today),
        "declined_24h": declined,
    }
