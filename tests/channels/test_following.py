"""Orders of channels that go on: held and let go, erased, of shops that become known, paid at the door (D1, D2)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from orders import as_of
from orders.channels import accounts, ingest
from orders.channels.reading import loads
from orders.models import ChannelAccount, ChannelImport, Order, OrderHold, Person
from orders.operations import fulfil, holds, people, process
from orders.privacy import erasures
from payments.models import Payment
from tests import makers
from tests.channels.bodies import SAMPLES, body
from timeline.models import Event
from timeline.operations import operation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("goods")]


def shop(code: str, channel: str = "woocommerce") -> ChannelAccount:
    with operation("test.account", actor=makers.TESTER) as op:
        return accounts.add(op, code=code, channel=channel, name=code)


def told(name: str, account: ChannelAccount | None = None, /, **changes: Any) -> ingest.Outcome:
    return ingest.take(channel=SAMPLES[name][0], said=loads(json.dumps(body(name, **changes)).encode()), actor=makers.TESTER, account=account)


def order_of(outcome: ingest.Outcome) -> Order:
    assert outcome.row is not None
    assert outcome.row.order_id is not None
    return Order.objects.get(pk=outcome.row.order_id)


def erase(clerk: makers.Caller, order: Order) -> None:
    asked = makers.read(clerk.post(f"/admin/customers/{order.person_id}/data-requests", {"kind": "erasure"}, key=True), 202)
    erasures.erase_now(request_id=asked["id"], actor=makers.STAFF)
    assert Person.objects.get(pk=order.person_id).erased_at is not None


def test_an_order_of_who_was_erased_stops_no_other_and_its_money_is_followed(clerk: makers.Caller) -> None:
    """B95: nothing is kept of them anew; D5: what the channel gave back is booked."""
    gone = {"cancelled_at": "2026-11-20T11:00:00+05:30", "updated_at": "2026-11-20T11:00:00+05:30"}
    order = order_of(told("shopify", **gone))
    erase(clerk, order)
    sealed = bytes(ChannelImport.objects.get().sealed)

    deal = [{"transactions": [{"kind": "refund", "status": "success", "amount": "1099.00"}]}]
    later = {**gone, "refunds": deal, "financial_status": "refunded", "updated_at": "2026-11-20T12:00:00+05:30"}
    answer = makers.read(clerk.post("/admin/channels/shopify/orders", {"orders": [body("shopify", **later), body("shopify", id=2)]}))
    assert [row["outcome"] for row in answer["data"]] == ["updated", "created"]
    assert [row["code"] for row in answer["data"][0]["reasons"]] == ["buyer_erased"]
    assert makers.again(order).refunded_minor == 109900
    assert told("shopify", **later).outcome == "unchanged"
    assert bytes(ChannelImport.objects.get(order=order).sealed) == sealed
    assert order_of(told("shopify", id=3)).person_id != order.person_id, "who comes again is somebody new"


def test_a_body_that_cannot_be_kept_stops_no_other(clerk: makers.Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = ingest._keep

    def breaks(op: Any, row: ChannelImport, *rest: Any, **words: Any) -> None:
        if row.channel_order_id == "2":
            raise OverflowError
        keep(op, row, *rest, **words)

    monkeypatch.setattr(ingest, "_keep", breaks)
    answer = makers.read(clerk.post("/admin/channels/shopify/orders", {"orders": [body("shopify", id=2), body("shopify")]}))
    assert [(row["outcome"], row["channelOrderId"]) for row in answer["data"]] == [("refused", "2"), ("created", "820982911946154508")]
    assert answer["data"][0]["reasons"][0]["code"] == "cannot_be_kept"
    assert Order.objects.count() == 1


def test_customer_17_of_one_shop_is_not_customer_17_of_another() -> None:
    first, second = shop("first"), shop("second")
    one, same, other = (
        order_of(told("woocommerce", account, id=number, customer_id=17)) for account, number in ((first, 1), (first, 2), (second, 1))
    )
    assert one.person_id == same.person_id
    assert other.person_id != one.person_id


def test_an_order_that_came_before_its_shop_was_known_is_taken_in_once() -> None:
    """Note [A shop known later]: without an account, with one, and with the host its links name."""
    order = order_of(told("woocommerce"))
    account = shop("madrid")
    links = {"_links": {"self": [{"href": "https://madrid.example/wp-json/wc/v3/orders/5501"}]}}
    assert told("woocommerce", account).outcome == "unchanged"
    done = told("woocommerce", account, status="completed", date_modified_gmt="2026-11-21T10:00:00", **links)
    assert (done.outcome, makers.again(order).status) == ("updated", "shipped")
    row = ChannelImport.objects.get()
    assert (row.shop, row.account) == ("", account)


def test_the_same_number_placed_at_another_moment_is_another_shops_order() -> None:
    told("woocommerce")
    assert told("woocommerce", shop("madrid"), date_created_gmt="2026-11-20T10:00:01").outcome == "created"
    assert ChannelImport.objects.count() == 2


def test_a_code_of_one_shop_stands_for_no_other() -> None:
    told("woocommerce", shop("madrid"))
    assert told("woocommerce", shop("sevilla")).outcome == "created"


def test_a_hold_of_the_channel_is_put_and_released_with_its_word() -> None:
    """Magento holds an order that is confirmed here already, and later lets it go."""
    order = order_of(told("magento"))
    held = told("magento", state="holded", status="holded", updated_at="2026-11-20 11:00:00")
    assert (held.outcome, makers.again(order).on_hold) == ("updated", True)
    told("magento", state="holded", status="still_holded", updated_at="2026-11-20 11:30:00")
    assert OrderHold.objects.filter(released_at=None).count() == 1
    free = told("magento", state="complete", status="complete", updated_at="2026-11-20 12:00:00")
    assert (free.outcome, makers.again(order).on_hold, makers.again(order).status) == ("updated", False, "shipped")


def test_an_order_that_comes_held_waits_and_is_let_go() -> None:
    order = order_of(told("magento", state="holded", status="holded", total_paid=0))
    assert (order.status, order.on_hold) == ("pending", True)
    told("magento", updated_at="2026-11-20 12:00:00")
    assert (makers.again(order).status, makers.again(order).on_hold) == ("confirmed", False)


def test_a_hold_of_ours_is_not_the_channels_to_release() -> None:
    order = order_of(told("magento"))
    with operation("test.hold", actor=makers.STAFF, stream=str(order.pk)) as op:
        holds.hold(op, order_id=order.pk, reason="address")
    told("magento", state="holded", status="holded", updated_at="2026-11-20 11:00:00")
    told("magento", updated_at="2026-11-20 12:00:00")
    assert [hold.reason for hold in OrderHold.objects.filter(released_at=None)] == ["address"]


def test_another_billing_address_before_the_parcel_leaves_is_followed() -> None:
    """Each address is followed on its own, and as it stood stays to be read."""
    order = order_of(told("woocommerce"))
    bill = {**body("woocommerce")["billing"], "address_1": "Plaza 9"}
    assert told("woocommerce", billing=bill, date_modified_gmt="2026-11-20T11:00:00").outcome == "updated"
    moved = makers.again(order)
    assert people.read_address(moved.billing_address, moved.person)["line1"] == "Plaza 9"
    assert moved.shipping_address_id == order.shipping_address_id
    event = Event.objects.get(kind="order.edited", stream=str(order.pk))
    assert (event.facts["billing_address_id"], "shipping_address_id" in event.facts) == (str(moved.billing_address_id), False)
    done = {"billing": {**bill, "address_1": "Plaza 10"}, "status": "completed"}
    told("woocommerce", **done, date_modified_gmt="2026-11-20T12:00:00")
    told("woocommerce", **{**done, "billing": {**bill, "address_1": "Plaza 11"}}, date_modified_gmt="2026-11-20T13:00:00")
    moved = makers.again(order)
    assert people.read_address(moved.billing_address, moved.person)["line1"] == "Plaza 10", "what has left stays as it was"


def test_who_is_billed_where_it_is_sent_moves_as_one() -> None:
    order = order_of(told("shopify"))
    assert order.billing_address_id == order.shipping_address_id
    moved = {**body("shopify")["shipping_address"], "address1": "2 Lane"}
    told("shopify", shipping_address=moved, updated_at="2026-11-20T11:00:00+05:30")
    now = makers.again(order)
    assert now.billing_address_id == now.shipping_address_id != order.shipping_address_id


def test_a_tax_within_the_prices_that_is_more_than_the_goods_cost_is_in_their_shipping() -> None:
    """Etsy tells one VAT for all of a receipt: 3.50 in 21.00, of which the goods are 1.00."""
    def money(amount: int) -> dict[str, Any]:
        return {"amount": amount, "divisor": 100, "currency_code": "GBP"}

    sums = {"grandtotal": 2100, "total_price": 100, "total_shipping_cost": 2000, "total_vat_cost": 350, "total_tax_cost": 0, "discount_amt": 0, "gift_wrap_price": 0}
    lines = [{"transaction_id": 1, "sku": "KURTA-M", "title": "Kurta", "quantity": 1, "price": money(100)}]
    order = order_of(told("etsy", transactions=lines, **{name: money(amount) for name, amount in sums.items()}))
    figures = (order.subtotal_minor, order.discount_minor, order.gst_minor, order.shipping_minor, order.total_minor, order.paid_minor)
    assert figures == (0, 0, 350, 1750, 2100, 2100)


def cash() -> list[tuple[str, str, int]]:
    return [(row.gateway, str(row.status), row.amount_minor) for row in Payment.objects.order_by("created_at", "id")]


def test_cash_is_asked_for_from_the_first_sight_of_an_order_that_comes_open() -> None:
    order = order_of(told("woocommerce", status="pending", payment_method="cod", date_paid_gmt=None))
    assert (order.status, cash()) == ("pending", [("cod", "created", 3490)])
    told("woocommerce", payment_method="cod", date_paid_gmt=None, date_modified_gmt="2026-11-20T11:00:00")
    assert (makers.again(order).status, len(cash())) == ("confirmed", 1)
    with operation("test.walk", actor=makers.STAFF, stream=str(order.pk)) as op:
        process.start_processing(op, order_id=order.pk)
        fulfil.ship_all(op, order_id=order.pk)
    # The shop counts on the cash as soon as it hears of the parcel: it has none of it.
    done = {"payment_method": "cod", "status": "completed", "date_modified_gmt": "2026-11-21T11:00:00"}
    assert told("woocommerce", **done).outcome == "updated"
    with operation("test.deliver", actor=makers.STAFF, stream=str(order.pk)) as op:
        fulfil.deliver_all(op, order_id=order.pk)
    assert (makers.again(order).paid_minor, cash()) == (3490, [("cod", "captured", 3490)])


def flipkart(status: str, hour: int) -> ingest.Outcome:
    """A shipment that is paid at the door."""
    items = body("flipkart")["orderItems"]
    items[0].update(paymentType="COD", status=status)
    return told("flipkart", orderItems=items, updatedAt=f"2026-11-20T{hour}:00:00.000+05:30")


def easy_ship(status: str, hour: int) -> ingest.Outcome:
    """An order of Amazon's own carrier that is paid at the door."""
    word = {"APPROVED": ("Unshipped", "PendingSchedule"), "DELIVERED": ("Shipped", "Delivered"), "RETURNED": ("Shipped", "ReturnedToSeller")}[status]
    return told("amazon", PaymentMethod="COD", OrderStatus=word[0], EasyShipShipmentStatus=word[1], LastUpdateDate=f"2026-11-20T{hour}:00:00Z")


