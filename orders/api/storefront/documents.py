"""A customer's own invoices and credit notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from orders.api.document_rows import DocumentsShape, document_row
from orders.api.views import StorefrontView, shown
from orders.documents import reading
from orders.documents.paper import printed

if TYPE_CHECKING:
    from django.http import HttpResponse
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
