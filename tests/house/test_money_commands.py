"""Commands that bring money's papers in: what they print, and that a refusal changes nothing and says why."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

from payments.gateways.base import GatewayBusy
from payments.models import BankLine, Remittance, SettlementLine
from tests.books.test_remittances import cash_order
from tests.books.test_settlements import AT, line, paid, payout

if TYPE_CHECKING:
    from pathlib import Path

    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def reported(gateway: FakeGateway) -> None:
    one = line(paid().gateway_payment_id or "")
    seen = payout(one)
    gateway.settlements[seen.id] = seen
    gateway.lines = [line(one.entity_id, settlement_id=seen.id)]


def test_settlements_of_a_day(shop_gateway: FakeGateway) -> None:
    reported(shop_gateway)
    assert run("settlements", "--date", f"{AT:%Y-%m-%d}") == "1 lines read.\n"
    assert SettlementLine.objects.count() == 1
    run("settlements")
    assert SettlementLine.objects.count() == 1


@pytest.mark.parametrize("day", ["soon", "2026-02-30"])
def test_a_day_that_is_none(day: str) -> None:
    with pytest.raises(CommandError, match="2026-11-20"):
        run("settlements", "--date", day)


def test_a_gateway_that_does_not_answer(shop_gateway: FakeGateway) -> None:
    shop_gateway.fault("settlement_lines", GatewayBusy("busy", status=503), times=2)
    with pytest.raises(CommandError, match="does not answer"):
        run("settlements", "--date", "2026-11-20")
    assert run("settlements") == "0 lines read.\n", "the hourly reading logs it and tries again next time"


def test_a_statement_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("Date,Narration,Credit\n21/11/2026,CASH,5.00\n", encoding="utf-8-sig")
    assert run("bank", str(path)) == "1 lines are new, 0 found their payout.\n"
    assert run("bank", str(path)) == "0 lines are new, 0 found their payout.\n"


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("Date,Narration,Credit\n21/11/2026,CASH,five\n")
    with pytest.raises(CommandError, match="line 2: 'five' is no amount"):
        run("bank", str(path))
    assert not BankLine.objects.exists()


def test_cash_from_a_file(tmp_path: Path) -> None:
    _, number, _ = cash_order()
    path = tmp_path / "cash.csv"
    path.write_text(f"carrier,reference,utr,date,awb,amount\nown_fleet,R-1,,21/11/2026,{number},1.00\n")
    assert run("remittance", str(path)) == "own_fleet R-1: 1.00\n"
    path.write_text(path.read_text().replace("1.00", "2.00"))
    with pytest.raises(CommandError):
        run("remittance", str(path))
    assert Remittance.objects.count() == 1


@pytest.mark.parametrize("command", ["bank", "remittance"])
def test_a_file_that_is_none(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "odd.csv"
    with pytest.raises(CommandError, match="cannot be read"):
        run(command, str(path))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="cannot be read"):
        run(command, str(path))
    monkeypatch.setattr("config.management.files.FILE_BYTES_MAX", 1)
    with pytest.raises(CommandError, match="larger than"):
        run(command, str(path))
