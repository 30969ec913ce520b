"""The refund dialog, the decisions on requests and failures, and why an order costs what it costs (UX B5.3, B5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from orders.models import Line, Order, RefundPart
from orders.pages.refund_forms import REASONS
from payments import operations as money
from payments.models import Refund
from tests import makers as shop
from tests.flows import makers
from tests.pages.markup import check
from tests.pages.test_console import order_path, page_of, send
from timeline import relay
from timeline.operations import operation

if TYPE_CHECKING:
    from tests.payments.fake_gateway import FakeGateway
    from tests.standing import Stand

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(stand: Stand, shop_gateway: FakeGateway) -> Order:
    return stand(discounted, shop_gateway)


def discounted(gateway: FakeGateway) -> Order:
    makers.product("TEA-1", units=9)
    makers.product("POT-1", price_minor=19_999, gst_rate_bp=1800, hsn="6911", units=9, price_includes_gst=True)
    makers.discount("TEN")
    return makers.delivered_order(gateway, {"TEA-1": 3, "POT-1": 1}, discountCode="TEN")


def staff_member(name: str, *roles: str) -> Client:
    return shop.signed_in(name, *roles, first_name=name.title())


def units(order: Order, sku: str, count: int, to: str = "none") -> dict[str, Any]:
    line = Line.objects.get(order=order, sku=sku)
    return {f"units-{line.pk}": count, f"to-{line.pk}": to}


def text_of(answer: Any) -> str:
    text: str = answer.content.decode()
    check(text)
    return text


def test_the_quote_says_what_is_done_and_writes_nothing(asha: Client, order: Order) -> None:
    path = order_path(order, "refund/")
    hidden = page_of(asha, path).hidden
    wish = {"mode": "items", **units(order, "TEA-1", 2), "initiate": "on"}
    said = asha.post(path + "quote/", {**hidden, **wish}, headers={"HX-Request": "true"}).content.decode()
    assert "Refund ₹189.00" in said
    assert "CGST reversed" in said
    worked_out = asha.post(path, {**hidden, **wish, "work_out": "1"})
    assert (worked_out.status_code, "Refund ₹189.00" in text_of(worked_out), Refund.objects.count()) == (200, True, 0)

    assert send(asha, path, **wish, code="damaged", reason="Both lids").status_code == 302
    made = Refund.objects.get()
    assert (made.amount_minor, sum(RefundPart.objects.values_list("total_minor", flat=True))) == (18_900, 18_900)
    page = asha.get(order_path(order)).content.decode()
    assert "Arrived damaged. Both lids" in page
    assert "Of what it consists" in page


def test_all_units_with_shipping_are_the_whole_order(asha: Client, order: Order) -> None:
    path = order_path(order, "refund/")
    page = asha.get(path + "?all=1")
    assert 'value="3"' in text_of(page)
    wish = {**units(order, "TEA-1", 3), **units(order, "POT-1", 1, "stock"), "with_shipping": "on", "initiate": "on"}
    assert send(asha, path, mode="items", code="unwanted", **wish).status_code == 302
    assert Refund.objects.get().amount_minor == order.total_minor
    assert Line.objects.get(order=order, sku="POT-1").quantity_returned == 1


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"mode": "items", "code": "damaged"}, "Choose the units"),
        ({"mode": "amount", "code": "damaged"}, "An amount is needed."),
        ({"mode": "goodwill", "amount": "5", "code": "late"}, "Say in words why."),
        ({"mode": "amount", "amount": "5", "code": "other"}, "Say in words why."),
        ({"mode": "amount", "amount": "5"}, "required"),
        ({"mode": "amount", "amount": "99999", "code": "late"}, "At most"),
        ({"mode": "all", "amount": "5", "code": "late"}, "valid choice"),
        ({"mode": "amount", "amount": "five", "code": "late"}, "Enter a number"),
    ],
)
def test_what_is_missing_is_said_beside_the_typing(asha: Client, order: Order, wish: dict[str, str], says: str) -> None:
    answer = send(asha, order_path(order, "refund/"), **wish)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert Refund.objects.count() == 0


def test_above_the_limit_it_is_sent_for_approval(order: Order, settings: Any) -> None:
    settings.REFUND_LIMIT_MINOR = 5_000
    sita, farhan = staff_member("sita", "support"), staff_member("farhan", "finance")
    path = order_path(order, "refund/")
    wish = {"mode": "amount", "amount": "60", "code": "late", "initiate": "on"}
    hidden = page_of(sita, path).hidden
    assert "Send ₹60.00 for approval" in sita.post(path + "quote/", {**hidden, **wish}).content.decode()
    assert send(sita, path, **wish).status_code == 302
    made = Refund.objects.get()
    assert made.status == "requested"
    page = farhan.get(order_path(order)).content.decode()
    assert "Sita wants to give ₹60.00 back." in page

    approve = order_path(order, f"refunds/{made.pk}/approve/")
    refused = send(sita, approve, order_path(order))
    assert (refused.status_code, "another person must" in text_of(refused)) == (409, True)
    assert send(staff_member("om", "support"), approve, order_path(order)).status_code == 409
    assert send(farhan, approve, order_path(order)).status_code == 302
    assert Refund.objects.get().status == "pending"


def test_a_failed_refund_is_tried_again_or_given_otherwise(asha: Client, order: Order) -> None:
    assert send(asha, order_path(order, "refund/"), mode="goodwill", amount="9", code="late", reason="Sorry", initiate="on")
    made = Refund.objects.get()
    for path, wish in (("retry/", {}), ("settle/", {"reference": "UTR616012345678", "reason": "By NEFT"})):
        with operation("refund.fail", actor=makers.TESTER, stream=made.stream) as op:
            money.fail_refund(op, refund_id=made.pk, code="refused", reason="no_balance")
        page = asha.get(order_path(order)).content.decode()
        assert "Try again" in page
        form = order_path(order) if path == "retry/" else ""
        assert send(asha, order_path(order, f"refunds/{made.pk}/{path}"), form, **wish).status_code == 302
    relay.drain()
    row = Refund.objects.get()
    assert (row.status, row.by_other_means, row.reference) == ("processed", True, "UTR616012345678")
    assert "Bank reference UTR616012345678" in asha.get(order_path(order)).content.decode()


def test_why_traces_every_figure(asha: Client, order: Order) -> None:
    send(asha, order_path(order, "refund/"), mode="items", code="late", initiate="on", **units(order, "POT-1", 1))
    text = text_of(asha.get(order_path(order, "why/")))
    for words in ("agrees to the paisa", "CGST 2.5%", "CGST 9%", "rounded to", "Receivable from the gateway", "TEN", "Given back"):
        assert words in text, words
    assert order.pricing_snapshot["ruleHash"] in text


def test_why_says_when_a_snapshot_is_broken(asha: Client, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    from orders.pricing import snapshot

    monkeypatch.setattr(snapshot, "READABLE", ())
    assert "does not agree" in text_of(asha.get(order_path(order, "why/")))


def test_every_reason_has_words() -> None:
    assert all(REASONS.values())
