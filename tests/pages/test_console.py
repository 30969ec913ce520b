"""The console: every state is drawn, one legal step is the button, and forms work without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import Order
from orders.operations import cancel, fulfil, holds, refund
from orders.pages.console import LOGINS_PER_NAME_MAX
from orders.pages.order_sheet import sheet
from tests import makers as shop
from tests.flows import makers
from tests.pages.markup import Page, check
from timeline import relay
from timeline.models import Event
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)


def page_of(client: Client, path: str) -> Page:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return check(response.content.decode())


def order_path(order: Order, what: str = "") -> str:
    return f"/console/orders/{order.number}/{what}"


def send(client: Client, path: str, sheet: str = "", **values: Any) -> Any:
    """Open the form's page, and send what it holds with these values: as a browser without scripts does."""
    hidden = page_of(client, sheet or path).hidden
    return client.post(path, {**hidden, **values})


NEXT_STEPS = {
    "placed": "Confirm order", "confirmed": "Start processing", "processing": "Create shipment",
    "shipped": "Mark delivered", "delivered": None, "cancelled": None,
}


def order_in(state: str, gateway: FakeGateway) -> Order:
    makers.product()
    maker = getattr(makers, f"{state}_order")
    order: Order = maker({"TEA-1": 2}) if state in ("placed", "cancelled") else maker(gateway, {"TEA-1": 2})
    return order


@pytest.mark.parametrize(("state", "step"), list(NEXT_STEPS.items()))
def test_each_state_is_drawn_with_its_one_next_step(
    state: str, step: str | None, asha: Client, shop_gateway: FakeGateway
) -> None:
    order = order_in(state, shop_gateway)

    text = asha.get(order_path(order)).content.decode()
    page = check(text)

    assert page.keys.count("s") == (1 if step else 0)
    assert text.count("btn primary") == (1 if step else 0)
    assert step is None or step in text
    check(asha.get("/console/orders/").content.decode())


