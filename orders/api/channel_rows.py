"""Channels, their accounts and imports as the API shows them, and what may be asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers as s

from orders.channels import accounts, adapters
from orders.channels.canonical import STATUSES
from orders.channels.ingest import OUTCOMES
from orders.channels.matching import SKU_CHARS_MAX
from orders.models import ChannelImport
from timeline.api.query import Query, QueryList
from timeline.api.wire import Choice, Input, Output, Page, StrictBool, StrictInt, StrictText

if TYPE_CHECKING:
    from orders.channels.history import Entry
    from orders.channels.ingest import Outcome
    from orders.models import ChannelAccount

CHANNELS = tuple(adapters.NAMES)


class ImportsQuery(Query):
    """Which imports; without a state those that wait for a person."""

    state = QueryList(child=Choice(choices=ChannelImport.State.values), required=False, default=lambda: ["held", "conflict"])
    channel = QueryList(child=Choice(choices=CHANNELS), required=False, default=list)
    order_id = StrictText(max_length=64, required=False, default="")


class TakeQuery(Query):
    """Which of our accounts the orders are of, where a channel has several."""

    account = StrictText(max_length=40, required=False, default="")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "example", {"skus": {"KURTA_M_BLUE": "KURTA-M"}, "status": "confirmed", "accept": ["totals_do_not_add_up"]}, request_only=True
        )
    ]
)
class ImportResolveInput(Input):
    """What a person decided: our SKUs by theirs, what a status means, what is taken as it is."""

    skus = s.DictField(child=StrictText(max_length=64), required=False, default=dict)
    status = Choice(choices=STATUSES, required=False, default="")
    accept = s.ListField(child=StrictText(max_length=40), required=False, default=list, max_length=20)
    note = StrictText(max_length=500, required=False, default="", allow_blank=True)

    def validate_skus(self, value: dict[str, str]) -> dict[str, str]:
        """Names of a possible length."""
        if any(not 1 <= len(key) <= SKU_CHARS_MAX for key in value):
            raise s.ValidationError(f"A SKU has 1 to {SKU_CHARS_MAX} characters.")
        return value


@extend_schema_serializer(examples=[OpenApiExample("example", {"reason": "A test order of the shop"}, request_only=True)])
class ImportDismissInput(Input):
    """Why it is no order of ours."""

    reason = StrictText(max_length=500)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "example", {"code": "shop-eu", "channel": "shopify", "name": "The shop in Europe", "baseUrl": "https://shop-eu.myshopify.com",
                        "pollMinutes": 5, "credentials": {"webhookSecret": "hush", "accessToken": "shpat_0123"}}, request_only=True,
        )
    ]
)
class AccountInput(Input):
    """A shop at a channel."""

    code = s.SlugField(max_length=40)
    channel = Choice(choices=CHANNELS)
    name = StrictText(max_length=80)
    base_url = StrictText(max_length=200, required=False, default="", allow_blank=True)
    is_active = StrictBool(required=False, default=True)
    poll_minutes = StrictInt(min_value=0, max_value=accounts.POLL_MINUTES_MAX, required=False, default=0)
    credentials = s.DictField(child=StrictText(max_length=accounts.CREDENTIAL_CHARS_MAX, allow_blank=True, multiline=True), required=False, default=dict)

    def validate_credentials(self, value: dict[str, str]) -> dict[str, str]:
        """Only those some channel has."""
        if strange := sorted(value.keys() - set(accounts.CREDENTIALS)):
            raise s.ValidationError(f"Unknown: {', '.join(strange)[:80]}.")
        return value


@extend_schema_serializer(
    examples=[OpenApiExample("example", {"pollMinutes": 10, "credentials": {"webhookSecret": "hush-hush"}}, request_only=True)]
)
class AccountChange(AccountInput):
    """What changes; what is not named stays."""

    code = None  # type: ignore[assignment]
    channel = None  # type: ignore[assignment]


class Reason(Output):
    """What a person must look at; `holds` says whether it keeps the order out."""

    code = s.CharField()
    detail = s.CharField()
    holds = s.BooleanField()
    difference = s.IntegerField(required=False)


class ImportShape(Output):
    """One order as its channel told it last. `sums` are minor units of its currency."""

    id = s.UUIDField()
    channel = s.CharField()
    account = s.CharField(allow_null=True)
    shop = s.CharField()
    channel_order_id = s.CharField()
    channel_order_number = s.CharField()
    state = s.ChoiceField(choices=ChannelImport.State.choices)
    status = s.CharField(allow_null=True)
    channel_status = s.CharField()
    reasons = Reason(many=True)
    order_id = s.UUIDField(allow_null=True)
    order_number = s.CharField(allow_null=True)
    sums = s.DictField()
    revision = s.IntegerField()
    placed_at = s.DateTimeField(allow_null=True)
    received_at = s.DateTimeField()
    seen_at = s.DateTimeField()


class EntryShape(Output):
    """One event of an import: what its channel told or a person decided, when, by which way, and the body it told."""

    at = s.DateTimeField()
    action = s.CharField()
    actor_type = s.CharField()
    actor_id = s.CharField()
    via = s.CharField()
    status = s.CharField(allow_null=True)
    channel_status = s.CharField(allow_null=True)
    currency = s.CharField(allow_null=True)
    total = s.IntegerField(allow_null=True)
    paid_amount = s.IntegerField(allow_null=True)
    refunded_amount = s.IntegerField(allow_null=True)
    reasons = s.ListField(child=s.CharField())
    body = s.DictField()


class ImportDetailShape(ImportShape):
    """With its personal parts, the body as it came, and everything that was told before, newest first."""

    told = s.DictField()
    body = s.DictField()
    history = EntryShape(many=True)


class ImportPage(Page):
    """A list of imports."""

    data = ImportShape(many=True)  # type: ignore[assignment]


class AnswerShape(Output):
    """What became of one body."""

    row = s.IntegerField()
    outcome = s.ChoiceField(choices=OUTCOMES)
    channel_order_id = s.CharField(allow_null=True)
    order_id = s.UUIDField(allow_null=True)
    order_number = s.CharField(allow_null=True)
    reasons = Reason(many=True)
    imported = ImportShape(allow_null=True)


class AnswersShape(Output):
    """One answer per body, in their order, how many of each kind there are, and the acknowledgement of an interchange."""

    data = AnswerShape(many=True)  # type: ignore[assignment]
    counts = s.DictField(child=s.IntegerField())
    acknowledgement = s.CharField(allow_null=True)


class AccountShape(Output):
    """An account without its credentials; `credentials` names those that are set."""

    code = s.CharField()
    channel = s.CharField()
    name = s.CharField()
    base_url = s.CharField()
    is_active = s.BooleanField()
    credentials = s.ListField(child=s.CharField())
    webhook_url = s.CharField()
    poll_minutes = s.IntegerField()
    polled_at = s.DateTimeField(allow_null=True)
    poll_due_at = s.DateTimeField(allow_null=True)
    poll_error = s.CharField()
    created_at = s.DateTimeField()


class ChannelShape(Output):
    """A channel whose bodies can be read."""

    code = s.CharField()
    name = s.CharField()
    accounts = AccountShape(many=True)
    counts = s.DictField(child=s.IntegerField())


class ChannelsShape(Output):
    """Every channel."""

    data = ChannelShape(many=True)  # type: ignore[assignment]


def import_row(row: ChannelImport) -> dict[str, Any]:
    """One import; its order and account loaded."""
    return {
        "id": row.pk, "channel": row.channel, "account": row.account.code if row.account else None, "shop": row.shop,
        "channelOrderId": row.channel_order_id, "channelOrderNumber": row.channel_order_number, "state": row.state,
        "status": row.status or None, "channelStatus": row.channel_status, "reasons": row.reasons, "orderId": row.order_id,
        "orderNumber": row.order.number if row.order else None, "sums": row.sums, "revision": row.revision,
        "placedAt": row.placed_at, "receivedAt": row.received_at, "seenAt": row.seen_at,
    }


def entry_row(found: Entry) -> dict[str, Any]:
    """One event of an import."""
    return {
        "at": found.at, "action": found.action, "actorType": found.actor_type, "actorId": found.actor_id, "via": found.via,
        "status": found.status or None, "channelStatus": found.channel_status or None, "currency": found.currency or None,
        "total": found.total_minor, "paidAmount": found.paid_minor, "refundedAmount": found.refunded_minor,
        "reasons": found.reasons.split(", ") if found.reasons else [], "body": found.body,
    }


def answer_row(place: int, found: Outcome) -> dict[str, Any]:
    """What became of one body."""
    row = found.row
    return {
        "row": place, "outcome": found.outcome, "channelOrderId": found.channel_order_id or None,
        "orderId": row.order_id if row else None, "orderNumber": row.order.number if row and row.order else None,
        "reasons": list(found.reasons), "imported": import_row(row) if row else None,
    }


def account_row(account: ChannelAccount) -> dict[str, Any]:
    """One account."""
    return {
        "code": account.code, "channel": account.channel, "name": account.name, "baseUrl": account.base_url,
        "isActive": account.is_active, "credentials": sorted(account.credentials()),
        "webhookUrl": f"/webhooks/channels/{account.code}", "pollMinutes": account.poll_minutes, "polledAt": account.polled_at,
        "pollDueAt": account.poll_due_at, "pollError": account.poll_error, "createdAt": account.created_at,
    }
