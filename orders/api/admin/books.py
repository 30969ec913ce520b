"""The general ledger, as a bookkeeper reads it: the journal as CSV and every balance as of any instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders.api import book_rows as rows
from orders.api.views import StaffView, shown
from payments import journal
from timeline.errors import BadRequest

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

DAYS_MAX = 400


class JournalView(StaffView):
    """`/admin/journal.csv`."""

    required_scopes: ClassVar = {"GET": "money:read"}

    @extend_schema(
        operation_id="admin_journal_export", parameters=[rows.DaysQuery], responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export the general journal of business days, a row a posting; the same closed days give the same bytes."""
        wish = rows.DaysQuery.parse(request.query_params)
        first, last = wish["from"], wish["to"]
        if first is None or last is None or not 0 <= (last - first).days < DAYS_MAX:
            detail = f"Name from and to, at most {DAYS_MAX} days."
            raise BadRequest("The days are not a span.", errors=[("?from", detail), ("?to", detail)])
        named = {"Content-Disposition": f'attachment; filename="journal-{first}-{last}.csv"'}
        return StreamingHttpResponse(journal.export(first=first, last=last), content_type="text/csv", headers=named)


class BalancesView(StaffView):
    """`/admin/journal/balances`."""

    required_scopes: ClassVar = {"GET": "money:read"}

    @extend_schema(operation_id="admin_journal_balances", parameters=[rows.InstantQuery], responses={200: rows.BalancesShape})
    def get(self, request: Request) -> HttpResponse:
        """Read every account's balance as of an instant: the trial balance."""
        at = rows.InstantQuery.parse(request.query_params)["at"] or timezone.now()
        accounts = journal.trial_balance(at=at)
        return shown({
            "at": at,
            "currency": "INR",
            "accounts": [rows.balance_row(account) for account in accounts],
            "debit": sum(account.debit_minor for account in accounts),
            "credit": sum(account.credit_minor for account in accounts),
        })
