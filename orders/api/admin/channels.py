"""Orders of other shops and partners: told by their channels, held where they do not fit, decided by a person (D1, D2)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema

from orders.api import channel_rows as rows
from orders.api.channel_parser import ChannelParser, EdifactParser, TableParser, X12Parser
from orders.api.inputs import Nothing
from orders.api.views import StaffView, shown
from orders.channels import accounts, history, ingest, intake, queries, resolving
from orders.channels.reading import loads
from orders.queries import uuid_of
from timeline.api.answers import answered
from timeline.api.keys import key_of
from timeline.api.paging import paged
from timeline.errors import Invalid, Missing
from timeline.operations import operation
from timeline.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpResponse
    from rest_framework.request import Request

    from timeline.operations import Operation

_EXAMPLE = OpenApiExample(
    "example",
    {"order": {"id": 450789469, "name": "#1001", "currency": "INR", "total_price": "499.00", "financial_status": "paid",
               "line_items": [{"id": 1, "sku": "KURTA-M", "name": "Kurta", "quantity": 1, "price": "499.00"}]}},
    request_only=True,
)


class NothingTaken(Invalid):
    """None of the bodies is an order of this channel."""


class ChannelsView(StaffView):
    """`/admin/channels`."""

    @extend_schema(operation_id="admin_channels_list", responses={200: rows.ChannelsShape})
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002 the router gives it
        """List the channels whose orders can be read, their accounts, and how many imports stand in which state."""
        return shown({
            "data": [
                {"code": row.code, "name": row.name, "accounts": [rows.account_row(account) for account in row.accounts],
                 "counts": row.counts}
                for row in queries.channels()
            ]
        })


class ChannelOrdersView(StaffView):
    """`/admin/channels/{channel}/orders`."""

    parser_classes = [ChannelParser, X12Parser, EdifactParser, TableParser]

    @extend_schema(
        operation_id="admin_channel_orders_take", parameters=[rows.TakeQuery], request={"application/json": OpenApiTypes.OBJECT}, examples=[_EXAMPLE],
        responses={200: rows.AnswersShape},
    )
    def post(self, request: Request, channel: str) -> HttpResponse:
        """Take orders as their channel sends them: one, a list, the channel's own envelope, an X12 or EDIFACT interchange, a CSV.

        One answer for each. Sending a body again changes nothing. What does not fit is held with its reasons for a person.
        """
        told = intake.read(channel, getattr(request.data, "raw", b""))
        wish = rows.TakeQuery.parse(request.query_params)
        account = accounts.of_channel(channel, wish["account"]) if wish["account"] else None
        found = intake.take(told, actor=self.actor(), account=account)
        answers, acknowledged = [rows.answer_row(place, one) for place, one in enumerate(found)], intake.acknowledgement(told, found, timezone.now())
        if all(one.outcome == ingest.REFUSED for one in found):
            errors = [(f"#/{place}", str(reason["detail"])) for place, one in enumerate(found) for reason in one.reasons]
            results = [{"outcome": one.outcome, "reasons": list(one.reasons)} for one in found]
            raise NothingTaken(errors=errors, extra={"results": results, **({"acknowledgement": acknowledged} if acknowledged else {})})
        return shown({
            "data": answers, "counts": dict(Counter(one.outcome for one in found)),
            "acknowledgement": acknowledged,
        })


class ImportsView(StaffView):
    """`/admin/channel-imports`."""

    @extend_schema(operation_id="admin_channel_imports_list", parameters=[rows.ImportsQuery], responses={200: rows.ImportPage})
    def get(self, request: Request) -> HttpResponse:
        """List imports, the newest first; those that wait for a person unless states are named."""
        wish = rows.ImportsQuery.parse(request.query_params)
        found = queries.imports(states=wish["state"], channels=wish["channel"], order_id=wish["order_id"])
        page = paged(found, order=("-received_at", "-id"), page=wish["page"], limit=wish["limit"], cursor=wish["cursor"])
        return shown(page.envelope([rows.import_row(row) for row in page.rows]))


class ImportView(StaffView):
    """`/admin/channel-imports/{id}`."""

    @extend_schema(operation_id="admin_channel_imports_read", responses={200: rows.ImportDetailShape})
    def get(self, request: Request, import_id: str) -> HttpResponse:  # noqa: ARG002
        """Read an import with its buyer, addresses, the body as it came and all that came before; who may not see customers gets no body."""
        row, sees = queries.imported(import_id), self.sees_customers()
        body = _plain(loads(row.body() or b"{}")) if sees else {}
        entries = [{**rows.entry_row(one), "body": _plain(one.body)} for one in history.of(row, with_bodies=sees)]
        return shown({**rows.import_row(row), "told": row.told(), "body": body, "history": entries})


class Deciding(StaffView):
    """A person's word about an import."""

    @retried
    def decide(self, name: str, import_id: str, act: Callable[[Operation, UUID], Any]) -> UUID:
        """Write it down in the import's own story."""
        pk = uuid_of(import_id)
        if pk is None:
            raise Missing
        with operation(name, actor=self.actor(), stream=f"channel-import:{pk}") as op:
            act(op, pk)
        return pk

    def answer(self, pk: UUID) -> HttpResponse:
        """The import as it is now."""
        return shown(rows.import_row(queries.imported(str(pk))))


