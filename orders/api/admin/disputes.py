"""Disputes, as staff read and answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema

from orders import queries
from orders.api import shapes
from orders.api.inputs import ContestInput, DeclineInput, DisputesQuery
from orders.api.rows import dispute_row
from orders.api.views import StaffView, shown
from orders.operations import disputes
from payments import queries as money
from payments.models import Dispute
from timeline.api.answers import answered
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.errors import Missing
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.operations import Operation

class DisputesView(StaffView):
    """`/admin/disputes`."""

    required_scopes: ClassVar = {"GET": "disputes:read"}

    @extend_schema(operation_id="admin_disputes_list", parameters=[DisputesQuery], responses={200: shapes.DisputePage})
    def get(self, request: Request) -> HttpResponse:
        """List disputes, the newest first."""
        wish = DisputesQuery.parse(request.query_params)
        rows = Dispute.objects.filter(status__in=wish["status"]) if wish["status"] else Dispute.objects.all()
        page = paged(rows, order=("-opened_at", "-id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        orders = queries.orders_of_streams(row.stream for row in page.rows)
        return shown(page.envelope([dispute_row(row, orders.get(row.stream)) for row in page.rows]))


class DisputeView(StaffView):
    """`/admin/disputes/{id}`."""

    required_scopes: ClassVar = {"GET": "disputes:read"}

    @extend_schema(operation_id="admin_dispute_read", responses={200: shapes.DisputeShape})
    def get(self, request: Request, dispute_id: str) -> HttpResponse:  # noqa: ARG002
        """Read one dispute."""
        return shown(_row(_found(dispute_id)))


class ContestView(StaffView):
    """`/admin/disputes/{id}/contest`."""

    required_scopes: ClassVar = {"POST": "disputes:write"}

    @extend_schema(operation_id="admin_dispute_contest", request=ContestInput, responses={200: shapes.DisputeShape})
    def post(self, request: Request, dispute_id: str) -> HttpResponse:
        """Stand up against the dispute; the gateway is told in the background."""
        summary = ContestInput.parse(request.data)["summary"]
        found = _found(dispute_id)
        return _write(self, found, "dispute.contest", lambda op: disputes.contest(op, dispute=found, summary=summary))


class ConcedeView(StaffView):
    """`/admin/disputes/{id}/accept`."""

    required_scopes: ClassVar = {"POST": "disputes:write"}

    @extend_schema(operation_id="admin_dispute_accept", request=DeclineInput, responses={200: shapes.DisputeShape})
    def post(self, request: Request, dispute_id: str) -> HttpResponse:
        """Accept that the dispute is lost; the gateway is told in the background."""
        reason = DeclineInput.parse(request.data)["reason"]
        found = _found(dispute_id)
        return _write(self, found, "dispute.concede", lambda op: disputes.concede(op, dispute=found, reason=reason))


@retried
def _write(view: StaffView, found: Dispute, name: str, act: Callable[[Operation], Dispute]) -> HttpResponse:
    actor = view.actor()
    with operation(name, actor=actor, stream=found.stream, key=key_of(view.request, actor)) as op:
        return answered(op, 200, _row(act(op)), {})


def _found(text: str) -> Dispute:
    found = money.disputes().filter(pk=queries.uuid_of(text)).first()
    if found is None:
        raise Missing
    return found


def _row(dispute: Dispute) -> dict[str, Any]:
    return dispute_row(dispute, queries.orders_of_streams([dispute.stream]).get(dispute.stream))
