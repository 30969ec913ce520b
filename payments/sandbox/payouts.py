"""Settlements, their report, and the bank's statement; and how a script bends them.

``recon.omit`` names entities that are not paid out while they are named: neither report nor payout has them. Those
``recon.double`` names are paid out twice and stand twice in the report. ``bank.omit`` and ``bank.short`` bend the
statement alone: a payout that never arrives, or arrives so much smaller.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

from payments.sandbox import entities, outbox
from payments.sandbox.bank import find
from payments.sandbox.entities import Entity
from payments.sandbox.store import Ledger

INDIA_OFFSET_S = 19800
DAY_S = 86400
PAGE_MAX = 1000


def settle(ledger: Ledger, account_id: str, *, before: int) -> Entity | None:
    """Pay out what was captured, refunded or adjusted before a moment; None when there is nothing to pay out."""
    script = _script(ledger, "recon")
    omitted, doubled = set(script.get("omit", [])), set(script.get("double", []))
    due = [found for found in ledger.unsettled(before) if _payable(ledger, found) and found["id"] not in omitted]
    if not due:
        return None
    fees = tax = balance = 0
    for found in due:
        times = 2 if found["id"] in doubled else 1
        debit, credit, fee, its_tax = _sides(found)
        balance += times * (credit - debit)
        fees += times * fee
        tax += times * its_tax
    made: Entity = {
        "id": entities.new_id("setl"), "entity": "settlement", "amount": balance, "status": "processed", "fees": fees,
        "tax": tax, "utr": f"{int(ledger.now)}{entities.token()[:6].lower()}", "created_at": int(ledger.now),
    }  # fmt: skip
    ledger.add(made, hidden={"double": sorted(doubled & {found["id"] for found in due})})
    ledger.settle([found["id"] for found in due], made["id"])
    outbox.announce(ledger, "settlement.processed", account_id, settlement=made)
    return made


def start_of_day(now: float) -> int:
    """Midnight in India, in unix seconds."""
    return int(now + INDIA_OFFSET_S) // DAY_S * DAY_S - INDIA_OFFSET_S


def recon_items(ledger: Ledger, *, since: int, until: int) -> list[Entity]:
    """The lines of the settlements made within a span of unix seconds, both ends included."""
    lines = []
    for settlement in ledger.page("settlement", since=since, until=until, count=PAGE_MAX):
        doubled = ledger.hidden(settlement["id"]).get("double", [])
        for found in ledger.settled(settlement["id"]):
            line = _line(ledger, found, settlement)
            lines += [line, line] if found["id"] in doubled else [line]
    return lines


def statement(ledger: Ledger, *, since: int, until: int) -> str:
    """The bank's statement as CSV: a line a payout, in rupees, the oldest first."""
    script = _script(ledger, "bank")
    omitted, short = set(script.get("omit", [])), script.get("short", {})
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Date", "Narration", "UTR", "Debit", "Credit", "Balance"])
    balance = 0
    for settlement in reversed(ledger.page("settlement", since=since, until=until, count=PAGE_MAX)):
        if settlement["id"] in omitted:
            continue
        amount = settlement["amount"] - short.get(settlement["id"], 0)
        balance += amount
        day = dt.datetime.fromtimestamp(settlement["created_at"] + INDIA_OFFSET_S, tz=dt.UTC)
        debit, credit = (_rupees(-amount), "") if amount < 0 else ("", _rupees(amount))
        narration = f"NEFT CR RAZORPAY SOFTWARE {settlement['utr'].upper()}"
        writer.writerow([f"{day:%d/%m/%Y}", narration, settlement["utr"], debit, credit, _rupees(balance)])
    return out.getvalue()


def _line(ledger: Ledger, found: Entity, settlement: Entity) -> Entity:
    if found["entity"] == "adjustment":
        return entities.adjustment_item(found, settlement=settlement)
    paid = found if found["entity"] == "payment" else find(ledger, "payment", found["payment_id"])
    order = ledger.get("order", paid["order_id"])
    return entities.recon_item(found, paid=paid, of_order=order, settlement=settlement)


def _sides(found: Entity) -> tuple[int, int, int, int]:
    """Debit, credit, fee and tax of an entity."""
    if found["entity"] == "payment":
        return 0, found["amount"] - found["fee"], found["fee"], found["tax"]
    if found["entity"] == "adjustment":
        return found["debit"], found["credit"], 0, 0
    return found["amount"], 0, 0, 0


def _payable(ledger: Ledger, found: Entity) -> bool:
    if found["entity"] == "payment":
        return bool(found["captured"])
    if found["entity"] == "adjustment":
        return True
    return found["status"] == "processed" and bool(find(ledger, "payment", found["payment_id"])["captured"])


def _script(ledger: Ledger, part: str) -> dict[str, Any]:
    found: dict[str, Any] = ledger.setting("faults").get(part, {})
    return found


def _rupees(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"
