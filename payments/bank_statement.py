"""The bank's statement: read strictly, written down once, matched to payouts and remittances by their UTR."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from payments import operations
from timeline.errors import Invalid
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from datetime import date

    from timeline.actors import Actor

ROWS_MAX = 20_000
NARRATION_CHARS_MAX = 300
MATCHES_MAX = 500
# The words of Indian banks' own exports, in lower case.
DATE = ("date", "txn date", "transaction date", "value date", "tran date")
NARRATION = ("narration", "description", "particulars", "remarks", "transaction remarks")
UTR = ("utr", "reference", "ref no", "ref no.", "utr number", "chq./ref.no.", "ref no./cheque no.", "transaction id")
CREDIT = ("credit", "deposit", "deposit amt.", "credit amount", "deposit amount (inr )", "cr")
DEBIT = ("debit", "withdrawal", "withdrawal amt.", "debit amount", "withdrawal amount (inr )", "dr")
AMOUNT = ("amount", "transaction amount")
DAYS = ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d/%m/%y", "%d-%b-%Y", "%d %b %Y")
_RUPEES = re.compile(r"-?\d[\d,]*(\.\d{1,2})?")


class BadStatement(Invalid):
    """The file is no statement we can read: nothing of it was imported."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a statement; money in is positive. `key` is the same whenever the same line is read."""

    day: date
    narration: str
    utr: str
    amount_minor: int
    key: str


def read(text: str) -> list[Row]:
    """The lines of a CSV with the columns banks use; raises `BadStatement` naming each bad line."""
    table = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    try:
        rows = list(table)
    except csv.Error as error:
        raise BadStatement(f"This is no CSV: {error}.") from error
    start, places = _header(rows)
    errors: list[tuple[str, str]] = []
    found: list[Row] = []
    seen: Counter[str] = Counter()
    for number, cells in enumerate(rows[start:], start=start + 1):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            found.append(_row(cells, places, seen))
        except ValueError as error:
            errors.append((f"#/lines/{number}", str(error)))
    if len(found) > ROWS_MAX:
        raise BadStatement(f"A statement has at most {ROWS_MAX} lines.")
    if errors:
        raise BadStatement("Some lines cannot be read; nothing was imported.", errors=errors[:50])
    return found


@retried
def take(text: str, *, actor: Actor) -> tuple[int, int]:
    """Write a statement down and match what can be matched; how many lines were new, and how many found their payout.

    Raises `BadStatement`.
    """
    rows = read(text)
    with operation("bank.import", actor=actor, stream=operations.BANK_STREAM) as op:
        new = operations.keep_bank_lines(op, rows=rows)
    return new, match_waiting(actor=actor)


@retried
def match_waiting(*, actor: Actor) -> int:
    """Match bank lines that wait for their payout; returns how many found it."""
    wanted = operations.matches(limit=MATCHES_MAX)
    for line_id, owner in wanted:
        with operation("bank.match", actor=actor, stream=owner.stream) as op:
            operations.match_bank_line(op, line_id=line_id, to=owner)
    return len(wanted)


def _header(rows: list[list[str]]) -> tuple[int, dict[str, int]]:
    """Where the lines begin, and which column is which; banks put their address above the header."""
    for number, cells in enumerate(rows[:40]):
        names = [cell.strip().lower() for cell in cells]
        places = {
            word: names.index(name)
            for word, choices in (
                ("date", DATE), ("narration", NARRATION), ("utr", UTR), ("credit", CREDIT), ("debit", DEBIT),
                ("amount", AMOUNT),
            )
            for name in choices
            if name in names
        }
        if "date" in places and ("credit" in places or "amount" in places):
            return number + 1, places
    raise BadStatement("There is no header with a date and a credit or amount column.")


def _row(cells: list[str], places: dict[str, int], seen: Counter[str]) -> Row:
    def cell(word: str) -> str:
        place = places.get(word)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    credit, debit, amount = cell("credit"), cell("debit"), cell("amount")
    minor = _minor(amount) if amount and not (credit or debit) else _minor(credit) - _minor(debit)
    if not minor:
        raise ValueError("The line moves no money.")
    day, narration, utr = _day(cell("date")), cell("narration")[:NARRATION_CHARS_MAX], cell("utr")[:60]
    said = "\x1f".join((day.isoformat(), narration, utr, str(minor)))
    seen[said] += 1
    key = hashlib.sha256(f"{said}\x1f{seen[said]}".encode()).hexdigest()
    return Row(day=day, narration=narration, utr=utr, amount_minor=minor, key=key)


def _day(text: str) -> date:
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 a day has no time zone
        except ValueError:
            continue
    raise ValueError(f"{text[:20]!r} is no date.")


def _minor(text: str) -> int:
    if not text:
        return 0
    if not _RUPEES.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no amount.")
    whole, _, part = text.replace(",", "").lstrip("-").partition(".")
    minor = int(whole) * 100 + int((part + "00")[:2])
    return -minor if text.startswith("-") else minor
