"""The rules of risk, what they would have said, and the blocklist."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema

from orders.api import risk_shapes as shapes
from orders.api.shapes import OrderShape
from orders.api.views import OrderWrite, StaffView, shown
from orders.models import RiskBlock
from orders.operations import assessing, reviewing, risk_rules
from orders.queries import uuid_of
from timeline.api.answers import answered, nothing
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.api.query import Query
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request


class BlocksQuery(Query):
    """All entries, the newest first."""


class RulesView(StaffView):
    """`/admin/risk/rules`."""

    required_scopes: ClassVar = {"GET": "orders:read", "PUT": "orders:write"}

    @extend_schema(operation_id="admin_risk_rules_read", responses={200: shapes.RulesetShape})
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        """Read the rules that hold, and the signals a rule may name."""
        return shown(shapes.ruleset_row(assessing.current()))

    @extend_schema(operation_id="admin_risk_rules_put", request=shapes.RulesInput, responses={200: shapes.RulesetShape})
    @retried
    def put(self, request: Request) -> HttpResponse:
        """Make these the rules, as a new version, for orders placed from now on."""
        wish = shapes.RulesInput.parse(request.data)
        data = shapes.ruleset_data(wish, hold_from=wish["hold_from"])
        actor = self.actor()
        with operation("risk.put_rules", actor=actor, stream=risk_rules.STORY, key=key_of(request, actor)) as op:
            done = risk_rules.put(op, data=data, expected_version=wish["version"])
            return answered(op, 200, shapes.ruleset_row(done))


class ReviewView(OrderWrite, StaffView):
    """`/admin/orders/{id}/risk/review`."""

    required_scopes: ClassVar = {"POST": "orders:write"}
    takes_if_match = True

    @extend_schema(operation_id="admin_order_risk_review", request=shapes.ReviewInput, responses={200: OrderShape})
    def post(self, request: Request, order_id: str) -> HttpResponse:
        """Say of an order that waits for its risk whether it goes on."""
        wish = shapes.ReviewInput.parse(request.data)
        pk = self.order_id(order_id)
        return self.write("risk.review", pk, lambda op: reviewing.review(op, order_id=pk, **wish))


class DryRunView(StaffView):
    """`/admin/risk/dry-run`."""

    required_scopes: ClassVar = {"POST": "orders:read"}

    @extend_schema(operation_id="admin_risk_dry_run", request=shapes.DryRunInput, responses={200: shapes.DryRunShape})
    def post(self, request: Request) -> HttpResponse:
        """Try rules on the newest thousand orders, by the signals recorded with them; nothing is changed."""
        wish = shapes.DryRunInput.parse(request.data)
        hold_from = wish["hold_from"] or assessing.current().hold_from
        ruleset = risk_rules.checked(shapes.ruleset_data(wish, hold_from=hold_from))
        return shown(shapes.dry_run_row(risk_rules.dry_run(ruleset)))


class BlocksView(StaffView):
    """`/admin/risk/blocklist`."""

    @extend_schema(operation_id="admin_risk_blocklist", parameters=[BlocksQuery], responses={200: shapes.BlockPage})
    def get(self, request: Request) -> HttpResponse:
        """List what is blocked, as far as that can be said."""
        wish = BlocksQuery.parse(request.query_params)
        rows = RiskBlock.objects.all()
        page = paged(rows, order=("-created_at", "-id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([shapes.block_row(row) for row in page.rows]))

    @extend_schema(operation_id="admin_risk_block", request=shapes.BlockInput, responses={201: shapes.BlockShape})
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Let orders with this e-mail, phone or address wait for a person."""
        wish = shapes.BlockInput.parse(request.data)
        actor = self.actor()
        with operation("risk.block", actor=actor, stream=risk_rules.STORY, key=key_of(request, actor)) as op:
            return answered(op, 201, shapes.block_row(risk_rules.block(op, **wish)))


class BlockView(StaffView):
    """`/admin/risk/blocklist/{id}`."""

    required_scopes: ClassVar = {"DELETE": "orders:write"}

    @extend_schema(operation_id="admin_risk_unblock", request=None, responses={204: None})
    @retried
    def delete(self, request: Request, block_id: str) -> HttpResponse:
        """Take it off the blocklist; orders that wait already go on waiting."""
        pk = uuid_of(block_id)
        actor = self.actor()
        with operation("risk.unblock", actor=actor, stream=risk_rules.STORY, key=key_of(request, actor)) as op:
            risk_rules.unblock(op, block_id=pk)
            return nothing(op)