def easy_ship_2026(status: str, hour: int) -> ingest.Outcome:
    """The same as the API of 2026-01-01 tells it: the program of the order, and what its items must be shipped with."""
    parcel = {"APPROVED": "", "DELIVERED": "DELIVERED", "RETURNED": "RETURNED"}[status]
    items = body("amazon-2026")["orderItems"]
    items[0]["fulfillment"] = {"shipping": {"shippingConstraints": {"cashOnDelivery": "MANDATORY"}}}
    return told(
        "amazon-2026", programs=["AMAZON_EASY_SHIP"], orderItems=items, fulfillment={"fulfillmentStatus": "SHIPPED" if parcel else "UNSHIPPED"},
        packages=[{"packageStatus": {"status": parcel}}] if parcel else [], lastUpdatedTime=f"2026-11-20T{hour}:00:00Z",
    )


@pytest.mark.parametrize(("tell", "gateway_minor"), [(flipkart, 103900), (easy_ship, 2659), (easy_ship_2026, 1180)])
def test_cash_that_a_marketplace_collects_is_expected_of_it_and_not_of_our_carrier(tell: Any, gateway_minor: int) -> None:
    """D5: nothing is receivable before the parcel arrived, and all of it from the channel then."""
    outcome = tell("APPROVED", 11)
    order = order_of(outcome)
    assert (order.status, order.payment_method, cash()) == ("confirmed", "channel", [])
    assert [reason["code"] for reason in outcome.reasons] == ["cash_collected_by_channel"]
    tell("DELIVERED", 12)
    assert (makers.again(order).status, cash()) == ("delivered", [("channel", "captured", gateway_minor)])


