"""Refunds of orders: by items, by amount, goodwill, who may, and what becomes of the goods (B27, B32, A17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from inventory.models import Level
from inventory.reconciliation import differences
from orders.models import Line, Order, RefundPart
from orders.operations import fulfil, process, refund, refund_goods, refund_limits, refund_parts
from orders.operations.refund import Wish
from payments import journal
from payments import operations as money
from payments.models import Refund
from tests.flows import makers
from tests.payments.fake_gateway import seen_refund
from timeline import relay
from timeline.actors import Actor
from timeline.errors import Refused, TransitionRefused
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway
    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)
RAVI = Actor(type="staff", id="8", name="Ravi", channel="console")
LIMIT = 1_000_000


def give(order: Order, *, actor: Actor = makers.ASHA, **wish: Any) -> Refund:
    with operation("refund.give", actor=actor, stream=str(order.pk)) as op:
        return refund.give(op, order_id=order.pk, reason=wish.pop("reason", "damaged"), **wish)


def do(made: Refund, verb: Any, *, actor: Actor = makers.ASHA, **nouns: Any) -> Refund:
    with operation("refund.do", actor=actor, stream=made.stream) as op:
        done = verb(op, order_id=UUID(made.stream), refund_id=made.pk, **nouns)
        assert isinstance(done, Refund)
        return done


def at_gateway(made: Refund, verb: Any, **nouns: Any) -> None:
    with operation("refund.gateway", actor=makers.TESTER, stream=made.stream) as op:
        verb(op, refund_id=made.pk, **nouns)


def finish(made: Refund) -> None:
    at_gateway(made, money.finish_refund, gateway_refund_id=f"rfnd_{made.pk.hex[-14:]}")
    relay.drain()


def fail(made: Refund) -> None:
    at_gateway(made, money.fail_refund, code="refused", reason="no_balance")


def parts(made: Refund) -> list[tuple[str | None, int, int]]:
    rows = RefundPart.objects.filter(refund=made).select_related("line").order_by("id")
    return [(row.line.sku if row.line else None, row.units, row.total_minor) for row in rows]


def level(sku: str) -> tuple[int, int]:
    row = Level.objects.get(variant__sku=sku)
    return row.on_hand, row.held


@pytest.fixture
def order(stand: Stand, shop_gateway: FakeGateway) -> Order:
    return stand(confirmed, shop_gateway)


def confirmed(gateway: FakeGateway) -> Order:
    """Three of 100.00 and one of 199.99, with 5 % and 18 %, and 60.00 of delivery."""
    makers.product("TEA-1", units=9)
    makers.product("POT-1", price_minor=19_999, gst_rate_bp=1800, hsn="6911", units=9)
    return makers.confirmed_order(gateway, {"TEA-1": 3, "POT-1": 1})


def line(order: Order, sku: str) -> Line:
    return Line.objects.get(order=order, sku=sku)


def test_b27_items_are_worth_their_frozen_prices(order: Order) -> None:
    tea = line(order, "TEA-1")
    found = refund.quote(order_id=order.pk, wish=Wish(items={tea.pk: 2}))
    assert (found.amount_minor, found.value_minor, found.gst, found.adjustment_minor) == (
        21_000, 20_000, {"cgst": 500, "sgst": 500, "igst": 0}, 0,
    )
    made = give(order, items={tea.pk: 2})
    assert (made.amount_minor, parts(made)) == (21_000, [("TEA-1", 2, 21_000)])
    assert [row.units for row in refund.quote(order_id=order.pk, wish=Wish(amount_minor=1)).lines] == [1, 1]


def test_the_quote_is_what_is_done(order: Order) -> None:
    tea = line(order, "TEA-1")
    for wish in (Wish(items={tea.pk: 1}, with_shipping=True), Wish(amount_minor=777), Wish(items={tea.pk: 1}, amount_minor=5000)):
        found = refund.quote(order_id=order.pk, wish=wish)
        made = give(order, items=wish.items or None, amount_minor=wish.amount_minor, with_shipping=wish.with_shipping)
        rows = [refund_parts.part_of(row) for row in RefundPart.objects.filter(refund=made).order_by("id")]
        assert (made.amount_minor, rows) == (found.amount_minor, list(found.parts))
        assert sum(part.total_minor for part in rows) == made.amount_minor


def test_less_than_the_items_are_worth_comes_off_their_line_and_more_takes_the_shipping(order: Order) -> None:
    pot = line(order, "POT-1")
    low = give(order, items={pot.pk: 1}, amount_minor=3_599)
    assert parts(low) == [("POT-1", 0, 3_599)]
    high = refund.quote(order_id=order.pk, wish=Wish(items={pot.pk: 1}, amount_minor=pot.total_minor))
    assert (high.shipping_minor, high.adjustment_minor, high.items_minor) == (3_599, 0, pot.total_minor - 3_599)


def test_the_shipping_charge_goes_back_alone(order: Order) -> None:
    """With the GST it contains, once."""
    made = give(order, with_shipping=True)
    part = RefundPart.objects.get(refund=made)
    assert (made.amount_minor, part.line, part.taxable_minor + part.gst_minor) == (6_000, None, 6_000)
    with pytest.raises(refund_parts.WorthNothing):
        give(order, with_shipping=True)


def test_everything_in_pieces_is_exactly_the_total(order: Order) -> None:
    tea, pot = line(order, "TEA-1"), line(order, "POT-1")
    for wish in ({"amount_minor": 3_333}, {"items": {tea.pk: 1}}, {"items": {pot.pk: 1}, "with_shipping": True}, {"items": {tea.pk: 2}}):
        finish(give(order, **wish))
    row = makers.fresh(order)
    assert (row.refunded_minor, row.status) == (order.total_minor, "refunded")
    for bought in (tea, pot):
        given = RefundPart.objects.filter(line=bought)
        assert sum(part.total_minor for part in given) == bought.total_minor
        assert sum(part.cgst_minor for part in given) == bought.cgst_minor


def test_goodwill_gives_no_tax_back_and_counts(order: Order) -> None:
    """PAINS 6: goodwill with a reason; the limit is what was captured."""
    made = give(order, amount_minor=500, goodwill=True)
    finish(made)
    assert (made.reason_code, parts(made), journal.balance(journal.GOODWILL)) == ("goodwill", [], 500)
    with pytest.raises(refund.AboveRefundable):
        give(order, amount_minor=order.total_minor - 499)
    with pytest.raises(refund_parts.GoodwillStandsAlone):
        give(order, amount_minor=500, goodwill=True, items={line(order, "TEA-1").pk: 1})


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({}, refund_parts.NothingNamed),
        ({"amount_minor": 0}, refund.AboveRefundable),
        ({"amount_minor": 10**9}, refund.AboveRefundable),
        ({"items": {uuid4(): 1}}, refund.TooManyUnitsBack),
        ({"items": "four"}, refund.TooManyUnitsBack),
        ({"goodwill": True}, refund_parts.NothingNamed),
        ({"amount_minor": 100, "restock_lines": "four"}, refund_goods.CannotRestock),
    ],
)
def test_f24_what_cannot_go_back_is_refused_and_changes_nothing(order: Order, wish: dict[str, Any], error: Any) -> None:
    tea = line(order, "TEA-1").pk
    if wish.get("items") == "four":
        wish = {"items": {tea: 4}}
    if wish.get("restock_lines"):
        wish = {**wish, "restock_lines": [{"order_item_id": tea, "quantity": 4, "to": "stock"}]}
    before = Event.objects.count()
    with pytest.raises(error):
        give(order, **wish)
    assert (Event.objects.count(), Refund.objects.count(), RefundPart.objects.count()) == (before, 0, 0)


def test_pains_7_a_failed_refund_is_there_again_until_it_is_retried(order: Order) -> None:
    tea = line(order, "TEA-1")
    failed = give(order, items={tea.pk: 3})
    fail(failed)
    other = give(order, items={tea.pk: 1})
    with pytest.raises(refund_parts.GivenBackMeanwhile):
        do(failed, refund.retry)
    fail(other)
    assert do(failed, refund.retry).status == "pending"
    with pytest.raises(refund_parts.GivenBackMeanwhile):
        do(other, refund.retry)


def test_a_failed_refund_is_given_by_other_means_and_never_both(order: Order) -> None:
    made = give(order, amount_minor=5_000)
    fail(made)
    done = do(made, refund.settle_by_other_means, reference="UTR616012345678", reason="Card closed, paid by NEFT")
    assert (done.status, done.by_other_means, done.reference) == ("processed", True, "UTR616012345678")
    assert journal.balance(journal.BANK) == -5_000
    event = Event.objects.get(kind="refund.processed")
    assert (event.facts["by_other_means"], event.facts["refund_method"], event.from_state) == (True, "other_means", "failed")
    with pytest.raises(TransitionRefused):
        do(made, refund.retry)
    assert makers.fresh(order).refunded_minor == 5_000


def test_above_the_limit_another_person_must_agree(order: Order) -> None:
    made = give(order, amount_minor=5_000, limit_minor=4_999)
    assert (made.status, makers.fresh(order).refunded_minor) == ("requested", 0)
    with pytest.raises(refund_limits.MakerIsChecker):
        do(made, refund.approve)
    with pytest.raises(refund_limits.AboveYourLimit):
        do(made, refund.approve, actor=RAVI, limit_minor=4_999)
    assert do(made, refund.approve, actor=RAVI).status == "pending"
    assert sum(part[2] for part in parts(made)) == 5_000


def test_the_limit_is_not_passed_in_slices(order: Order) -> None:
    assert give(order, amount_minor=3_000, limit_minor=5_000).status == "pending"
    assert give(order, amount_minor=3_000, limit_minor=5_000).status == "requested"
    assert give(order, amount_minor=3_000, limit_minor=5_000, actor=RAVI).status == "pending"


def test_what_was_asked_for_is_done_when_it_is_approved(order: Order) -> None:
    tea = line(order, "TEA-1")
    rows = [{"order_item_id": tea.pk, "quantity": 2, "to": "stock"}]
    made = give(order, items={tea.pk: 2}, limit_minor=1, speed="instant", restock_lines=rows)
    assert (level("TEA-1"), line(order, "TEA-1").quantity_cancelled) == ((9, 3), 0)
    do(made, refund.approve, actor=RAVI)
    assert (level("TEA-1"), line(order, "TEA-1").quantity_cancelled) == ((9, 1), 2)
    asked = Event.objects.get(kind="refund.asked")
    assert (asked.facts["speed"], asked.facts.get("return_id"), asked.facts["refund_method"]) == ("optimum", None, "upi")


def test_damaged_goods_are_set_aside_and_others_lie_on_the_shelf(shop_gateway: FakeGateway) -> None:
    makers.product("TEA-1", units=9)
    order = makers.delivered_order(shop_gateway, {"TEA-1": 3})
    tea = line(order, "TEA-1")
    assert level("TEA-1") == (6, 0)
    rows = [
        {"order_item_id": tea.pk, "quantity": 1, "to": "stock"}, {"order_item_id": tea.pk, "quantity": 1, "to": "damaged"},
        {"order_item_id": tea.pk, "quantity": 1, "to": "none"},
    ]
    give(order, items={tea.pk: 3}, restock_lines=rows)
    assert (level("TEA-1"), line(order, "TEA-1").quantity_returned) == ((7, 0), 2)
    assert Level.objects.get().damaged == 1
    assert Event.objects.filter(kind="stock.restocked", facts__damaged=True).count() == 1
    assert differences() == []


def test_damaged_goods_that_never_left_are_set_aside_in_their_warehouse(order: Order) -> None:
    tea = line(order, "TEA-1")
    give(order, items={tea.pk: 2}, restock_lines=[{"order_item_id": tea.pk, "quantity": 2, "to": "damaged"}])
    assert (level("TEA-1"), line(order, "TEA-1").to_ship) == ((7, 1), 1)
    assert Level.objects.get(variant__sku="TEA-1").damaged == 2
    assert differences() == []


def test_b32_goods_in_a_parcel_that_waits_for_its_label_are_not_at_hand(order: Order) -> None:
    tea = line(order, "TEA-1")
    with operation("order.process", actor=makers.ASHA, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.book(op, order_id=order.pk, carrier="own_fleet", items={tea.pk: 2})
    with pytest.raises(refund_goods.CannotRestock) as refused:
        give(order, items={tea.pk: 2}, restock_lines=[{"order_item_id": tea.pk, "quantity": 2, "to": "stock"}])
    assert refused.value.errors == [("#/restockLines/0", "At hand: 1.")]
    give(order, items={tea.pk: 3}, restock=True)
    assert (line(order, "TEA-1").quantity_cancelled, level("TEA-1")) == (1, (9, 2))


def test_instant_that_becomes_normal_is_said_once(order: Order) -> None:
    made = give(order, amount_minor=5_000, speed="instant")
    for status in ("pending", "processed", "processed"):
        seen = seen_refund(
            id="rfnd_1", payment_id="pay", amount_minor=5_000, status=status, speed_processed="normal", reference="1" * 23
        )
        at_gateway(made, money.merge_refund, seen=seen)
    row = Refund.objects.get()
    assert (row.speed, row.speed_processed, row.reference, row.status) == ("optimum", "normal", "1" * 23, "processed")
    assert Event.objects.filter(kind="refund.speed_changed").count() == 1


def test_pains_9_a_refund_made_at_the_gateway_gets_its_parts(order: Order) -> None:
    payment = makers.payment_of(order)
    for status in ("pending", "processed"):
        seen = seen_refund(id="rfnd_hand", payment_id=payment.gateway_payment_id, amount_minor=4_000, status=status)
        with operation("refund.adopt", actor=makers.TESTER, stream=str(order.pk)) as op:
            made = money.adopt_refund(op, payment_id=payment.pk, seen=seen)
            if made is None:
                money.merge_refund(op, refund_id=Refund.objects.get().pk, seen=seen)
        relay.drain()
    made = Refund.objects.get()
    assert (made.status, sum(part[2] for part in parts(made))) == ("processed", 4_000)


def test_z1_the_refund_of_a_cancelled_order_names_all_of_it(order: Order) -> None:
    from orders.operations import cancel

    give(order, amount_minor=1_000)
    with operation("order.cancel", actor=makers.ASHA, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk)
    assert sum(part.total_minor for part in RefundPart.objects.filter(order=order)) == order.total_minor


def test_a_request_of_the_customer_has_parts_that_set_nothing_aside(order: Order) -> None:
    tea = line(order, "TEA-1")
    with operation("refund.request", actor=makers.customer(order.person_id), stream=str(order.pk)) as op:
        wish = refund.request(op, order_id=order.pk, amount_minor=10_500, reason="Torn", items={tea.pk: 1})
    assert parts(wish) == [("TEA-1", 1, 10_500)]
    give(order, items={tea.pk: 3})
    with pytest.raises(Refused):
        do(wish, refund.approve)
    assert Refund.objects.get(pk=wish.pk).status == "requested"
