"""A shop whose books agree, and the ways to bend each of them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone
from django.utils.timezone import localdate

from orders.models import Case, Order
from orders.operations import fulfil, process
from orders.reconciliation import runs
from orders.reconciliation.difference import start_of
from payments import operations as payments
from payments.models import Payment
from payments.operations import take_notice
from tests.flows import makers
from tests.flows.makers import ASHA, TESTER
from tests.payments.fake_gateway import body_of
from timeline import relay, triggers
from timeline.actors import system
from timeline.operations import operation

if TYPE_CHECKING:
    from orders.models import ReconciliationRun
    from tests.payments.fake_gateway import FakeGateway

_events = itertools.count(1)
LATER = timedelta(hours=1)


def tell(gateway: FakeGateway, kind: str, *, at: datetime | None = None, **entities: Any) -> Any:
    """A notice of the gateway, as the webhook keeps it."""
    body = body_of(kind, **entities)
    if at is not None:
        start, _, _ = body.rpartition(b'"created_at": ')
        body = start + b'"created_at": ' + str(int(at.timestamp())).encode() + b"}"
    with operation("notice.take", actor=system("payments")) as op:
        notice = take_notice(op, provider="razorpay", event_id=f"evt_{next(_events)}", body=body, kind=kind)
    relay.drain()
    return notice


def paid(gateway: FakeGateway, skus: dict[str, int] | None = None, **wish: Any) -> Order:
    """An order that was paid, of which the gateway told."""
    order = makers.placed_order(skus, **wish)
    payment = makers.payment_of(order)
    if payment.gateway == "cod":
        return order
    pay_id = gateway.pay(payment.gateway_order_id or "")
    tell(gateway, "payment.captured", payment={"id": pay_id, "order_id": payment.gateway_order_id})
    return makers.fresh(order)


def delivered(gateway: FakeGateway, skus: dict[str, int] | None = None, **wish: Any) -> Order:
    """An order that was paid and has arrived."""
    order = paid(gateway, skus, **wish)
    for name, verb in (("order.process", process.start_processing), ("order.ship", fulfil.ship_all), ("order.deliver", fulfil.deliver_all)):
        with operation(name, actor=ASHA, stream=str(order.pk)) as op:
            verb(op, order_id=order.pk)
        relay.drain()
    return makers.fresh(order)


def payment(order: Order) -> Payment:
    return makers.payment_of(order)


def run(*, later: timedelta = LATER, days: int = 8) -> ReconciliationRun:
    """Compare today and the days before, as it will stand a while from now."""
    now = timezone.now() + later
    today = localdate(timezone.now())
    asked = runs.ask(first=today - timedelta(days=days), last=today)
    return runs.perform(asked.pk, now=now)


def found() -> dict[str, int]:
    """How many cases there are of each cause that is open, and of each that was explained."""
    counts: dict[str, int] = {}
    for cause in Case.objects.order_by("cause").values_list("cause", flat=True):
        counts[cause] = counts.get(cause, 0) + 1
    return counts


def only(cause: str) -> Case:
    """The one case there is."""
    assert found() == {cause: 1}
    return Case.objects.get()


def tamper(statement: str, *values: Any) -> None:
    """What somebody with the database's own keys could do."""
    triggers.drop()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    triggers.attach()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


__all__ = ["ASHA", "TESTER", "payments", "start_of"]
