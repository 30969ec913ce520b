"""Invoices and credit notes, as staff read and issue them, and the monthly return made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders import viewing
from orders.api.document_rows import DocumentShape, DocumentsShape, MonthQuery, document_row
from orders.api.inputs import Nothing
from orders.api.views import OrderWrite, StaffView, shown
from orders.documents import gstr1, reading
from orders.documents.paper import printed
from orders.operations import documents
from timeline import sight

if TYPE_CHECKING:
    from rest_framework.request import Request


class DocumentsView(StaffView):
    """`/admin/orders/{id}/documents`."""

    @extend_schema(operation_id="admin_documents_list", responses={200: DocumentsShape})
    def get(self, request: Request, order_id: str) -> HttpResponse:  # noqa: ARG002
        """List the order's invoice and credit notes."""
        return shown({"items": [document_row(row) for row in reading.of_order(self.order_id(order_id))]})


class DocumentView(StaffView):
    """`/admin/orders/{id}/documents/{documentId}`."""

    @extend_schema(operation_id="admin_document_read", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, order_id: str, document_id: str) -> HttpResponse:
        """Fetch the document as PDF; it names the customer, and is for who sees customers."""
        sight.require(request)
        pk = self.order_id(order_id)
        document = reading.one(pk, document_id)
        viewing.of_orders([pk], actor=self.actor(), what="document", now=timezone.now())
        return printed(document)


class InvoiceView(OrderWrite, StaffView):
    """`/admin/orders/{id}/invoice`."""

    takes_if_match = True

    @extend_schema(operation_id="admin_invoice_issue", request=Nothing, responses={201: DocumentShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Issue the invoice now, before the goods leave; a repeat answers with the same invoice."""
        Nothing.parse(request.data)
        pk = self.order_id(order_id)
        return self.write(
            "invoice.issue", pk, lambda op: documents.issue_by_hand(op, order_id=pk), status=201,
            row=lambda _, done: document_row(done),
        )


class Gstr1View(StaffView):
    """`/admin/gstr1`."""

    masks: ClassVar[bool] = False  # the office is told the registrations of businesses as they are
    required_scopes: ClassVar = {"GET": "money:read"}

    @extend_schema(operation_id="admin_gstr1_read", parameters=[MonthQuery], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> HttpResponse:
        """Read a month's outward supplies in the sections of GSTR-1; amounts are rupees with two decimals.

        It holds the registrations of businesses as they are, and is for who sees customers.
        """
        sight.require(request)
        found = gstr1.gather(MonthQuery.parse(request.query_params)["month"])
        return HttpResponse(gstr1.as_json(found), content_type="application/json")


class Gstr1TableView(StaffView):
    """`/admin/gstr1.csv`."""

    required_scopes: ClassVar = {"GET": "money:read"}

    @extend_schema(
        operation_id="admin_gstr1_table", parameters=[MonthQuery], responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    def get(self, request: Request) -> HttpResponse:
        """Read the same as one table in CSV."""
        sight.require(request)
        month = MonthQuery.parse(request.query_params)["month"]
        named = {"Content-Disposition": f'attachment; filename="gstr1-{month}.csv"'}
        return HttpResponse(gstr1.as_csv(gstr1.gather(month)), content_type="text/csv", headers=named)
