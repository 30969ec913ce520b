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

ROWS_MAX = 100_000
RUPEES_DIGITS_MAX = 11
YEAR_MIN, YEAR_MAX = 2000, 2199
NARRATION_CHARS_MAX = 300
MATCHES_MAX, ROUNDS_MAX = 500, 200
# The words of Indian banks' own exports, in lower case.
DATE = ("date", "txn date", "transaction date", "value date", "tran date")
NARRATION = ("narration", "description", "particulars", "remarks", "transaction remarks")
UTR = ("utr", "reference", "ref no", "ref no.", "utr number", "chq./ref.no.", "ref no./cheque no.", "transaction id")
CREDIT = ("credit", "deposit", "deposit amt.", "credit amount", "deposit amount (inr )", "cr")
DEBIT = ("debit", "withdrawal", "withdrawal amt.", "debit amount", "withdrawal amount (inr )", "dr")
AMOUNT = ("amount", "transaction amount", "transaction amount(inr)")
SIDE = ("dr / cr", "dr/cr", "cr/dr", "debit/credit", "type")
COLUMNS = (
    ("date", DATE), ("narration", NARRATION), ("utr", UTR), ("credit", CREDIT), ("debit", DEBIT), ("amount", AMOUNT),
    ("side", SIDE),
)
DAYS = ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d/%m/%y", "%d-%b-%Y", "%d %b %Y")
_RUPEES = re.compile(r"-?[0-9]+(?:,[0-9]{2,3})*(?:\.[0-9]{1,2})?")


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
            found.append(_row(cells, places, seen, width=len(rows[start - 1])))
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
    return new, match_all(actor=actor)


def match_all(*, actor: Actor) -> int:
    """Match every bank line that can be, in rounds; returns how many found their payout."""
    found = 0
    for _ in range(ROUNDS_MAX):
        matched = match_waiting(actor=actor)
        found += matched
        if matched < MATCHES_MAX:
            break
    return found


@retried
def match_waiting(*, actor: Actor) -> int:
    """Match some of the bank lines that wait for their payout, as many as a request has time for; returns how many found it."""
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
            word: names.index(name) for word, choices in COLUMNS for name in reversed(choices) if name in names
        }
        if "date" in places and ("credit" in places or "amount" in places):
            return number + 1, places
    raise BadStatement("There is no header with a date and a credit or amount column.")


def _row(cells: list[str], places: dict[str, int], seen: Counter[str], *, width: int) -> Row:
    if any(cells[width:]):
        raise ValueError("The line has more cells than the header: an amount with commas stands in quotes.")

    def cell(word: str) -> str:
        place = places.get(word)
        text = cells[place] if place is not None and place < len(cells) else ""
        return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())

    minor = _moved(cell("credit"), cell("debit"), cell("amount"), cell("side").lower() if "side" in places else None)
    if not minor:
        raise ValueError("The line moves no money.")
    day, narration, utr = day_of(cell("date")), cell("narration")[:NARRATION_CHARS_MAX], cell("utr")[:60]
    said = "\x1f".join((day.isoformat(), narration, utr, str(minor)))
    seen[said] += 1
    key = hashlib.sha256(f"{said}\x1f{seen[said]}".encode()).hexdigest()
    return Row(day=day, narration=narration, utr=utr, amount_minor=minor, key=key)


def _moved(credit: str, debit: str, amount: str, side: str | None) -> int:
    """Money in is positive, whether the bank has two columns, one with a sign, or one with `Dr` and `Cr` beside it."""
    if credit or debit or not amount:
        return minor_of(credit) - minor_of(debit)
    if side is None:
        return minor_of(amount)
    if side not in ("cr", "dr", "c", "d", "credit", "debit"):
        raise ValueError("The line does not say whether it is a debit or a credit.")
    return minor_of(amount) if side.startswith("c") else -minor_of(amount)


def day_of(text: str) -> date:
    """A day as banks write it. Raises ValueError with a sentence."""
    for form in DAYS:
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007 a day has no time zone
        except ValueError:
            continue
        if YEAR_MIN <= day.year <= YEAR_MAX:
            return day
    raise ValueError(f"{text[:20]!r} is no date.")


def minor_of(text: str) -> int:
    """Rupees in paise, `1,23,456.70` is 12345670; nothing is 0. Raises ValueError with a sentence."""
    if not text:
        return 0
    whole, _, part = text.replace(",", "").lstrip("-").partition(".")
    if not _RUPEES.fullmatch(text) or len(whole) > RUPEES_DIGITS_MAX:
        raise ValueError(f"{text[:20]!r} is no amount.")
    minor = int(whole) * 100 + int((part + "00")[:2])
    return -minor if text.startswith("-") else minor
