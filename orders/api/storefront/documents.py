"""A customer's own invoices and credit notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders.api.document_rows import DocumentsShape, document_row
from orders.api.proof_shapes import ReceiptQuery, ReceiptShape
from orders.api.views import StorefrontView, shown
from orders.documents import reading
from orders.documents.paper import printed
from orders.documents.receipt import receipt_of, receipt_pdf

if TYPE_CHECKING:
    from rest_framework.request import Request


class DocumentsView(StorefrontView):
    """`/storefront/orders/{id}/documents`."""

    @extend_schema(operation_id="storefront_documents_list", responses={200: DocumentsShape})
    def get(self, request: Request, order_id: str) -> HttpResponse:  # noqa: ARG002
        """List the order's invoice and credit notes."""
        return shown({"items": [document_row(row) for row in reading.of_order(self.order_id(order_id))]})


class DocumentView(StorefrontView):
    """`/storefront/orders/{id}/documents/{documentId}`."""

    @extend_schema(operation_id="storefront_document_read", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, order_id: str, document_id: str) -> HttpResponse:  # noqa: ARG002
        """Fetch the document as PDF."""
        return printed(reading.one(self.order_id(order_id), document_id))


class ReceiptView(StorefrontView):
    """`/storefront/orders/{id}/receipt`."""

    @extend_schema(
        operation_id="storefront_order_receipt", parameters=[ReceiptQuery],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, (200, "application/json"): ReceiptShape},
    )
    def get(self, request: Request, order_id: str) -> HttpResponse:
        """Fetch the receipt of the order's history, with a code that leads to its proof; `form=json` is the receipt with the proof."""
        form = ReceiptQuery.parse(request.query_params)["form"]
        pk = self.order_id(order_id)
        if form == "json":
            return shown(receipt_of(pk))
        headers = {"Content-Disposition": 'inline; filename="receipt.pdf"', "Cache-Control": "private, no-store"}
        return HttpResponse(receipt_pdf(pk), content_type="application/pdf", headers=headers)
