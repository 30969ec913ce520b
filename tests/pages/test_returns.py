"""Pages of returns: the customer asks and sees the exact refund first, staff take each step without JavaScript (UX B5.6, B7)."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from orders.models import Order, Return, ReturnPhoto
from payments.models import Refund
from tests import makers as shop
from tests.pages.conftest import shopper
from tests.returns import makers
from timeline.vocabulary import money

if TYPE_CHECKING:
    from django.test import Client

    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand) -> Order:
    return stand(shop.delivered_order, quantity=3)


def key() -> str:
    return uuid.uuid4().hex


def page(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content[:300]
    return answer.content.decode()


def wish(order: Order, **more: Any) -> dict[str, Any]:
    pk = makers.lines_of(order)[0].pk
    return {
        f"units-{pk}": 2, f"reason-{pk}": "size", f"condition-{pk}": "opened", "wish": "refund", "comment": "Too small",
        "idempotency_key": key(), **more,
    }


def test_b7_the_customer_sees_the_exact_refund_before_sending(order: Order, settings: Any) -> None:
    settings.RETURN_FEES_BP = ["size:1000"]
    meera, url = shopper(order.person_id), reverse("account-return-ask", kwargs={"number": order.number})
    assert url in page(meera, reverse("account-order", kwargs={"number": order.number}))
    assert "Show what I get back" in page(meera, url)
    shown = meera.post(url, wish(order))
    assert (shown.status_code, Return.objects.count()) == (200, 0)
    text = shown.content.decode()
    sent = meera.post(url, wish(order, send="1", photos=[SimpleUploadedFile("a.png", makers.png(), "image/png")]))
    ret = Return.objects.get()
    assert money(ret.worth_minor - ret.fee_minor) in text
    assert sent.headers["Location"] == reverse("account-return", kwargs={"number": order.number, "rma": ret.number})
    status = page(meera, sent.headers["Location"])
    for words in ("We look at your request", "Too small", money(ret.worth_minor - ret.fee_minor), "Photo 1"):
        assert words in status
    assert ReturnPhoto.objects.count() == 1
    assert ret.number in page(meera, reverse("account-order", kwargs={"number": order.number}))


def test_a_double_click_leads_both_to_one_return(order: Order) -> None:
    meera, url, sent = shopper(order.person_id), reverse("account-return-ask", kwargs={"number": order.number}), wish(order, send="1")
    places = {meera.post(url, sent).headers["Location"] for _ in range(2)}
    assert (len(places), Return.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("more", "words"),
    [({"condition": "used"}, "Used or broken goods"), ({"units": 0}, "Choose how many"), ({"photos": b"<html>"}, "A photo is a JPEG")],
)
def test_what_cannot_be_is_said_and_nothing_is_sent(order: Order, more: dict[str, Any], words: str) -> None:
    pk = makers.lines_of(order)[0].pk
    changed = {f"{name}-{pk}": value for name, value in more.items() if name != "photos"}
    if "photos" in more:
        changed["photos"] = [SimpleUploadedFile("a.png", more["photos"], "image/png")]
    answer = shopper(order.person_id).post(
        reverse("account-return-ask", kwargs={"number": order.number}), wish(order, send="1", **changed)
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Return.objects.count() == 0


def test_the_customer_keeps_the_goods_and_adds_photos(order: Order) -> None:
    meera, ret = shopper(order.person_id), makers.asked(order)
    names = {"number": order.number, "rma": ret.number}
    more = {"photos": [SimpleUploadedFile("b.jpg", makers.jpeg(), "image/jpeg")], "idempotency_key": key()}
    assert meera.post(reverse("account-return-photos", kwargs=names), more).status_code == 302
    picture = meera.get(reverse("account-return-photo", kwargs={**names, "place": 1}))
    assert (picture.content, picture["X-Content-Type-Options"]) == (makers.jpeg(), "nosniff")
    meera.post(reverse("account-return-cancel", kwargs=names), {"idempotency_key": key()})
    assert makers.fresh(ret).status == "cancelled"
    assert "You keep the goods" in page(meera, reverse("account-return", kwargs=names))


def test_somebody_else_sees_nothing(order: Order, asha: Client) -> None:
    ret = makers.asked(order)
    other = shopper(shop.delivered_order().person_id)
    names = {"number": order.number, "rma": ret.number}
    page(other, reverse("account-return", kwargs=names), 404)
    page(other, reverse("account-return-ask", kwargs={"number": order.number}), 404)
    assert shopper(order.person_id).get(reverse("console-returns")).status_code in (302, 403)
    page(asha, reverse("console-return", kwargs={"rma": "RMA-20261128-99999"}), 404)


def take(asha: Client, ret: Return, verb: str, **sent: Any) -> Any:
    url = reverse("console-return-step", kwargs={"rma": ret.number, "verb": verb})
    return asha.post(url, {"idempotency_key": key(), **sent})


def test_staff_walk_a_return_from_request_to_refund(order: Order, asha: Client) -> None:
    ret, pk = makers.asked(order, units=2, comment="Broke at once"), makers.lines_of(order)[0].pk
    here = reverse("console-return", kwargs={"rma": ret.number})
    assert ret.number in page(asha, reverse("console-returns"))
    assert "Broke at once" in page(asha, here)
    for verb, sent, status, tab in (
        ("approve", {}, "approved", "approved"),
        ("pickup", {"carrier": "own_fleet", "warehouse": shop.WAREHOUSE}, "pickup_booked", "pickup"),
        ("collect", {}, "on_the_way", "pickup"),
        ("receive", {f"units-{pk}": 2, "warehouse": shop.WAREHOUSE}, "received", "received"),
        (
            "inspect", {f"fate-{pk}-0": "A:restock", f"fate-{pk}-1": "damaged:scrap", "warehouse": shop.WAREHOUSE},
            "inspected", "to-refund",
        ),
    ):
        assert f"/{verb}/" in page(asha, here)
        assert take(asha, ret, verb, **sent).status_code == 302
        assert makers.fresh(ret).status == status
        assert ret.number in page(asha, f"{reverse('console-returns')}?tab={tab}")
    shown = page(asha, here)
    assert f"Refund {money(ret.worth_minor)}" in shown
    done = take(asha, ret, "refund", reason="Sorry", speed="normal", initiate="on")
    assert done.status_code == 302
    assert Refund.objects.get().amount_minor == ret.worth_minor
    assert "No refund: This return has been refunded" in page(asha, here)
    assert take(asha, ret, "close", outcome="").status_code == 302
    assert ret.number in page(asha, f"{reverse('console-returns')}?tab=closed")


def test_staff_exchange_for_the_same_and_for_something_else(order: Order, asha: Client) -> None:
    here = [makers.approved(order), makers.approved(order)]
    shown = page(asha, reverse("console-return", kwargs={"rma": here[0].number}))
    assert f"<dd>{money(here[0].worth_minor)}</dd><dt>The same goods</dt><dd>{money(here[0].worth_minor)}</dd>" in shown
    assert take(asha, here[0], "exchange", goods="", initiate="on").status_code == 302
    assert take(asha, here[1], "exchange", goods="SKU 1 2", initiate="on").status_code == 422
    other = shop.product(price_minor=10_000)
    assert take(asha, here[1], "exchange", goods=f"{other.sku.lower()} 1", initiate="on").status_code == 302
    made = [makers.fresh(ret).exchange_order for ret in here]
    assert [new.status for new in made if new is not None] == ["confirmed", "confirmed"]
    assert made[0] is not None
    assert made[0].number in page(asha, reverse("console-return", kwargs={"rma": here[0].number}))


def test_a_step_that_is_not_possible_any_more_says_so(order: Order, asha: Client) -> None:
    ret = makers.approved(order)
    answer = take(asha, ret, "approve")
    assert answer.status_code == 409
    assert "is approved" in answer.content.decode()
    assert take(asha, ret, "nonsense").status_code == 409


def test_what_is_typed_wrong_keeps_the_form(order: Order, asha: Client) -> None:
    ret, pk = makers.approved(order), makers.lines_of(order)[0].pk
    answer = take(asha, ret, "receive", **{f"units-{pk}": 99, "warehouse": shop.WAREHOUSE})
    assert answer.status_code == 422
    assert 'value="99"' in answer.content.decode()
    assert take(asha, ret, "decline", reason="").status_code == 409  # it is approved: there is nothing to decline
    assert makers.fresh(ret).status == "approved"


def test_a_stale_page_is_told_who_changed_what(order: Order, asha: Client) -> None:
    ret = makers.asked(order)
    version = re.search(r'name="version" value="(\d+)"', page(asha, reverse("console-return", kwargs={"rma": ret.number})))
    assert version is not None
    makers.asked(order)
    answer = take(asha, ret, "approve", version=version[1])
    assert answer.status_code == 409
    assert "Nothing of yours was done yet" in answer.content.decode()


def test_empty_tabs_say_what_they_are_for(asha: Client) -> None:
    assert "No customer waits for an answer" in page(asha, reverse("console-returns"))
    assert "No return is in this state" in page(asha, f"{reverse('console-returns')}?tab=received")
    page(asha, f"{reverse('console-returns')}?tab=x&cursor=nonsense")


def test_staff_take_several_items_in_at_once_fetched_elsewhere(client: Client, django_user_model: Any) -> None:
    order = shop.delivered_order(lines=2, quantity=3)
    client.force_login(shop.member("asha"))
    url = reverse("console-take-return", kwargs={"number": order.number})
    assert url in page(client, reverse("console-order", kwargs={"number": order.number}))
    assert "Approve it at once" in page(client, url)
    one, two = (line.pk for line in makers.lines_of(order))
    sent = {
        f"units-{one}": 2, f"units-{two}": 1, f"reason-{one}": "size", f"condition-{one}": "opened", f"reason-{two}": "defective",
        f"condition-{two}": "broken", "wish": "exchange", "comment": "By phone", "approved": "on", "elsewhere": "on",
    }
    there = {"name": "Meera", "phone": "+919876543210", "line1": "7 Hill Road", "city": "Mysuru", "state": "IN-KA", "postal_code": "570001"}
    assert client.post(url, {**sent, "units-" + str(one): 4}).status_code == 422
    assert client.post(url, {**sent, **there, "postal_code": "1"}).status_code == 422
    assert Return.objects.count() == 0
    assert client.post(url, {**sent, **there, "idempotency_key": key()}).status_code == 302
    ret = Return.objects.get()
    assert (ret.status, ret.wish, [row.quantity for row in ret.lines.order_by("line__place")]) == ("approved", "exchange", [2, 1])
    assert ret.private(order.person.key)["pickupAddress"]["city"] == "Mysuru"
    assert client.post(url, {**sent, f"units-{one}": 2}).status_code == 422  # one unit is left
