"""Settlements, the bank's statement and carriers' cash, as staff read and bring them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema

from orders.api import book_rows as rows
from orders.api.inputs import FileInput
from orders.api.views import StaffView, shown
from orders.operations import remittances
from payments import bank_statement, payouts, remittance_file
from payments.operations import BANK_STREAM, keep_bank_lines
from timeline.api.answers import answered
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.api.query import Query
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse
    from rest_framework.request import Request

    from payments.bank_statement import Row
    from payments.remittance_file import Batch

FILE_BYTES_MAX = 2 * 1024 * 1024


class SettlementsView(StaffView):
    """`/admin/settlements`."""

    required_scopes: ClassVar = {"GET": "money:read"}

    @extend_schema(
        operation_id="admin_settlements_list", parameters=[rows.SettlementsQuery], responses={200: rows.SettlementPage}
    )
    def get(self, request: Request) -> HttpResponse:
        """List payouts of the gateway beside their lines and the bank, newest first."""
        wish = rows.SettlementsQuery.parse(request.query_params)
        page = paged(
            payouts.payouts(first=wish["from"], last=wish["to"], utr=wish["utr"]), order=payouts.LATEST_FIRST,
            page=wish["page"], limit=wish["limit"], cursor=wish["cursor"],
        )
        return shown(page.envelope([rows.settlement_row(payouts.payout_of(row)) for row in page.rows]))


class SettlementView(StaffView):
    """`/admin/settlements/{id}`."""

    required_scopes: ClassVar = {"GET": "money:read"}

    @extend_schema(operation_id="admin_settlement_read", responses={200: rows.SettlementShape})
    def get(self, request: Request, settlement_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one payout by its id at the gateway."""
        return shown(rows.settlement_row(payouts.payout(settlement_id)))


class LinesView(StaffView):
    """`/admin/settlements/{id}/lines`."""

    required_scopes: ClassVar = {"GET": "money:read"}

    @extend_schema(operation_id="admin_settlement_lines", parameters=[Query], responses={200: rows.SettlementLinePage})
    def get(self, request: Request, settlement_id: str) -> HttpResponse:
        """List the lines of one payout, each with what it is of."""
        wish = Query.parse(request.query_params)
        page = paged(
            payouts.lines_of(payouts.payout(settlement_id).settlement), order=payouts.LINES_ORDER,
            page=wish["page"], limit=wish["limit"], cursor=wish["cursor"],
        )
        return shown(page.envelope([rows.settlement_line_row(line) for line in page.rows]))


class BankLinesView(StaffView):
    """`/admin/bank-lines`."""

    required_scopes: ClassVar = {"GET": "money:read"}

    @extend_schema(operation_id="admin_bank_lines_list", parameters=[rows.BankLinesQuery], responses={200: rows.BankLinePage})
    def get(self, request: Request) -> HttpResponse:
        """List lines of the bank's statements; those that wait for a payout with `matched=false`."""
        wish = rows.BankLinesQuery.parse(request.query_params)
        page = paged(
            payouts.bank_lines(matched=wish["matched"]), order=payouts.LATEST_FIRST,
            page=wish["page"], limit=wish["limit"], cursor=wish["cursor"],
        )
        return shown(page.envelope([rows.bank_line_row(line) for line in page.rows]))


class BankStatementsView(StaffView):
    """`/admin/bank-statements`."""

    required_scopes: ClassVar = {"POST": "money:write"}
    body_bytes_max: ClassVar[int] = FILE_BYTES_MAX

    @extend_schema(operation_id="admin_bank_statement_import", request=FileInput, responses={201: rows.ImportedShape})
    def post(self, request: Request) -> HttpResponse:
        """Import a bank's statement, all of it or nothing; lines that are known already are passed over.

        Columns by the names Indian banks use: date, narration, UTR or reference, and credit and debit or an amount.
        """
        lines = bank_statement.read(FileInput.parse(request.data)["csv"])
        answer = self._keep(lines)
        bank_statement.match_waiting(actor=self.actor())
        return answer

    @retried
    def _keep(self, lines: Sequence[Row]) -> HttpResponse:
        actor = self.actor()
        key = key_of(self.request, actor, required=True)
        with operation("bank.import", actor=actor, stream=BANK_STREAM, key=key) as op:
            return answered(op, 201, {"lines": len(lines), "imported": keep_bank_lines(op, rows=lines)})


class RemittancesView(StaffView):
    """`/admin/remittances`."""

    required_scopes: ClassVar = {"GET": "money:read", "POST": "money:write"}
    body_bytes_max: ClassVar[int] = FILE_BYTES_MAX

    @extend_schema(operation_id="admin_remittances_list", parameters=[Query], responses={200: rows.RemittancePage})
    def get(self, request: Request) -> HttpResponse:
        """List what carriers handed over, newest first."""
        wish = Query.parse(request.query_params)
        page = paged(
            payouts.remittances(), order=payouts.LATEST_FIRST, page=wish["page"], limit=wish["limit"], cursor=wish["cursor"]
        )
        return shown(page.envelope([rows.listed_remittance_row(row) for row in page.rows]))

    @extend_schema(operation_id="admin_remittances_book", request=FileInput, responses={201: rows.RemittancesBookedShape})
    def post(self, request: Request) -> HttpResponse:
        """Book a carrier's list of cash, all of it or nothing; a batch that is known already is passed over.

        The columns are carrier, reference, utr, date, awb and amount in rupees, a row a parcel.
        """
        batches = remittance_file.read(FileInput.parse(request.data)["csv"])
        answer = self._book(batches)
        bank_statement.match_waiting(actor=self.actor())
        return answer

    @retried
    def _book(self, batches: Sequence[Batch]) -> HttpResponse:
        actor = self.actor()
        key = key_of(self.request, actor, required=True)
        with operation("remittance.book", actor=actor, stream=BANK_STREAM, key=key) as op:
            booked = remittances.book_batches(op, batches=batches)
            return answered(op, 201, {"items": [rows.remittance_row(one) for one in booked]})
