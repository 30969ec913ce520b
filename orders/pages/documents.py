"""Documents on the pages: their PDF for staff and for their customer, and the invoice issued by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import queries, viewing
from orders.documents import reading
from orders.documents.paper import printed
from orders.operations import documents
from orders.pages.console import act
from orders.pages.visitors import shoppers, staff
from timeline import sight
from timeline.api.authentication import staff_actor

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from orders.pages.visitors import Visitor


@require_safe
@staff
def console_document(request: HttpRequest, number: str, document_id: str) -> HttpResponseBase:
    """`/console/orders/<number>/documents/<id>/`: for who sees customers, for it names one."""
    sight.require(request)
    order_id = queries.id_of(number)
    document = reading.one(order_id, document_id)
    viewing.of_orders([order_id], actor=staff_actor(request), what="document", now=timezone.now())
    return printed(document)


@require_POST
@staff
def issue_invoice(request: HttpRequest, number: str) -> HttpResponseBase:
    """Issue the invoice before the goods leave."""
    order_id = queries.id_of(number)
    return act(
        request, order_id, "invoice.issue", lambda op: documents.issue_by_hand(op, order_id=order_id), number=number,
        said="Invoice issued.",
    )


@require_safe
@shoppers
def own_document(request: HttpRequest, visitor: Visitor, number: str, document_id: str) -> HttpResponseBase:
    """`/account/orders/<number>/documents/<id>/`."""
    del request
    return printed(reading.one(queries.id_of(number, person_id=visitor.person_id), document_id))
