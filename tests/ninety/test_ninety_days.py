"""Months of business through the sandbox with planted faults: each found and named, none invented, nothing left over.

`make ninety-days` runs 90 business days and prints the report; the suite runs the first few.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from config import doctor
from orders.reconciliation.report import digest_of, of_day
from payments import journal
from payments.gateways import use
from payments.models import ClosedDay
from payments.reconciliation import differences
from tests.makers import staff
from tests.ninety.business import Business
from tests.ninety.counter import Counter
from tests.ninety.report import compare
from tests.thorough import THOROUGH

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = int(os.environ.get("NINETY_DAYS", "4" if THOROUGH else "2"))


def report_changes(business: Business) -> list[str]:
    """Closed days whose report, made again, is another than the one they were sealed with."""
    closed = ClosedDay.objects.order_by("day")
    assert (business.day - closed[0].day).days == closed.count()
    return [str(row.day) for row in closed if digest_of(of_day(row.day)) != row.digest]


def test_business_days(tmp_path: Path, transactional_db: Any) -> None:
    with time_machine.travel(datetime(2026, 4, 1, 3, 0, tzinfo=UTC), tick=True) as clock:
        counter = Counter(tmp_path)
        with use(counter.gateway()):
            business = Business(counter, clock, staff())
            business.open_shop()
            for number in range(DAYS):
                business.live(number)
                business.next_day()
        counter.close()

        report = compare(business.planted)
        print("\n" + "\n".join(report.lines()))  # noqa: T201 the report is what it is run for
        assert report.missed == []
        assert report.invented == []
        assert business.residual_minor == 0
        assert report_changes(business) == []
        assert differences() == []
        assert sum(row.amount_minor for row in journal.trial_balance()) == 0
        assert [found for found in doctor.examine() if found.check != "secrets_set"] == []
