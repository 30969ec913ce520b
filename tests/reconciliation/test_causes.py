"""Every cause: planted by what really happens, or around the door where it is corruption; found, named, and nothing else (B50, B51)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.timezone import localdate

from config import doctor
from orders.models import Case, Order, Return
from orders.operations import axes, cancel, claims, exchange, fulfil, numbers, packing, process, return_pickup
from orders.operations.return_goods import Graded, inspect, receive
from orders.reconciliation import actions, states
from orders.reconciliation.causes import CAUSES
from orders.reconciliation.difference import Window
from orders.reconciliation.runs import CHECKS
from payments import bank_statement, disputes, exchanges, journal, settlements
from payments.gateways.base import GatewaySettlement, GatewaySettlementLine
from payments.models import Notice, Payment, Refund
from payments.operations import Handed, book_remittance
from shipping import operations as parcels
from shipping import sightings
from shipping.models import Claim, Shipment
from tests.flows import makers as shop
from tests.payments.makers import see
from tests.reconciliation import makers
from tests.returns import makers as returns
from tests.standing import stand
from tests.thorough import SHARE, THOROUGH
from timeline import relay
from timeline.models import Delivery
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)
PLANTED: dict[str, Callable[[FakeGateway], Any]] = {}


def plants(*causes: str) -> Callable[[Callable[[FakeGateway], Any]], Callable[[FakeGateway], Any]]:
    """Name what a planter plants."""

    def keep(planter: Callable[[FakeGateway], Any]) -> Callable[[FakeGateway], Any]:
        PLANTED["+".join(causes)] = planter
        return planter

    return keep


def paid(gateway: FakeGateway) -> Order:
    return stand(makers.paid, gateway, {"TEA-1": 1})


def delivered(gateway: FakeGateway, skus: dict[str, int], **wish: Any) -> Order:
    return stand(makers.delivered, gateway, skus, **wish)


def payment_id(order: Order) -> str:
    return makers.payment(order).gateway_payment_id or ""


def do(order: Order, verb: Callable[..., Any], **nouns: Any) -> Any:
    with operation("test.do", actor=makers.ASHA, stream=str(order.pk)) as op:
        return verb(op, **nouns)


def give(order: Order, amount_minor: int = 700) -> Refund:
    refund: Refund = do(
        order, makers.payments.ask_refund, payment_id=makers.payment(order).pk, amount_minor=amount_minor, reason_code="goodwill"
    )
    return refund


def put_back(table: str, column: str, days: int = 12) -> None:
    """As if it had happened days ago."""
    makers.tamper(f"UPDATE {table} SET {column} = %s", connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(days=days)))


@plants("notice_missed")
def _(gateway: FakeGateway) -> None:
    shop.confirmed_order(gateway, {"TEA-1": 1})


@plants("notice_repeated")
def _(gateway: FakeGateway) -> None:
    paid(gateway)
    with operation("notice.repeat", actor=makers.TESTER) as op:
        makers.payments.repeat_notice(op, notice_id=Notice.objects.get().pk)


@plants("notice_disordered")
def _(gateway: FakeGateway) -> None:
    order = paid(gateway)
    entity = {"id": payment_id(order)}
    makers.tell(gateway, "payment.authorized", at=datetime(2026, 1, 1, tzinfo=UTC), payment=entity)


@plants("answer_cut")
def _(gateway: FakeGateway) -> None:
    from payments.gateways.base import InDoubt

    gateway.fault("create_order", InDoubt("timeout"))
    shop.complete(shop.ready_checkout({"TEA-1": 1}))
    relay.drain()
    exchanges.resolve_doubts()
    relay.drain()


@plants("payment_in_doubt")
def _(gateway: FakeGateway) -> None:
    from payments.gateways.base import InDoubt

    gateway.fault("create_order", InDoubt("timeout"))
    shop.complete(shop.ready_checkout({"TEA-1": 1}))
    relay.drain()


@plants("refund_in_doubt")
def _(gateway: FakeGateway) -> None:
    from payments.gateways.base import InDoubt

    order = paid(gateway)
    gateway.fault("refund", InDoubt("cut"))
    give(order)
    relay.drain()


@plants("amount_mismatch")
def _(gateway: FakeGateway) -> None:
    order = shop.placed_order({"TEA-1": 1})
    gateway.pay(makers.payment(order).gateway_order_id or "", amount_minor=5)
    exchanges._ask_attempts(makers.payment(order))
    relay.drain()


@plants("captured_unknown")
def _(gateway: FakeGateway) -> None:
    makers.tell(gateway, "payment.captured", payment={"id": "pay_Foreign0000001", "amount": 4200})


@plants("duplicate_capture")
def _(gateway: FakeGateway) -> None:
    order = paid(gateway)
    second = gateway.pay(makers.payment(order).gateway_order_id or "")
    makers.tell(gateway, "payment.captured", payment={"id": second, "order_id": makers.payment(order).gateway_order_id})


@plants("captured_after_cancel")
def _(gateway: FakeGateway) -> None:
    order = shop.cancelled_order({"TEA-1": 1})
    pay_id = gateway.pay(makers.payment(order).gateway_order_id or "")
    makers.tell(gateway, "payment.captured", payment={"id": pay_id, "order_id": makers.payment(order).gateway_order_id})


@plants("authorised_not_captured")
def _(gateway: FakeGateway) -> None:
    order = shop.placed_order({"TEA-1": 1})
    row = makers.payment(order)
    see(row, id="pay_Reserved000001", status="authorized")
    do(order, _follow, order_id=order.pk)


@plants("refund_failed")
def _(gateway: FakeGateway) -> None:
    order = paid(gateway)
    do(order, makers.payments.fail_refund, refund_id=give(order).pk, code="BAD", reason="no balance")


@plants("refund_late")
def _(gateway: FakeGateway) -> None:
    give(paid(gateway))
    put_back("payments_refund", "created_at")


@plants("refund_at_gateway")
def _(gateway: FakeGateway) -> None:
    order = paid(gateway)
    gateway.refund_by_hand(payment_id(order), 600)
    makers.tell(gateway, "payment.captured", payment={"id": payment_id(order)}, at=timezone.now() + timedelta(days=1))


@plants("payment_sums_differ", "axes_differ")
def _(gateway: FakeGateway) -> None:
    """A row that is not what its story says shows up wherever it is compared."""
    paid(gateway)
    makers.tamper("UPDATE payments_payment SET refunded_minor = 5")


@plants("order_paid_but_pending", "impossible_step")
def _(gateway: FakeGateway) -> None:
    paid(gateway)
    makers.tamper("UPDATE orders_order SET status = 'pending'")


@plants("dispute_open")
def _(gateway: FakeGateway) -> None:
    gateway.dispute(payment_id(paid(gateway)))
    disputes.sweep()
    relay.drain()


@plants("dispute_lost")
def _(gateway: FakeGateway) -> None:
    dispute = gateway.dispute(payment_id(paid(gateway)))
    disputes.sweep()
    gateway.move_dispute(dispute, "lost")
    disputes.sweep()
    relay.drain()


@plants("dispute_after_refund", "dispute_open")
def _(gateway: FakeGateway) -> None:
    order = paid(gateway)
    gateway.refund_status = "processed"
    give(order, order.total_minor - 100)
    relay.drain()
    gateway.dispute(payment_id(order), deducted_minor=order.total_minor)
    disputes.sweep()
    relay.drain()


@plants("cod_short")
def _(gateway: FakeGateway) -> None:
    hand_over(delivered(gateway, {"TEA-1": 1}, paymentMethod="cod"), -100)


@plants("cod_over")
def _(gateway: FakeGateway) -> None:
    hand_over(delivered(gateway, {"TEA-1": 1}, paymentMethod="cod"), 100)


@plants("cod_foreign")
def _(gateway: FakeGateway) -> None:
    with operation("remittance.book", actor=makers.ASHA) as op:
        book_remittance(op, carrier="x", reference="R1", utr="", day=localdate(), handed=[Handed("AWB1", 500, None)])


@plants("cod_not_remitted")
def _(gateway: FakeGateway) -> None:
    delivered(gateway, {"TEA-1": 1}, paymentMethod="cod")
    put_back("payments_payment", "captured_at", days=11)


@plants("books_differ", "axes_differ")
def _(gateway: FakeGateway) -> None:
    paid(gateway)
    makers.tamper("UPDATE payments_payment SET captured_minor = captured_minor + 5, amount_minor = amount_minor + 5")


@plants("documents_differ")
def _(gateway: FakeGateway) -> None:
    delivered(gateway, {"TEA-1": 1})
    makers.tamper("UPDATE orders_document SET total_minor = total_minor + 5, taxable_minor = taxable_minor + 5")


@plants("underpaid")
def _(gateway: FakeGateway) -> None:
    adjust(delivered(gateway, {"TEA-1": 1}), 300)


@plants("overpaid")
def _(gateway: FakeGateway) -> None:
    adjust(delivered(gateway, {"TEA-1": 1}), -300)


@plants("stock_differs")
def _(gateway: FakeGateway) -> None:
    makers.tamper("UPDATE inventory_level SET on_hand = on_hand + 1")


@plants("consumption_differs")
def _(gateway: FakeGateway) -> None:
    delivered(gateway, {"TEA-1": 2})
    makers.tamper("UPDATE orders_fulfilmentline SET quantity = 1")


@plants("shipped_without_awb")
def _(gateway: FakeGateway) -> None:
    delivered(gateway, {"TEA-1": 1})
    makers.tamper("UPDATE shipping_shipment SET tracking_number = ''")


def on_its_way(gateway: FakeGateway) -> tuple[Order, Shipment]:
    order = paid(gateway)
    do(order, process.start_processing, order_id=order.pk)
    do(order, fulfil.ship_all, order_id=order.pk)
    relay.drain()
    parcel = order.fulfilments.get().shipment
    assert parcel is not None
    return order, parcel


@plants("parcel_late")
def _(gateway: FakeGateway) -> None:
    on_its_way(gateway)
    makers.tamper("UPDATE shipping_shipment SET promised_on = %s", localdate() - timedelta(days=1))


@plants("parcel_flagged")
def _(gateway: FakeGateway) -> None:
    _, parcel = on_its_way(gateway)
    strange = sightings.sighting(tracking_number=parcel.tracking_number, code="ZZ-9", meaning="", at=timezone.now())
    with operation("test.sight", actor=makers.TESTER, stream=parcel.stream) as op:
        parcels.sight(op, shipment_id=parcel.pk, sightings=[strange], source="push")


@plants("claim_waits")
def _(gateway: FakeGateway) -> None:
    order, parcel = on_its_way(gateway)
    do(order, parcels.damage, shipment_id=parcel.pk, claim_minor=700)
    put_back("shipping_claim", "created_at", days=31)


@plants("delivered_though_cancelled")
def _(gateway: FakeGateway) -> None:
    order, parcel = on_its_way(gateway)
    do(order, cancel.cancel, order_id=order.pk, code="customer_request")
    do(order, fulfil.deliver, order_id=order.pk, shipment_id=parcel.pk)
    relay.drain()


@plants("parcel_missing", "impossible_step")
def _(gateway: FakeGateway) -> None:
    paid(gateway)
    makers.tamper("UPDATE orders_order SET status = 'shipped'")


@plants("delivered_parcel_open_order", "impossible_step")
def _(gateway: FakeGateway) -> None:
    delivered(gateway, {"TEA-1": 1})
    makers.tamper("UPDATE orders_order SET status = 'shipped'")


@plants("stuck_processing")
def _(gateway: FakeGateway) -> None:
    shop.processing_order(gateway, {"TEA-1": 1})
    put_back("orders_order", "state_since", days=2)
    put_back("payments_payment", "captured_at", days=20)


@plants("short_pick")
def _(gateway: FakeGateway) -> None:
    order = paid(gateway)
    box = order.fulfilments.get()
    do(order, packing.short, order_id=order.pk, fulfilment_id=box.pk, items={order.lines.get().pk: 1})


@plants("parcel_undecided")
def _(gateway: FakeGateway) -> None:
    order = paid(gateway)
    do(order, process.start_processing, order_id=order.pk)
    do(order, fulfil.ship_all, order_id=order.pk)
    relay.drain()
    parcel_id = order.fulfilments.get().shipment_id
    assert parcel_id is not None
    do(order, parcels.lose, shipment_id=parcel_id)
    relay.drain()


@plants("delivery_parked")
def _(gateway: FakeGateway) -> None:
    paid(gateway)
    Delivery.objects.filter(pk=Delivery.objects.earliest("id").pk).update(state=Delivery.State.PARKED)


@plants("money_of_cancelled", "overpaid")
def _(gateway: FakeGateway) -> None:
    order = paid(gateway)
    with operation("order.cancel", actor=makers.ASHA, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk, code="customer_request")
    makers.tamper("DELETE FROM orders_refundpart")
    makers.tamper("DELETE FROM timeline_delivery")
    makers.tamper("DELETE FROM payments_refund")
    makers.tamper("UPDATE payments_payment SET pending_refund_minor = 0")


@plants("paid_not_confirmed", "axes_differ", "impossible_step")
def _(gateway: FakeGateway) -> None:
    paid(gateway)
    makers.tamper("UPDATE orders_order SET status = 'pending', paid_minor = 0, payment_state = 'unpaid'")


def came_back(gateway: FakeGateway) -> Return:
    """A delivered unit was received back and graded."""
    ret = returns.approved(delivered(gateway, {"TEA-1": 1}))
    ret = returns.do(ret, lambda op: receive(op, return_id=ret.pk))
    units = [Graded(row.line_id, row.received, "A", "restock") for row in ret.lines.all()]
    return returns.do(ret, lambda op: inspect(op, return_id=ret.pk, units=units))


@plants("return_unpaid")
def _(gateway: FakeGateway) -> None:
    ret = came_back(gateway)
    makers.tamper("UPDATE orders_return SET received_at = %s WHERE number = %s", timezone.now() - timedelta(days=4), ret.number)


@plants("return_arrived")
def _(gateway: FakeGateway) -> None:
    ret = returns.approved(delivered(gateway, {"TEA-1": 1}))
    ret = returns.do(ret, lambda op: return_pickup.book(op, return_id=ret.pk))
    ret = returns.do(ret, lambda op: return_pickup.collect(op, return_id=ret.pk))
    parcel = Shipment.objects.get(direction="reverse")
    with operation("test.arrive", actor=makers.TESTER, stream=parcel.stream) as op:
        parcels.deliver(op, shipment_id=parcel.pk)
    relay.drain()
    makers.tamper("UPDATE shipping_shipment SET delivered_at = %s WHERE direction = 'reverse'", timezone.now() - timedelta(days=4))


@plants("exchange_uneven")
def _(gateway: FakeGateway) -> None:
    ret = came_back(gateway)
    number = numbers.take(actor=makers.ASHA)
    with operation("test.exchange", actor=makers.ASHA, stream=str(ret.order_id)) as op:
        exchange.place(op, return_id=ret.pk, number=number)
    relay.drain()
    makers.tamper("UPDATE orders_return SET exchange_order_id = NULL")


def hand_over(order: Order, more_minor: int) -> None:
    row = makers.payment(order)
    with operation("remittance.book", actor=makers.ASHA) as op:
        book_remittance(
            op, carrier="x", reference="R1", utr="", day=localdate(), handed=[Handed("AWB1", row.captured_minor + more_minor, row.pk)]
        )


def adjust(order: Order, amount_minor: int) -> None:
    with operation("test.adjust", actor=makers.ASHA, stream=str(order.pk)) as op:
        event = op.record(order, "adjustment.made", facts={"cause": "test", "amount_minor": amount_minor})
        journal.post(op, event, [journal.Line("customers", amount_minor), journal.Line("goodwill", -amount_minor)])


def _follow(op: Any, *, order_id: Any) -> None:
    from orders.operations import pay

    pay.follow(op, order_id=order_id)


COMPARED_AGAIN = frozenset(list(PLANTED)[:: 1 if THOROUGH else SHARE])  # all of them in the thorough run


@pytest.mark.parametrize("causes", PLANTED)
def test_what_is_planted_is_found_and_nothing_else(causes: str, shop_gateway: FakeGateway) -> None:
    stand(shop.product, "TEA-1", units=50)
    PLANTED[causes](shop_gateway)
    makers.run()
    wanted = set(causes.split("+"))
    found = {cause: count for cause, count in makers.found().items() if not (cause == "impossible_step" and cause not in wanted)}
    assert set(found) == wanted, [(case.key, case.ours, case.theirs) for case in Case.objects.all()]
    for case in Case.objects.all():
        assert (case.kind, case.owner) == (CAUSES[case.cause].kind, CAUSES[case.cause].owner)
        explained = CAUSES[case.cause].explains_itself
        assert (case.status, case.resolution) == (("resolved", "explained_itself") if explained else ("open", ""))
    if causes in COMPARED_AGAIN:
        again = makers.run(later=timedelta(hours=2))
        assert (again.opened, again.cleared) == (0, 0)


def line_of(order: Order, settlement: str, **wish: Any) -> GatewaySettlementLine:
    row = makers.payment(order)
    fee = (row.amount_minor * 200 + 5000) // 10_000
    fee += (fee * 1800 + 5000) // 10_000
    values: dict[str, Any] = {
        "entity_id": row.gateway_payment_id, "kind": "payment", "debit_minor": 0, "credit_minor": row.amount_minor - fee,
        "amount_minor": row.amount_minor, "fee_minor": fee, "tax_minor": 0, "currency": "INR", "on_hold": False, "settled": True,
        "settlement_id": settlement, "utr": "UTR1", "payment_id": row.gateway_payment_id, "order_id": None,
        "order_receipt": row.receipt, "dispute_id": None, "method": "upi", "description": "", "created_at": None,
        "settled_at": timezone.now(),
    }
    return GatewaySettlementLine(**{**values, **wish})


def settle(gateway: FakeGateway, *lines: GatewaySettlementLine, more_minor: int = 0, name: str = "setl_1") -> GatewaySettlement:
    """The gateway pays out, and says so in its report."""
    net = sum(line.credit_minor - line.debit_minor for line in lines)
    made = GatewaySettlement(name, net + more_minor, 0, 0, f"UTR{name}", "processed", timezone.now())
    gateway.settlements[name] = made
    gateway.lines += lines
    settlements.read_day(localdate())
    return made


def bank(text: str) -> None:
    bank_statement.take(f"Date,Narration,Reference,Credit,Debit\n{text}\n", actor=makers.ASHA)


def settled(cause: str, gateway: FakeGateway) -> None:
    order = paid(gateway)
    line = line_of(order, "setl_1")
    today = f"{localdate():%d/%m/%Y}"
    match cause:
        case "fee_changed":
            settle(gateway, line_of(order, "setl_1", fee_minor=line.fee_minor + 9, credit_minor=line.credit_minor - 9))
        case "settlement_line_doubled":
            settle(gateway, line, line)
        case "settlement_line_foreign":
            settle(gateway, line, line_of(order, "setl_1", entity_id="pay_Nobody0000001", order_receipt=None))
        case "settlement_amount_differs":
            settle(gateway, line, more_minor=-50)
        case "capture_missed":
            other = shop.placed_order({"TEA-1": 1})
            settle(gateway, line, line_of(other, "setl_1", entity_id="pay_Missed0000001"))
        case "settlement_line_missing":
            other = paid(gateway)
            settle(gateway, line)
            makers.tamper(
                "UPDATE payments_entry SET day = %s WHERE stream = %s AND kind = 'payment.captured'",
                (localdate() - timedelta(days=9)).isoformat(), str(other.pk),
            )
        case "bank_amount_differs":
            made = settle(gateway, line)
            bank(f"{today},NEFT {made.utr},{made.utr},{journal.rupees(made.amount_minor - 500)},")
        case "bank_line_foreign":
            made = settle(gateway, line)
            bank(f"{today},NEFT {made.utr},{made.utr},{journal.rupees(made.amount_minor)},")
            bank(f"{today},SOMEBODY,XYZ,12.00,")
        case "bank_line_missing":
            settle(gateway, line)
            makers.tamper("UPDATE payments_settlement SET day = %s", (localdate() - timedelta(days=9)).isoformat())
            bank(f"{today},RENT,XYZ,,12.00")


PAID_OUT = (
    "fee_changed", "settlement_line_doubled", "settlement_line_foreign", "settlement_amount_differs", "capture_missed",
    "settlement_line_missing", "bank_amount_differs", "bank_line_foreign", "bank_line_missing",
)


@pytest.mark.parametrize("cause", PAID_OUT)
def test_payouts_and_the_bank(cause: str, shop_gateway: FakeGateway) -> None:
    stand(shop.product, "TEA-1", units=50)
    settled(cause, shop_gateway)
    makers.run()
    assert set(makers.found()) == {cause}, [(case.key, case.ours, case.theirs) for case in Case.objects.all()]


def test_every_cause_is_planted_somewhere() -> None:
    """What SQL refuses whoever asks, such as fewer than no units, cannot be planted."""
    planted = {cause for causes in PLANTED for cause in causes.split("+")}
    assert set(CAUSES) - planted - set(PAID_OUT) == {"stock_negative"}


def test_the_axes_in_sql_are_those_of_the_operation(shop_gateway: FakeGateway) -> None:
    """Z2: one rule, said twice, and the same in every state an order can be in."""
    stand(shop.product, "TEA-1", units=50)
    delivered(shop_gateway, {"TEA-1": 1})
    delivered(shop_gateway, {"TEA-1": 1}, paymentMethod="cod")
    give(paid(shop_gateway))
    shop.cancelled_order({"TEA-1": 1})
    shop_gateway.dispute(payment_id(paid(shop_gateway)))
    disputes.sweep()
    relay.drain()
    shop.placed_order({"TEA-1": 1})
    said = {row.pk: row for row in Order.objects.annotate(**states._derived()).annotate(
        payment_says=states._payment_state(), fulfilment_says=states._fulfilment_state()
    )}
    for order in Order.objects.all():
        derived = axes.derive(payments=axes.payments_of(order), lines=list(order.lines.all()))
        row: Any = said[order.pk]
        assert (row.payment_says, row.fulfilment_says, row.paid, row.back) == (
            derived.payment_state, derived.fulfilment_state, derived.paid_minor, derived.refunded_minor
        )


def test_a_check_costs_the_same_for_one_order_as_for_many(shop_gateway: FakeGateway) -> None:
    stand(shop.product, "TEA-1", units=50)

    def costs() -> dict[str, int]:
        now = timezone.now() + makers.LATER
        window = Window(first=localdate() - timedelta(days=8), last=localdate(), now=now)
        found = {}
        for name, check in CHECKS.items():
            with CaptureQueriesContext(connection) as asked:
                assert list(check(window)) == [], name
            found[name] = len(asked)
        return found

    delivered(shop_gateway, {"TEA-1": 1})
    one = costs()
    for _ in range(4):
        delivered(shop_gateway, {"TEA-1": 1})
    assert costs() == one
    assert max(one.values()) <= 20


ACTS = {
    "payment_in_doubt": "created", "refund_in_doubt": "pending", "cod_short": None, "underpaid": None, "overpaid": "pending",
    "delivery_parked": None, "money_of_cancelled+overpaid": "pending",
}


@pytest.mark.parametrize("causes", ACTS)
def test_what_a_case_offers_puts_it_right(causes: str, shop_gateway: FakeGateway) -> None:
    stand(shop.product, "TEA-1", units=50)
    PLANTED[causes](shop_gateway)
    makers.run()
    case = Case.objects.get(cause=causes.partition("+")[0])
    actions.talk(case)
    with operation("case.act", actor=makers.ASHA, stream=actions.streams_of(case)) as op:
        actions.act(op, case_id=case.pk)
    relay.drain()
    makers.run(later=timedelta(hours=2))
    found = Case.objects.get(pk=case.pk)
    assert (found.status, found.resolution in {"cleared", "written_off"}) == ("resolved", True)
    if ACTS[causes] is not None:
        last = Refund.objects.order_by("-created_at").first() or Payment.objects.get()
        assert last.status == ACTS[causes]
    assert sum(row.amount_minor for row in journal.trial_balance()) == 0


def test_what_explains_itself_offers_nothing(shop_gateway: FakeGateway) -> None:
    stand(shop.product, "TEA-1", units=50)
    PLANTED["notice_missed"](shop_gateway)
    makers.run()
    with pytest.raises(actions.NoAction):
        actions.talk(Case.objects.get())


def test_a_paid_claim_is_in_the_books_and_what_is_not_is_found(shop_gateway: FakeGateway) -> None:
    stand(shop.product, "TEA-1", units=50)
    order, parcel = on_its_way(shop_gateway)
    do(order, parcels.damage, shipment_id=parcel.pk, claim_minor=700)
    claim = Claim.objects.get()
    do(order, parcels.file_claim, claim_id=claim.pk, reference="C-1")
    do(order, claims.settle, claim_id=claim.pk, paid_minor=650)
    assert [journal.balance(account, ref=claim.pk.hex) for account in ("bank", "carrier_claims")] == [650, -650]
    makers.run()
    assert (makers.found(), doctor.examine()) == ({}, [])
    makers.tamper("UPDATE shipping_claim SET paid_minor = 600")
    makers.run()
    assert (makers.only("books_differ").amount_minor, Case.objects.get().stream) == (-50, str(order.pk))
