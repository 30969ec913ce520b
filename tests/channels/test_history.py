"""Every word of a channel is kept, not the newest alone: when, by which way, what it said, and the body (D4, D9)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orders.channels import history, ingest
from orders.channels.reading import loads
from orders.models import ChannelImport
from tests import makers
from tests.channels.bodies import body
from timeline import vault
from timeline.operations import operation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("goods")]
DEAL = [{"transactions": [{"kind": "refund", "status": "success", "amount": "99.00"}]}]


def told(**changes: Any) -> ChannelImport:
    row = ingest.take(channel="shopify", said=loads(json.dumps(body("shopify", **changes)).encode()), actor=makers.TESTER).row
    assert row is not None
    return row


def test_finance_sees_why_an_order_was_refunded(clerk: makers.Caller) -> None:
    told(financial_status="pending", updated_at="2026-11-20T10:00:00+05:30")
    told(updated_at="2026-11-20T11:00:00+05:30")
    row = told(refunds=DEAL, financial_status="partially_refunded", note="A seam is torn", updated_at="2026-11-20T12:00:00+05:30")
    shown = makers.read(clerk.get(f"/admin/channel-imports/{row.pk}"))["history"]
    assert [(one["action"], one["channelStatus"], one["paidAmount"], one["refundedAmount"]) for one in shown] == [
        ("channel_import.changed", "partially_refunded/unfulfilled", 109900, 9900),
        ("channel_import.changed", "paid/unfulfilled", 109900, 0),
        ("channel_import.placed", "pending/unfulfilled", 0, 0),
    ]
    assert [one["body"].get("note") for one in shown] == ["A seam is torn", None, None]
    assert {one["actorId"] for one in shown} == {makers.TESTER.id}


def test_what_a_person_decided_stands_between_what_was_told(clerk: makers.Caller) -> None:
    row = told(total_price="1099.01")
    clerk.post(f"/admin/channel-imports/{row.pk}/resolve", {"accept": ["totals_do_not_add_up"]})
    shown = makers.read(clerk.get(f"/admin/channel-imports/{row.pk}"))["history"]
    assert [one["action"].partition(".")[2] for one in shown] == ["placed", "resolved", "held"]
    assert shown[2]["reasons"] == ["totals_do_not_add_up"]


def test_bodies_are_read_by_who_may_see_customers_alone_and_nowhere_else(clerk: makers.Caller) -> None:
    row = told()
    number = row.order.number if row.order else ""
    assert "Jon@Example.ca" in clerk.get(f"/admin/channel-imports/{row.pk}").content.decode()
    assert "line_items" not in clerk.get(f"/admin/orders/{number}/timeline").content.decode()
    assert "line_items" not in clerk.get("/api/v1/events").content.decode()
    assert [one.body for one in history.of(row, with_bodies=False)] == [{}]


def test_once_the_buyer_is_erased_the_history_stands_without_bodies() -> None:
    row = told()
    with operation("test.erase", actor=makers.TESTER) as op:
        vault.destroy(op, row.person.key)
    (entry,) = history.of(ChannelImport.objects.get(pk=row.pk), with_bodies=True)
    assert (entry.body, entry.total_minor) == ({}, 109900)


def test_a_body_too_large_for_an_event_is_taken_in_without_it() -> None:
    row = told(note="x" * history.BODY_BYTES_MAX)
    (entry,) = history.of(row, with_bodies=True)
    assert (row.state, entry.body, len(loads(row.body())["note"])) == ("imported", {}, history.BODY_BYTES_MAX)