class ResolveView(Deciding):
    """`/admin/channel-imports/{id}/resolve`."""

    @extend_schema(operation_id="admin_channel_imports_resolve", request=rows.ImportResolveInput, responses={200: rows.ImportShape})
    def post(self, request: Request, import_id: str) -> HttpResponse:
        """Say what a SKU or status means, or that a difference is so, and try again; a conflict is settled as it stands here."""
        wish = rows.ImportResolveInput.parse(request.data)
        pk = self.decide("channel.resolve", import_id, lambda op, found: resolving.decide(op, import_id=found, **wish))
        if queries.imported(str(pk)).state == "held":
            ingest.again(import_id=pk, actor=self.actor(), reason="resolved")
        return self.answer(pk)


class RetryView(Deciding):
    """`/admin/channel-imports/{id}/retry`."""

    @extend_schema(operation_id="admin_channel_imports_retry", request=Nothing, responses={200: rows.ImportShape})
    def post(self, request: Request, import_id: str) -> HttpResponse:
        """Try a held import again, as SKUs or stock have come."""
        Nothing.parse(request.data)
        pk = uuid_of(import_id)
        if pk is None:
            raise Missing
        ingest.again(import_id=pk, actor=self.actor())
        return self.answer(pk)


class DismissView(Deciding):
    """`/admin/channel-imports/{id}/dismiss`."""

    @extend_schema(operation_id="admin_channel_imports_dismiss", request=rows.ImportDismissInput, responses={200: rows.ImportShape})
    def post(self, request: Request, import_id: str) -> HttpResponse:
        """Put a held import out of the way, with a reason."""
        wish = rows.ImportDismissInput.parse(request.data)
        return self.answer(self.decide("channel.dismiss", import_id, lambda op, pk: resolving.dismiss(op, import_id=pk, **wish)))


class AccountsView(StaffView):
    """`/admin/channel-accounts`."""

    @extend_schema(operation_id="admin_channel_accounts_add", request=rows.AccountInput, responses={201: rows.AccountShape})
    @retried
    def post(self, request: Request) -> HttpResponse:
        """Add a shop at a channel; its credentials are sealed and never shown again."""
        wish = rows.AccountInput.parse(request.data)
        actor = self.actor()
        with operation("channel_account.add", actor=actor, key=key_of(request, actor)) as op:
            return answered(op, 201, rows.account_row(accounts.add(op, **wish)))


class AccountView(StaffView):
    """`/admin/channel-accounts/{code}`."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "orders:read", "PATCH": "orders:write"}

    @extend_schema(operation_id="admin_channel_accounts_change", request=rows.AccountChange, responses={200: rows.AccountShape})
    @retried
    def patch(self, request: Request, code: str) -> HttpResponse:
        """Change a shop at a channel; credentials that are not named stay."""
        wish = rows.AccountChange.parse(request.data, partial=True)
        actor = self.actor()
        found = accounts.of_code(code)
        with operation("channel_account.change", actor=actor, key=key_of(request, actor)) as op:
            return answered(op, 200, rows.account_row(accounts.change(op, account_id=found.pk, changes=wish)))


def _plain(said: Any) -> Any:
    """Numbers as texts where JSON would lose a digit of them."""
    if isinstance(said, dict):
        return {key: _plain(value) for key, value in said.items()}
    if isinstance(said, list):
        return [_plain(value) for value in said]
    return said if said is None or isinstance(said, str | bool) else str(said)
