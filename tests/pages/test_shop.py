"""From the shelf to the order without scripts; what is somebody else's is not there."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from inventory import operations as stock
from orders import checkout as checkouts
from orders.models import Checkout, Message, Order
from orders.operations import cancel, notes
from orders.pages import visitors
from tests.flows import makers
from tests.pages.conftest import shopper
from tests.pages.markup import check
from tests.payments.fake_gateway import sign_return
from timeline import relay
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)

DETAILS = {
    "email": "priya@example.in", "name": "Priya", "phone": "9876543210", "line1": "12 MG Road", "city": "Bengaluru",
    "state": "IN-KA", "postal_code": "560001", "shipping_method": "standard", "payment_method": "razorpay",
}


def text_of(client: Client, path: str, **values: Any) -> str:
    response = client.get(path, values)
    assert response.status_code == 200, (path, response.status_code)
    text: str = response.content.decode()
    check(text)
    return text


def hidden_of(client: Client, path: str) -> dict[str, str]:
    return check(text_of(client, path)).hidden


def put_into_cart(client: Client, sku: str = "TEA-1", quantity: int = 2) -> str:
    """Add to the cart and give the checkout's address."""
    answer = client.post("/cart/add/", {**hidden_of(client, "/"), "sku": sku, "quantity": quantity})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cart/")
    return f"/checkout/{client.session['cart']}/"


def order_by(client: Client, **changes: Any) -> Order:
    path = put_into_cart(client)
    assert client.post(path, {**hidden_of(client, path), **DETAILS, **changes}).headers["Location"] == path
    answer = client.post(f"{path}place/", hidden_of(client, path))
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return Order.objects.get(number=answer.headers["Location"].split("/")[-2])


def test_from_the_shelf_to_the_receipt(shop_gateway: FakeGateway) -> None:
    makers.product(units=5)
    guest = Client()

    order = order_by(guest)
    assert "Preparing your payment" in text_of(guest, f"/pay/{order.number}/")
    relay.drain()
    assert "Pay ₹270.00" in text_of(guest, f"/pay/{order.number}/")
    makers.pay(shop_gateway, order)

    assert guest.get(f"/pay/{order.number}/").headers["Location"] == f"/account/orders/{order.number}/"
    assert "We have your order and get it ready" in text_of(guest, f"/account/orders/{order.number}/")
    assert order.number in text_of(guest, "/account/orders/")
    assert "Your cart is empty" in text_of(guest, "/cart/")
    assert Order.objects.get(pk=order.pk).channel == "web"


def test_a_price_marked_with_gst_says_so_from_the_shelf_to_the_order(shop_gateway: FakeGateway) -> None:
    makers.product(price_minor=99_900, price_includes_gst=True)
    guest = Client()
    assert "incl. GST" in text_of(guest, "/")

    order = order_by(guest, payment_method="cod")

    assert "incl. GST" in text_of(guest, f"/account/orders/{order.number}/")
    assert order.total_minor - order.shipping_minor == 2 * 99_900
    assert "incl. GST" not in text_of(guest, "/cart/")
    put_into_cart(guest)
    assert "incl. GST" in text_of(guest, "/cart/")


def test_f11_the_twin_of_an_order_is_the_same_order(shop_gateway: FakeGateway) -> None:
    makers.product(units=5)
    guest = Client()
    path = put_into_cart(guest)
    guest.post(path, {**hidden_of(guest, path), **DETAILS})
    hidden = hidden_of(guest, path)

    places = [guest.post(f"{path}place/", hidden).headers["Location"] for _ in range(3)]

    assert len(set(places)) == 1
    assert Order.objects.count() == 1


def test_cash_at_the_door_needs_no_payment_page(shop_gateway: FakeGateway) -> None:
    makers.product()
    guest = Client()

    order = order_by(guest, payment_method="cod")

    assert guest.get(f"/pay/{order.number}/").status_code == 302
    assert "Confirmed" in text_of(guest, f"/account/orders/{order.number}/")


def test_wrong_details_stay_and_are_named() -> None:
    makers.product()
    guest = Client()
    path = put_into_cart(guest)

    answer = guest.post(path, {**hidden_of(guest, path), **DETAILS, "phone": "12", "postal_code": "56", "discount_code": ""})
    text = answer.content.decode()
    check(text)
    assert answer.status_code == 422
    assert text.count('class="err"') == 2
    assert "12 MG Road" in text
    assert 'aria-describedby="id_phone_error"' in text
    answer = guest.post(path, {**hidden_of(guest, path), **DETAILS, "discount_code": "NOPE"})
    assert answer.status_code == 422
    assert "id_discount_code_error" in answer.content.decode()


