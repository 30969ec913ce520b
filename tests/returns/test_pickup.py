"""The way back: a reverse parcel moves the return, and never the order (E21, B29)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orders.models import Order, Return
from orders.operations import fulfil, return_pickup, returns
from orders.operations.return_goods import Graded, inspect, receive
from orders.parcels import worth_minor
from shipping import operations as parcels
from shipping.models import Label, Shipment
from shipping.operations import AlreadyShipped
from tests import makers as shop
from tests.makers import Caller
from tests.returns import makers
from tests.standing import Stand
from timeline import relay
from timeline.errors import TransitionRefused
from timeline.operations import operation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(delivered)


def delivered() -> Order:
    made = shop.delivered_order(quantity=2)
    relay.drain()
    return made


def booked(order: Order, **wish: Any) -> Return:
    ret = makers.approved(order)
    return makers.do(ret, lambda op: return_pickup.book(op, return_id=ret.pk, **wish))


def reverse(ret: Return) -> Shipment:
    return Shipment.objects.get(stream=str(ret.order_id), direction="reverse")


def move(parcel: Shipment, verb: Any) -> None:
    with operation("test.carrier", actor=shop.TESTER, stream=parcel.stream) as op:
        verb(op, shipment_id=parcel.pk)
    relay.drain()


def test_the_carrier_fetches_it_and_a_person_receives_it(order: Order) -> None:
    ret = booked(order)
    relay.drain()
    parcel = reverse(ret)
    assert (parcel.status, parcel.reference, parcel.cod_amount_minor) == ("labelled", ret.number, 0)
    assert Label.objects.filter(shipment=parcel).exists()
    move(parcel, parcels.dispatch)
    assert makers.fresh(ret).status == "on_the_way"
    move(parcel, parcels.deliver)
    assert makers.fresh(ret).status == "on_the_way"  # at our door; nobody has counted it
    assert makers.do(ret, lambda op: receive(op, return_id=ret.pk)).status == "received"


def test_a_reverse_parcel_is_no_parcel_of_the_order(order: Order) -> None:
    before = [shop.again(order), *makers.lines_of(order)]
    ret = booked(order)
    relay.drain()
    for verb in (parcels.dispatch, parcels.deliver):
        move(reverse(ret), verb)
        with operation("test.settle", actor=shop.TESTER, stream=str(order.pk)) as op:
            fulfil.settle(op, order_id=order.pk)
    after = [shop.again(order), *makers.lines_of(order)]
    for old, new in zip(before, after, strict=True):
        for column in ("status", "fulfilment_state", "quantity_shipped", "quantity_delivered", "quantity_returned"):
            assert getattr(old, column, None) == getattr(new, column, None)


def test_a_carrier_that_refuses_leaves_the_return_approved(order: Order) -> None:
    ret = booked(order)
    move(reverse(ret), parcels.cancel)
    again = makers.fresh(ret)
    assert again.status == "approved"
    assert makers.do(again, lambda op: return_pickup.book(op, return_id=ret.pk)).status == "pickup_booked"


def test_calling_off_calls_the_carrier_off_until_it_was_fetched(order: Order) -> None:
    ret = booked(order)
    makers.do(ret, lambda op: return_pickup.cancel(op, return_id=ret.pk))
    assert (makers.fresh(ret).status, reverse(ret).status) == ("cancelled", "cancelled")
    other = makers.approved(order)
    other = makers.do(other, lambda op: return_pickup.book(op, return_id=other.pk))
    parcel = Shipment.objects.get(direction="reverse", status="booked")
    with operation("test.carrier", actor=shop.TESTER, stream=parcel.stream) as op:
        parcels.label_by_hand(op, shipment_id=parcel.pk)
        parcels.dispatch(op, shipment_id=parcel.pk)
    with pytest.raises(AlreadyShipped):
        makers.do(other, lambda op: return_pickup.cancel(op, return_id=other.pk))
    relay.drain()
    with pytest.raises(TransitionRefused):
        makers.do(other, lambda op: return_pickup.cancel(op, return_id=other.pk))


def test_goods_that_come_another_way_need_no_pickup_any_more(order: Order) -> None:
    ret = booked(order)
    got = makers.do(ret, lambda op: receive(op, return_id=ret.pk))
    assert (got.status, reverse(ret).status) == ("received", "cancelled")


def test_collected_by_hand_and_received_is_a_whole_journey(order: Order) -> None:
    ret = booked(order)
    assert makers.do(ret, lambda op: return_pickup.collect(op, return_id=ret.pk)).status == "on_the_way"
    makers.do(ret, lambda op: receive(op, return_id=ret.pk))
    assert reverse(ret).status == "delivered"
    with pytest.raises(return_pickup.NoParcel):
        makers.do(ret, lambda op: return_pickup.collect(op, return_id=ret.pk))


def test_it_is_fetched_where_the_customer_says(order: Order) -> None:
    there = shop.address(line1="7 Hill Road", city="Mysuru")
    ret = makers.approved(order, pickup_address=there)
    ret = makers.do(ret, lambda op: return_pickup.book(op, return_id=ret.pk))
    assert reverse(ret).private()["destination"]["line1"] == "7 Hill Road"


def test_what_is_sent_back_travels_in_a_parcel_of_its_own(order: Order) -> None:
    ret = makers.approved(order)
    makers.do(ret, lambda op: receive(op, return_id=ret.pk))
    line = makers.lines_of(order)[0]
    ret = makers.do(ret, lambda op: inspect(op, return_id=ret.pk, units=[Graded(line.pk, 1, "B", "back_to_customer")]))
    relay.drain()
    parcel = Shipment.objects.get(stream=str(order.pk), reference=ret.number)
    assert (parcel.direction, parcel.status, parcel.cod_amount_minor) == ("forward", "labelled", 0)
    assert makers.lines_of(order)[0].quantity_shipped == 2
    makers.do(ret, lambda op: return_pickup.collect(op, return_id=ret.pk))
    assert Shipment.objects.get(pk=parcel.pk).status == "shipped"


def test_over_the_api_and_the_customer_gets_the_label(order: Order) -> None:
    asha = shop.staff()
    meera = Caller({"Authorization": f"Bearer {shop.customer_token(order.person_id)}"})
    ret = makers.approved(order)
    path = f"/storefront/orders/{order.pk}/returns/{ret.pk}/label"
    assert meera.get(path).status_code == 404
    assert asha.post(f"/admin/returns/{ret.pk}/pickup", {"carrier": "pigeon"}).status_code == 422
    assert asha.post(f"/admin/returns/{ret.pk}/pickup", {"dropOff": True}).status_code == 200
    assert asha.post(f"/admin/returns/{ret.pk}/pickup", {}).status_code == 409
    relay.drain()
    answer = meera.get(path)
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert shop.customer().get(path).status_code == 404
    shown = asha.get(f"/admin/returns/{ret.pk}").json()  # type: ignore[attr-defined]
    assert [row["direction"] for row in shown["shipments"]] == ["reverse"]
    assert "collect" in shown["allowedActions"]
    assert asha.post(f"/admin/returns/{ret.pk}/collect").status_code == 200


def test_expired_and_declined_goods_are_not_fetched(order: Order) -> None:
    ret = makers.asked(order)
    with pytest.raises(TransitionRefused):
        makers.do(ret, lambda op: return_pickup.book(op, return_id=ret.pk))
    makers.do(ret, lambda op: returns.decline(op, return_id=ret.pk, reason="x"))
    with pytest.raises(TransitionRefused):
        makers.do(ret, lambda op: return_pickup.book(op, return_id=ret.pk))


def test_parcels_of_a_return_answer_by_their_id_with_their_units_and_stand_with_their_return(order: Order) -> None:
    asha = shop.staff()
    line = str(makers.lines_of(order)[0].pk)

    def read(path: str) -> Any:
        return json.loads(asha.get(path).content)

    ret = booked(order)
    relay.drain()
    fetched = f"/admin/shipments/{reverse(ret).pk}"
    for step, status in (("dispatch", "shipped"), ("scans", "in_transit"), ("deliver", "delivered")):
        answer = asha.post(f"{fetched}/{step}", {"status": "in_transit"} if step == "scans" else {})
        assert json.loads(answer.content)["status"] == status
    assert asha.post(f"{fetched}/return").status_code == 409  # goods of a return are received with it
    assert worth_minor(reverse(ret)) == ret.worth_minor
    makers.do(ret, lambda op: receive(op, return_id=ret.pk))
    makers.do(ret, lambda op: inspect(op, return_id=ret.pk, units=[Graded(makers.lines_of(order)[0].pk, 1, "B", "back_to_customer")]))
    relay.drain()
    handed = f"/admin/shipments/{Shipment.objects.get(reference=ret.number, direction='forward').pk}"
    for step, status in (("dispatch", "shipped"), ("deliver", "delivered")):
        assert json.loads(asha.post(f"{handed}/{step}", {}).content)["status"] == status
    whole = read(f"/admin/orders/{order.pk}")
    assert whole["items"][0]["quantityDelivered"] == 2
    there = whole["returns"][0]["shipments"]
    assert {row["id"] for row in there}.isdisjoint(row["id"] for row in whole["shipments"])
    for row in there:
        shown = read(f"/admin/shipments/{row['id']}")
        assert shown["items"] == [{"orderItemId": line, "quantity": 1}]
        assert [row[name] for name in row] == [shown[name] for name in row]
    listed = read("/admin/shipments?direction=reverse")["data"]
    assert [row["items"] for row in listed] == [[{"orderItemId": line, "quantity": 1}]]
