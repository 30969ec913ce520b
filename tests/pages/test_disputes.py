"""Disputes at the console and over the API: seen on the order, answered once, refused to others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from payments import disputes
from payments.models import Dispute
from tests import makers as api
from tests.flows import makers
from tests.pages.markup import check
from tests.pages.test_console import order_path, page_of, send
from timeline import relay
from timeline.models import Event

if TYPE_CHECKING:
    from django.test import Client

    from orders.models import Order
    from tests.payments.fake_gateway import FakeGateway
    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def disputed(stand: Stand, shop_gateway: FakeGateway) -> tuple[Order, Dispute]:
    """A delivered order whose customer's bank asks for the money."""
    return stand(asked_back, shop_gateway)


def asked_back(gateway: FakeGateway) -> tuple[Order, Dispute]:
    makers.product()
    order = makers.delivered_order(gateway)
    paid_as = makers.payment_of(order).gateway_payment_id or ""
    gateway.dispute(paid_as)
    assert disputes.sweep() == 1
    relay.drain()
    return makers.fresh(order), Dispute.objects.get()


def json_of(answer: Any) -> Any:
    return json.loads(answer.content)


def path_of(dispute: Dispute, what: str = "") -> str:
    return f"/console/disputes/{dispute.pk}/{what}"


def test_the_order_shows_its_dispute(disputed: tuple[Order, Dispute], asha: Client) -> None:
    order, dispute = disputed
    assert order.payment_state == "disputed"
    said = asha.get(order_path(order)).content.decode()
    assert "bank asks" in said
    assert path_of(dispute) in said
    row = json_of(api.staff().get(f"/admin/orders/{order.number}"))
    assert [found["status"] for found in row["disputes"]] == ["open"]
    assert row["paymentState"] == "disputed"


def test_the_list_and_the_page_are_drawn(disputed: tuple[Order, Dispute], asha: Client) -> None:
    order, dispute = disputed
    assert order.number in asha.get("/console/disputes/").content.decode()
    assert dispute.gateway_dispute_id not in asha.get("/console/disputes/?state=won").content.decode()
    said = asha.get(path_of(dispute)).content.decode()
    check(said)
    assert dispute.gateway_dispute_id in said
    page_of(asha, "/console/disputes/")


def test_contesting_tells_the_gateway_once(
    disputed: tuple[Order, Dispute], asha: Client, shop_gateway: FakeGateway
) -> None:
    _, dispute = disputed
    answer = send(asha, path_of(dispute, "contest/"), sheet=path_of(dispute), words="Delivered on the 3rd")
    assert answer.status_code == 302
    again = asha.post(path_of(dispute, "accept/"), {"words": "Never mind"})
    assert again.status_code == 409
    relay.drain()
    assert Dispute.objects.get().status == "under_review"
    assert shop_gateway.asked("contest_dispute") == 1


def test_an_empty_answer_is_shown_again(disputed: tuple[Order, Dispute], asha: Client) -> None:
    _, dispute = disputed
    assert send(asha, path_of(dispute, "contest/"), sheet=path_of(dispute), words=" ").status_code == 422
    assert Dispute.objects.get().answer == ""


def test_customers_and_strangers_see_none_of_it(disputed: tuple[Order, Dispute], client: Client) -> None:
    _, dispute = disputed
    assert client.get(path_of(dispute)).status_code == 302
    assert api.nobody().get("/admin/disputes").status_code == 401
    assert api.customer().get("/admin/disputes").status_code == 403
    assert api.staff("orders:read").get("/admin/disputes").status_code == 403


def test_the_api_lists_and_answers(disputed: tuple[Order, Dispute], shop_gateway: FakeGateway) -> None:
    order, dispute = disputed
    boss = api.staff("disputes:read", "disputes:write")
    listed = json_of(boss.get("/admin/disputes", status="open"))
    assert [(row["id"], row["orderNumber"]) for row in listed["data"]] == [(str(dispute.pk), order.number)]
    assert json_of(boss.get("/admin/disputes", status="won"))["data"] == []
    assert boss.get("/admin/disputes", status="perhaps").status_code == 400
    path = f"/admin/disputes/{dispute.pk}"
    bad: list[Any] = [{}, {"reason": 5}, {"reason": ""}, {"reason": "x", "more": 1}]
    assert {boss.post(f"{path}/accept", body).status_code for body in bad} <= {400, 422}
    accepted = boss.post(f"{path}/accept", {"reason": "Never shipped"}, key=True)
    assert accepted.status_code == 200
    assert json_of(accepted)["answer"] == "concede"
    assert boss.post(f"{path}/accept", {"reason": "Again"}).status_code == 409
    relay.drain()
    assert json_of(boss.get(path))["status"] == "lost"
    assert boss.get("/admin/disputes/00000000-0000-7000-8000-000000000000").status_code == 404


def test_the_customer_does_not_see_it(disputed: tuple[Order, Dispute]) -> None:
    order, _ = disputed
    owner = api.Caller({"Authorization": f"Bearer {api.customer_token(order.person_id)}"})
    assert "disputes" not in json_of(owner.get(f"/storefront/orders/{order.number}"))


def test_f32_a_refund_meanwhile_needs_a_second_word(disputed: tuple[Order, Dispute], asha: Client) -> None:
    """The dialog offers it only while a dispute runs; the event says that a person insisted."""
    order, _ = disputed
    path = order_path(order, "refund/")
    wish = {"mode": "amount", "amount": "10.00", "code": "other", "reason": "Promised", "initiate": "on"}
    assert "despite_dispute" in asha.get(path).content.decode()
    refused = send(asha, path, **wish)
    assert refused.status_code == 409
    assert "pay it twice" in refused.content.decode()
    assert send(asha, path, **wish, despite_dispute="on").status_code == 302
    asked = Event.objects.get(kind="refund.asked")
    assert (asked.facts["amount_minor"], asked.facts["despite_dispute"]) == (1000, True)


def test_f32_over_the_api_too(disputed: tuple[Order, Dispute]) -> None:
    order, _ = disputed
    boss = api.staff()
    path, wish = f"/admin/orders/{order.pk}/refund", {"amount": 1000, "reason": "Promised"}
    assert boss.post(path, wish, key=True).status_code == 409
    assert boss.post(path, {**wish, "despiteDispute": 1}, key=True).status_code == 400
    assert boss.post(path, {**wish, "despiteDispute": True}, key=True).status_code == 201


def test_without_a_dispute_the_dialog_does_not_speak_of_one(shop_gateway: FakeGateway, asha: Client) -> None:
    makers.product()
    order = makers.confirmed_order(shop_gateway)
    assert "despite_dispute" not in asha.get(order_path(order, "refund/")).content.decode()
    api_row = {"amount": 1000, "reason": "Promised", "despiteDispute": True}
    assert api.staff().post(f"/admin/orders/{order.pk}/refund", api_row, key=True).status_code == 201
    assert "despite_dispute" not in Event.objects.get(kind="refund.asked").facts
