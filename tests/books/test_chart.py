"""The chart of accounts grows with a release, in the middle too."""

from __future__ import annotations

import pytest

from payments import journal
from payments.models import Account

pytestmark = pytest.mark.django_db


def test_an_account_that_is_new_in_the_middle_moves_those_behind_it() -> None:
    """A database from before it has the later places taken already."""
    Account.objects.filter(code=journal.EXCHANGES).delete()
    for place, account in enumerate(Account.objects.order_by("place"), start=1):
        Account.objects.filter(pk=account.pk).update(place=place)
    journal.keep_chart()
    assert list(Account.objects.order_by("place").values_list("code", flat=True)) == [code for code, _, _ in journal.CHART]


def test_a_chart_that_is_complete_is_left_alone() -> None:
    before = list(Account.objects.order_by("code").values_list("code", "place"))
    journal.keep_chart()
    assert list(Account.objects.order_by("code").values_list("code", "place")) == before
