"""Reading the gateway's settlement report, with no transaction open, and writing it down payout by payout."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.utils import timezone
from django.utils.timezone import localdate

from payments import bank_statement, operations
from payments.gateways import gateway
from payments.gateways.base import GatewayError, GatewayRefused
from payments.models import RAZORPAY
from timeline.actors import system
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from payments.gateways.base import Gateway, GatewaySettlement, GatewaySettlementLine

LOOK_BACK_DAYS = 8

log = structlog.get_logger("bahi.settlements")


def read_due() -> int:
    """Read the last eight days again, so that what came late or was missed is written down (F30, F49); counts lines."""
    today, lines = localdate(timezone.now()), 0
    for back in range(LOOK_BACK_DAYS + 1):
        try:
            lines += read_day(today - timedelta(days=back))
        except GatewayError as error:
            log.warning("settlements.unanswered", error=str(error))
            break
    bank_statement.match_all(actor=system("payments"))
    return lines


def read_day(day: date) -> int:
    """Write down every payout of a day; returns how many lines the report has. Raises GatewayError."""
    talk = gateway(RAZORPAY)
    return _take(talk, talk.settlement_lines(day=day))


def follow(talk: Gateway, gateway_settlement_id: str) -> int:
    """Read the day of one payout, which a notice spoke of; 0 when the gateway does not know it."""
    try:
        seen = talk.fetch_settlement(gateway_settlement_id=gateway_settlement_id)
    except GatewayRefused:
        return 0
    return _take(talk, talk.settlement_lines(day=localdate(seen.created_at or timezone.now())))


def _take(talk: Gateway, lines: Sequence[GatewaySettlementLine]) -> int:
    """Lines on hold or not yet paid out are left for the day they are; a payout the gateway will not show, for the next reading."""
    by_payout: dict[str, list[GatewaySettlementLine]] = defaultdict(list)
    for line in lines:
        if line.settled and not line.on_hold and line.settlement_id:
            by_payout[line.settlement_id].append(line)
    for gateway_settlement_id, its_lines in by_payout.items():
        try:
            seen = talk.fetch_settlement(gateway_settlement_id=gateway_settlement_id)
        except GatewayRefused as error:
            log.warning("settlements.refused", settlement=gateway_settlement_id, error=str(error))
            continue
        _write(seen, its_lines)
    if by_payout:
        bank_statement.match_waiting(actor=system("payments"))
    return len(lines)


@retried
def _write(seen: GatewaySettlement, lines: Sequence[GatewaySettlementLine]) -> None:
    with operation("settlement.book", actor=system("payments"), stream=f"settlement:{seen.id}") as op:
        operations.book_settlement(op, seen=seen, lines=lines)