def test_sold_out_and_changed_prices_are_said_kindly(shop_gateway: FakeGateway) -> None:
    makers.product(units=3)
    guest, other = Client(), Client()
    path = put_into_cart(guest, quantity=3)
    guest.post(path, {**hidden_of(guest, path), **DETAILS})
    with operation("test.price", actor=makers.TESTER) as op:
        stock.change_price(op, sku="TEA-1", price_minor=12_000)
    hidden = hidden_of(guest, path)
    answer = guest.post(f"{path}place/", hidden)
    assert answer.status_code == 409
    assert "price" in check_alert(answer.content.decode())
    order_by(other)
    answer = guest.post(f"{path}place/", hidden_of(guest, path))
    assert answer.status_code == 409
    assert "TEA-1" in check_alert(answer.content.decode())


def check_alert(text: str) -> str:
    check(text)
    found = re.search(r'role="alert".*?</div>', text, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_cart_changes_and_empties() -> None:
    makers.product()
    guest = Client()
    path = put_into_cart(guest)
    line = Checkout.objects.get(pk=path.split("/")[2]).lines.get()

    guest.post(f"/cart/lines/{line.pk}/", {"quantity": "5"})
    assert 'value="5"' in text_of(guest, "/cart/")
    guest.post(f"/cart/lines/{line.pk}/", {"remove": "1"})
    assert "Your cart is empty" in text_of(guest, "/cart/")
    assert guest.post("/cart/add/", {"sku": "NONE"}).status_code == 422
    assert Client().post("/cart/add/", {"sku": "NONE"}).status_code == 422


@pytest.mark.parametrize("state", ["placed", "confirmed", "processing", "shipped", "delivered", "cancelled"])
def test_the_customer_sees_each_state(state: str, shop_gateway: FakeGateway) -> None:
    makers.product()
    maker = getattr(makers, f"{state}_order")
    order = maker({"TEA-1": 2}) if state in ("placed", "cancelled") else maker(shop_gateway, {"TEA-1": 2})
    with operation("order.note", actor=makers.ASHA, stream=str(order.pk)) as op:
        notes.add(op, order_id=order.pk, note="For staff alone", is_public=False)
        notes.add(op, order_id=order.pk, note="For the customer", is_public=True)
    client = shopper(order.person_id)

    text = text_of(client, f"/account/orders/{order.number}/")

    assert "For the customer" in text
    assert "For staff alone" not in text
    assert ("Cancel this order" in text) is (state in ("placed", "confirmed"))
    for show in ("", "open", "delivered", "cancelled"):
        text_of(client, "/account/orders/", show=show)


def test_cancel_and_the_wish_for_money_back(shop_gateway: FakeGateway) -> None:
    makers.product()
    first, second = (makers.confirmed_order(shop_gateway, {"TEA-1": 1}) for _ in range(2))
    one, two = shopper(first.person_id), shopper(second.person_id)
    ask, wish = f"/account/orders/{first.number}/cancel/", f"/account/orders/{second.number}/refund/"

    answer = one.post(ask, {**hidden_of(one, ask), "reason": "Too late"})
    assert answer.status_code == 302
    assert Order.objects.get(pk=first.pk).status == "cancelled"
    assert one.post(ask, {"reason": "Again"}).status_code == 409
    answer = two.post(wish, {**hidden_of(two, wish), "amount": "5", "reason": "Torn"})
    assert answer.status_code == 302
    assert "Asked for" in text_of(two, f"/account/orders/{second.number}/")


def test_cancel_after_packing_says_what_to_do_instead(shop_gateway: FakeGateway) -> None:
    makers.product()
    order = makers.processing_order(shop_gateway, {"TEA-1": 1})
    client = shopper(order.person_id)
    path = f"/account/orders/{order.number}/cancel/"

    answer = client.post(path, {**hidden_of(client, path), "reason": ""})

    assert answer.status_code == 409
    assert "until it is packed" in answer.content.decode()
    assert cancel.refusal(order)


def test_b77_somebody_elses_order_is_not_there(shop_gateway: FakeGateway) -> None:
    makers.product()
    order = makers.confirmed_order(shop_gateway, {"TEA-1": 1})
    checkout = Checkout.objects.get(order=order)
    stranger = shopper(uuid.uuid4())

    for path in (
        f"/account/orders/{order.number}/", f"/account/orders/{order.number}/cancel/", f"/pay/{order.number}/",
        f"/account/orders/{order.number}/refund/", f"/checkout/{checkout.pk}/",
    ):
        mine, absent = stranger.get(path), stranger.get(path.replace(order.number, "ORD-20200101-00001"))
        assert mine.status_code == absent.status_code == 404, path
        assert mine.content == absent.content
    assert stranger.post(f"/account/orders/{order.number}/cancel/", {"reason": "x"}).status_code == 404
    assert Client().get(f"/account/orders/{order.number}/").headers["Location"].startswith("/account/login/")


def test_the_way_back_from_the_gateway_is_proved_by_its_signature(shop_gateway: FakeGateway) -> None:
    makers.product()
    guest = Client()
    order = order_by(guest)
    relay.drain()
    payment = makers.payment_of(order)
    assert payment.gateway_order_id is not None
    paid = shop_gateway.pay(payment.gateway_order_id, "captured")
    told = {"razorpay_payment_id": paid, "razorpay_order_id": payment.gateway_order_id, "razorpay_signature": "0" * 64}
    back = f"/pay/{order.number}/back/"

    assert guest.get(back, told).status_code == 302
    assert Order.objects.get(pk=order.pk).status == "pending"
    signature = sign_return(payment.gateway_order_id, paid)
    outside = Client(enforce_csrf_checks=True)
    assert outside.post(back, {**told, "razorpay_signature": signature}).status_code == 302
    assert Order.objects.get(pk=order.pk).status == "confirmed"
    assert guest.get("/pay/ORD-20200101-00001/back/").status_code == 404


def test_one_cookie_serves_pages_and_api() -> None:
    from orders.api import authentication

    assert visitors.PERSON_SESSION_KEY == authentication.PERSON_SESSION_KEY
    assert visitors.KIND_SESSION_KEY == authentication.KIND_SESSION_KEY


def test_the_mailbox_is_for_the_local_shop_or_staff(settings: Any, shop_gateway: FakeGateway) -> None:
    settings.LOCAL_SANDBOX = False
    assert Client().get("/mailbox/").status_code == 302
    settings.LOCAL_SANDBOX = True
    assert "Nothing was sent yet" in text_of(Client(), "/mailbox/")
    makers.product()
    makers.placed_order({"TEA-1": 1})
    assert Message.objects.exists()
    assert "We have your order" in text_of(Client(), "/mailbox/")


def test_a_failed_payment_is_tried_again(shop_gateway: FakeGateway) -> None:
    makers.product()
    guest = Client()
    order = order_by(guest)
    relay.drain()
    makers.pay(shop_gateway, order, "failed")
    path = f"/pay/{order.number}/"

    assert "did not go through" in text_of(guest, path)
    answer = guest.post(f"{path}again/", hidden_of(guest, path))
    assert answer.status_code == 302
    assert "did not go through" not in text_of(guest, path)
    assert guest.post(f"{path}again/", {}).status_code == 409
    assert guest.get(f"{path}back/").status_code == 302
    foreign = {"razorpay_order_id": "order_x", "razorpay_payment_id": "pay_x", "razorpay_signature": "x"}
    assert guest.get(f"{path}back/", foreign).status_code == 302
    makers.pay(shop_gateway, order)
    assert guest.get(path, headers={"HX-Request": "true"}).headers["HX-Redirect"] == f"/account/orders/{order.number}/"


def test_b74_too_many_orders_are_said_kindly(shop_gateway: FakeGateway, settings: Any) -> None:
    makers.product(units=50)
    settings.ORDER_RATE = 1
    guest = Client()
    order_by(guest)
    path = put_into_cart(guest)
    guest.post(path, {**hidden_of(guest, path), **DETAILS})

    answer = guest.post(f"{path}place/", hidden_of(guest, path))

    assert answer.status_code == 429
    assert "Too many orders" in check_alert(answer.content.decode())
    assert Order.objects.count() == 1


def test_odd_ways_into_the_shop(shop_gateway: FakeGateway) -> None:
    makers.product(units=0)
    guest = Client()
    assert "Sold out for now" in text_of(guest, "/", q="TEA")
    assert "nothing like" in text_of(guest, "/", q="xyzzy")
    assert guest.get("/", {"cursor": "x"}).status_code == 200
    assert guest.head("/").status_code == 200
    path = put_into_cart(guest)
    assert guest.post("/cart/add/", {"sku": "NONE\0"}).status_code == 422
    assert guest.post(f"/cart/lines/{uuid.uuid4()}/", {"quantity": "x"}).status_code == 404
    assert shopper(uuid.uuid4()).post(f"/cart/lines/{uuid.uuid4()}/", {"quantity": "1"}).status_code == 404
    assert guest.post(f"{path}place/", {}).status_code == 422
    with operation("test.fail", actor=makers.TESTER, stream=path.split("/")[2]) as op:
        checkouts.fail(op, checkout_id=uuid.UUID(path.split("/")[2]), reason="test")
    assert guest.get(path).headers["Location"] == "/cart/"