@pytest.mark.parametrize("tell", [flipkart, easy_ship, easy_ship_2026])
def test_a_parcel_that_came_back_brought_a_marketplace_no_cash(tell: Any) -> None:
    tell("APPROVED", 11)
    assert tell("RETURNED", 12).outcome == "updated"
    assert cash() == []


def test_who_pays_at_the_channel_after_all_is_asked_for_no_cash() -> None:
    order = order_of(told("woocommerce", status="pending", payment_method="cod", date_paid_gmt=None))
    told("woocommerce", date_modified_gmt="2026-11-20T11:00:00")
    assert (makers.again(order).paid_minor, cash()) == (3490, [("cod", "failed", 3490), ("channel", "captured", 3490)])


def test_an_order_is_found_by_where_it_goes_also_after_its_address_changed(clerk: makers.Caller) -> None:
    order = order_of(told("shopify"))

    def found(city: str) -> int:
        return int(makers.read(clerk.get("/admin/orders", q=f"city:{city}"))["total"])

    assert (found("Hyderabad"), found("Pune")) == (1, 0)
    moved = {**SAMPLES["shopify"][1]["shipping_address"], "city": "Pune", "zip": "411001", "province_code": "MH"}
    told("shopify", shipping_address=moved, updated_at="2026-11-20T11:00:00+05:30")
    assert (found("Hyderabad"), found("Pune"), makers.again(order).destination_state) == (0, 1, "IN-MH")
    assert Event.objects.get(kind="order.edited").facts["destination_state"] == "IN-MH"


