"""`python -m tests.crashes.audit`: what the shop's database holds after all the killing, as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import django

# What may happen to one subject at most once, however often it is tried.
ONCE = (
    "checkout.started", "checkout.completed", "order.placed", "order.confirmed", "order.refunded", "payment.opened",
    "payment.accepted", "payment.captured", "refund.asked", "refund.processed",
)


def main() -> None:
    """Print everything the test compares."""
    django.setup()
    json.dump({**_rows(), **_sums(), **_effects()}, sys.stdout, default=str)


def _rows() -> dict[str, Any]:
    from orders.models import Checkout, Order
    from payments.models import Payment, Refund

    return {
        "checkouts": Checkout.objects.count(),
        "orders": list(
            Order.objects.values(
                "id", "number", "status", "payment_state", "total_minor", "paid_minor", "refunded_minor"
            )
        ),
        "payments": list(
            Payment.objects.values(
                "stream", "status", "gateway_order_id", "gateway_payment_id", "captured_minor", "refunded_minor",
                "pending_refund_minor",
            )
        ),
        "refunds": list(Refund.objects.values("id", "stream", "status", "amount_minor", "gateway_refund_id")),
    }


def _sums() -> dict[str, Any]:
    from django.db.models import Sum

    from inventory import reconciliation as stock
    from inventory.models import Level
    from orders.models import Line
    from payments import reconciliation as money

    waiting = Line.objects.filter(order__status__in=["pending", "confirmed"]).aggregate(n=Sum("quantity"))["n"]
    return {
        "stock_differences": [str(found) for found in stock.differences()],
        "money_differences": [str(found) for found in money.differences()],
        "held": Level.objects.aggregate(n=Sum("held"))["n"],
        "units_of_open_orders": waiting or 0,
    }


def _effects() -> dict[str, Any]:
    from django.db.models import Count

    from orders.models import Message
    from payments.models import Notice
    from timeline.models import Delivery, Event

    repeated = Event.objects.filter(kind__in=ONCE).values("kind", "subject_id").annotate(n=Count("pk"))
    messages = Message.objects.values("order", "template", "medium", "event_id").annotate(n=Count("pk"))
    told = Message.objects.filter(template__in=["order_placed", "order_confirmed"]).values("order", "template")
    tellings = told.annotate(n=Count("pk"))
    return {
        "repeated_events": list(repeated.filter(n__gt=1)),
        "repeated_messages": list(messages.filter(n__gt=1)),
        "repeated_tellings": list(tellings.filter(n__gt=1)),
        "tellings": tellings.count(),
        "messages": Message.objects.count(),
        "unsent_messages": Message.objects.exclude(state="sent").count(),
        "unhandled_notices": Notice.objects.filter(handled_at=None).count(),
        "deliveries": {
            row["state"]: row["n"] for row in Delivery.objects.values("state").annotate(n=Count("pk")).order_by()
        },
        "retried_deliveries": Delivery.objects.filter(attempts__gt=1).count(),
    }


if __name__ == "__main__":
    main()