def test_all_the_way_with_forms_alone(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("confirmed", shop_gateway)
    line = order.lines.get()

    answer = send(asha, order_path(order, "process/"), order_path(order))
    assert (answer.status_code, answer.headers["Location"]) == (302, order_path(order))
    answer = send(asha, order_path(order, "ship/"), **{
        f"units-{line.pk}": "2", "carrier": "BlueDart", "tracking_number": "79464479",
    })
    assert answer.status_code == 302
    shipped = Order.objects.get(pk=order.pk)
    assert shipped.status == "shipped"
    parcel = shipped.fulfilments.get().shipment
    assert parcel is not None
    answer = send(asha, f"/console/shipments/{parcel.pk}/dispatch/", order_path(order))
    assert answer.status_code == 302
    answer = send(asha, f"/console/shipments/{parcel.pk}/deliver/", delivered_to="Priya")
    assert answer.status_code == 302

    assert Order.objects.get(pk=order.pk).status == "delivered"
    told = asha.get(order_path(order)).content.decode()
    assert "79464479" in told
    assert Event.objects.filter(stream=str(order.pk), actor_name="Asha", channel="console").count() >= 4


def test_a_form_sent_twice_acts_once(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("confirmed", shop_gateway)
    hidden = page_of(asha, order_path(order)).hidden
    note = {**hidden, "note": "Called at five."}

    first, second = (asha.post(order_path(order, "notes/"), note) for _ in range(2))

    assert (first.status_code, second.status_code, first.headers["Location"]) == (302, 302, second.headers["Location"])
    assert Event.objects.filter(stream=str(order.pk), kind="note.added").count() == 1


def test_a_stale_form_says_who_changed_what_and_keeps_the_words(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("confirmed", shop_gateway)
    hidden = page_of(asha, order_path(order, "cancel/")).hidden
    with operation("order.hold", actor=makers.ASHA, stream=str(order.pk)) as op:
        holds.hold(op, order_id=order.pk, reason="address")

    answer = asha.post(order_path(order, "cancel/"), {**hidden, "code": "other", "reason": "A long story"})

    text = answer.content.decode()
    check(text)
    assert answer.status_code == 409
    assert "by Asha: Put on hold (address)" in text
    assert "A long story" in text
    assert Order.objects.get(pk=order.pk).status == "confirmed"


def test_above_refundable_is_422_beside_the_typing(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("delivered", shop_gateway)

    answer = send(asha, order_path(order, "refund/"), mode="amount", amount="99,999.00", code="damaged", initiate="on")
    assert answer.status_code == 422
    assert "99,999.00" in check_text(answer)
    answer = send(asha, order_path(order, "refund/"), mode="amount", amount="10.50", code="damaged", initiate="on")

    assert answer.status_code == 302
    assert "₹10.50" in asha.get(order_path(order)).content.decode()


def check_text(answer: Any) -> str:
    text: str = answer.content.decode()
    check(text)
    return text


def test_a_step_that_is_not_legal_is_refused_in_words(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("cancelled", shop_gateway)

    answer = asha.post(order_path(order, "process/"), {"idempotency_key": "a" * 32})

    assert answer.status_code == 409
    assert 'role="alert"' in check_text(answer)


def test_hold_release_and_the_customers_wish(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("delivered", shop_gateway)
    with operation("refund.request", actor=makers.customer(order.person_id), stream=str(order.pk)) as op:
        wish = refund.request(op, order_id=order.pk, amount_minor=1000, reason="<b>Torn</b>")

    text = asha.get(order_path(order)).content.decode()
    assert "The customer asks for ₹10.00 back." in text
    assert "&lt;b&gt;Torn&lt;/b&gt;" in text
    answer = send(asha, order_path(order, f"refunds/{wish.pk}/decline/"), reason="It was whole.")
    assert answer.status_code == 302

    other = makers.confirmed_order(shop_gateway, {"TEA-1": 1})
    assert send(asha, order_path(other, "hold/"), reason="fraud", note="Odd.").status_code == 302
    held = other.holds.get()
    assert send(asha, order_path(other, f"holds/{held.pk}/release/"), order_path(other)).status_code == 302
    assert not Order.objects.get(pk=other.pk).on_hold


def test_the_list_costs_the_same_for_two_as_for_six(asha: Client, shop_gateway: FakeGateway) -> None:
    makers.product(units=50)
    counts = []
    for so_many in (2, 4):
        for _ in range(so_many):
            makers.placed_order({"TEA-1": 1})
        with CaptureQueriesContext(connection) as asked:
            asha.get("/console/orders/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12, counts


def test_the_order_page_costs_the_same_for_one_line_as_for_three(asha: Client, shop_gateway: FakeGateway) -> None:
    for sku in ("A-1", "B-1", "C-1"):
        makers.product(sku)
    counts = []
    for skus in ({"A-1": 1}, {"A-1": 1, "B-1": 1, "C-1": 2}):
        order = makers.shipped_order(shop_gateway, skus)
        asha.get(order_path(order))  # the first look of the hour is booked
        with CaptureQueriesContext(connection) as asked:
            asha.get(order_path(order))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 22, counts


def test_search_views_and_filters(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("confirmed", shop_gateway)

    assert asha.get("/console/orders/", {"q": order.number}).headers["Location"] == order_path(order)
    for query in ("q=priya", f"q={order.number[-5:]}", "q=3210", "view=to-pack", "payment=paid", "from=2020-01-01"):
        assert order.number in asha.get(f"/console/orders/?{query}").content.decode(), query
    for query in ("q=nobody", "view=in-transit", "payment=failed", "to=2020-01-01", "view=delivered&q=x"):
        text = asha.get(f"/console/orders/?{query}").content.decode()
        check(text)
        assert order.number not in text, query
    for odd in ("from=yesterday", "from=2026-13-45", "cursor=x", "view=none", "q=%00", "payment=x"):
        assert asha.get(f"/console/orders/?{odd}").status_code == 200, odd


def test_htmx_gets_parts_and_pages_stay_pages(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("confirmed", shop_gateway)
    htmx = {"HX-Request": "true"}

    rows = asha.get("/console/orders/", headers=htmx)
    dialog = asha.get(order_path(order, "refund/"), headers=htmx)
    hidden = check(dialog.content.decode()).hidden
    done = asha.post(order_path(order, "notes/"), {**hidden, "note": "Hello"}, headers=htmx)
    quiet = asha.get(order_path(order, "pulse/?since=9999"))
    news = asha.get(order_path(order, "pulse/?since=1"))

    assert rows.content.decode().strip().startswith("<section")
    assert "HX-Request" in rows.headers["Vary"]
    assert done.status_code == 200
    assert done.headers["HX-Retarget"] == "#order"
    assert "toast" in done.headers["HX-Trigger"]
    assert "Hello" in check_text(done)
    assert quiet.status_code == 204
    assert "Internal note" in news.content.decode()


def test_staff_alone_come_in(shop_gateway: FakeGateway) -> None:
    order = order_in("placed", shop_gateway)
    nobody, plain = Client(), Client()
    plain.force_login(get_user_model().objects.create_user("ravi"))

    assert nobody.get(order_path(order)).headers["Location"].startswith("/console/login/")
    assert nobody.post(order_path(order, "cancel/"), {"code": "other"}).headers["Location"].startswith("/console/login/")
    assert plain.get(order_path(order)).status_code == 403
    assert Order.objects.get(pk=order.pk).status == "pending"
    check(nobody.get("/console/login/").content.decode())
    checked = Client(enforce_csrf_checks=True)
    assert checked.post("/console/login/", {"username": "ravi", "password": "x"}).status_code == 403


def test_missing_is_a_page(asha: Client) -> None:
    for path in ("/console/orders/ORD-20200101-00001/", "/console/orders/nonsense/refund/", "/nowhere/"):
        answer = asha.get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in check_text(answer)


@pytest.mark.parametrize("show", ["notes", "money", "parcels", "system", "nonsense"])
def test_the_timeline_is_read_in_parts(show: str, asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("shipped", shop_gateway)

    text = asha.get(order_path(order), {"show": show}).content.decode()

    check(text)
    assert ("Order placed" in text) is (show == "nonsense")
    assert ("handed to" in text) is (show in ("parcels", "nonsense"))


def test_a_parcel_called_back_is_received(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("shipped", shop_gateway)
    parcel = order.fulfilments.get().shipment
    assert parcel is not None

    assert send(asha, order_path(order, "cancel/"), code="customer_request", reason="").status_code == 302
    text = asha.get(order_path(order)).content.decode()
    check(text)
    assert "Receive back" in text
    answer = send(asha, f"/console/shipments/{parcel.pk}/take-back/", order_path(order))

    assert answer.status_code == 302
    assert "Received back" in asha.get(order_path(order)).content.decode()
    assert asha.post("/console/shipments/00000000-0000-7000-8000-000000000000/take-back/").status_code == 404


def test_the_customers_wish_is_granted(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("delivered", shop_gateway)
    with operation("refund.request", actor=makers.customer(order.person_id), stream=str(order.pk)) as op:
        wish = refund.request(op, order_id=order.pk, amount_minor=1000, reason="Torn")

    answer = send(asha, order_path(order, f"refunds/{wish.pk}/approve/"), order_path(order))

    assert answer.status_code == 302
    assert "On its way" in asha.get(order_path(order)).content.decode()


def test_confirm_by_hand_says_who_saw_the_money(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("placed", shop_gateway)

    assert "is not recorded as paid" in asha.get(order_path(order, "confirm/")).content.decode()
    assert send(asha, order_path(order, "confirm/")).status_code == 302

    event = Event.objects.get(stream=str(order.pk), kind="order.confirmed")
    assert (event.actor_name, event.facts["by_hand"]) == ("Asha", True)


def test_a_parcel_needs_units_and_a_label(asha: Client, shop_gateway: FakeGateway) -> None:
    order = order_in("processing", shop_gateway)
    line = order.lines.get()

    for wish in (
        {f"units-{line.pk}": "0", "carrier": "own_fleet"}, {f"units-{line.pk}": "3", "carrier": "own_fleet"},
        {f"units-{line.pk}": "1", "carrier": "BlueDart"}, {f"units-{line.pk}": "1", "carrier": ""},
    ):
        answer = send(asha, order_path(order, "ship/"), **wish)
        assert answer.status_code == 422, wish
        assert 'class="err"' in check_text(answer) or 'role="alert"' in check_text(answer)
    assert send(asha, order_path(order, "ship/"), **{f"units-{line.pk}": "1", "carrier": "Own fleet"}).status_code == 302
    assert "1 of 1 line left" in asha.get(order_path(order)).content.decode()


def test_the_cards_of_a_split_order_share_the_total_of_its_line(asha: Client, shop_gateway: FakeGateway) -> None:
    """B27: each card shows its own share, and all of them add up, whatever is rounded."""
    makers.product("TEA-1", price_minor=3333)
    order = makers.processing_order(shop_gateway, {"TEA-1": 3})
    line = order.lines.get()
    assert line.total_minor == 10_499
    with operation("shipment.book", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.book(op, order_id=order.pk, items={line.pk: 1})
    assert shares(order) == {"To ship": [6999], "Package 1": [3500]}
    told = asha.get(order_path(order)).content.decode()
    assert (told.count(">₹69.99<"), told.count(">₹35.00<")) == (1, 1)
    with operation("shipment.book", actor=makers.ASHA, stream=str(order.pk)) as op:
        fulfil.book(op, order_id=order.pk, items={line.pk: 1})
    assert shares(order) == {"To ship": [3500], "Package 1": [3500], "Package 2": [3499]}
    with operation("order.cancel", actor=makers.ASHA, stream=str(order.pk)) as op:
        cancel.cancel(op, order_id=order.pk, code="other")
    assert shares(order) == {"Package 1": [3500], "Package 2": [3500], "Cancelled": [10_499]}, "called back: worth nothing twice"


def shares(order: Order) -> dict[str, list[int]]:
    found = sheet(order.pk)
    groups = {"To ship": found.to_ship, **{card.title: card.rows for card in found.packages}, "Cancelled": found.cancelled}
    return {title: [row.total_minor for row in rows] for title, rows in groups.items() if rows}


def test_guessing_a_password_ends() -> None:
    shop.member("asha", password="demo")
    client = Client()
    wrong = {"username": "asha", "password": "guess"}
    assert [client.post("/console/login/", wrong).status_code for _ in range(LOGINS_PER_NAME_MAX)] == [200] * 10

    answer = client.post("/console/login/", {**wrong, "password": "demo"})

    assert answer.status_code == 429
    assert "Too many tries" in check_text(answer)
    assert Client(REMOTE_ADDR="10.0.0.9").post("/console/login/", {**wrong, "password": "demo"}).status_code == 302


def test_reserved_money_is_captured_by_a_button(asha: Client, shop_gateway: FakeGateway, settings: Any) -> None:
    """PAYMENT_CAPTURE=manual: the order waits until a person takes the money; an order without reserved money refuses."""
    settings.PAYMENT_CAPTURE = "manual"
    makers.product()
    order = makers.placed_order()
    makers.pay(shop_gateway, order, "authorized")
    path = order_path(order, f"payments/{makers.payment_of(order).pk}/capture/")
    assert makers.fresh(order).payment_state == "authorized"
    assert path in asha.get(order_path(order)).content.decode()
    assert asha.post(path).status_code == 302
    relay.drain()
    assert makers.fresh(order).status == "confirmed"
    assert path not in asha.get(order_path(order)).content.decode()
    assert asha.post(path).status_code == 409