def test_what_a_sku_means_in_one_shop_it_does_not_mean_in_another(clerk: makers.Caller) -> None:
    """WooCommerce shops name their goods themselves; what is said of one holds for its next orders alone."""
    makers.product("OURS-1", units=9)
    makers.product("OURS-2", units=9)
    lines = [{**SAMPLES["woocommerce"][1]["line_items"][0], "sku": "P-1"}]
    first, second = shop("first"), shop("second")
    for account, ours in ((first, "OURS-1"), (second, "OURS-2")):
        held = told("woocommerce", account, line_items=lines)
        assert (held.outcome, held.reasons[0]["code"]) == ("held", "unknown_sku")
        assert held.row is not None
        clerk.post(f"/admin/channel-imports/{held.row.pk}/resolve", {"skus": {"P-1": ours}})
    orders = [order_of(told("woocommerce", account, id=9, line_items=lines)) for account in (first, second)]
    assert [order.lines.get().sku for order in orders] == ["OURS-1", "OURS-2"]


def test_an_order_is_seen_as_it_stood_before_its_address_changed(clerk: makers.Caller) -> None:
    order = order_of(told("shopify"))
    before = timezone.now()
    moved = {**SAMPLES["shopify"][1]["shipping_address"], "city": "Pune", "zip": "411001", "province_code": "MH"}
    told("shopify", shipping_address=moved, updated_at="2026-11-20T11:00:00+05:30")
    views = [as_of.view(order.pk, as_of=at, known=None) for at in (before, timezone.now())]
    assert [(view.shipping["city"], view.billing["line1"], view.stand.columns["cgst_minor"]) for view in views] == [
        ("Hyderabad", "1 Road", 7175), ("Pune", "1 Road", 7175)
    ]
