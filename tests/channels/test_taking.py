"""Orders of channels over HTTP: created, the same again, changed, held, decided (D1, D2)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.timezone import localdate

from config import doctor
from inventory.models import Level
from orders.models import ChannelImport, Line, Message, Order
from orders.reconciliation import report
from payments import journal
from payments.models import Payment
from tests import makers
from tests.channels.bodies import SAMPLES, body
from tests.channels.test_edi import X12
from timeline import relay
from timeline.models import Delivery

pytestmark = pytest.mark.django_db


def tell(clerk: makers.Caller, name: str, **changes: Any) -> dict[str, Any]:
    """Tell one order and give its answer."""
    answer = makers.read(clerk.post(f"/admin/channels/{SAMPLES[name][0]}/orders", body(name, **changes)))
    return dict(answer["data"][0])


def work() -> None:
    """Everything that is due in the background."""
    for _ in range(20):
        if not relay.relay_due():
            return


@pytest.mark.usefixtures("goods")
@pytest.mark.parametrize("name", SAMPLES)
def test_each_channels_order_is_one_of_ours_to_the_last_unit(clerk: makers.Caller, name: str) -> None:
    answer = tell(clerk, name)
    assert (answer["outcome"], [reason for reason in answer["reasons"] if reason["holds"]]) == ("created", [])
    found = makers.read(clerk.get(f"/admin/orders/{answer['orderNumber']}"))
    currency, subtotal, off, tax, shipping, total, status, paid = SAMPLES[name][2]
    figures = ("currency", "subtotal", "discountAmount", "gstAmount", "shippingCost", "total", "status", "paidAmount")
    assert tuple(found[key] for key in figures) == (currency, subtotal, off, tax, shipping, total, status, paid)
    assert (found["channel"], found["channelOrderId"]) == (SAMPLES[name][0], answer["channelOrderId"])
    assert tell(clerk, name)["outcome"] == "unchanged"
    assert Order.objects.count() == 1
    work()
    assert [str(fault) for check in doctor.CHECKS for fault in check() if "secret" not in str(fault)] == []
    assert not Message.objects.exists()


@pytest.mark.usefixtures("goods")
def test_gst_is_split_by_its_names_and_other_taxes_are_other(clerk: makers.Caller) -> None:
    """Z7 holds for what says CGST; a Spanish IVA is none of it."""
    tell(clerk, "shopify")
    tell(clerk, "woocommerce")
    indian, spanish = Order.objects.get(channel="shopify"), Order.objects.get(channel="woocommerce")
    assert (indian.cgst_minor, indian.sgst_minor, indian.other_tax_minor, indian.destination_state) == (7175, 7175, 0, "IN-TS")
    assert (spanish.cgst_minor, spanish.other_tax_minor, spanish.destination_state) == (0, 606, "ES")
    assert Line.objects.get(order=spanish).metadata["channel"]["taxes"][0]["title"] == "IVA"


@pytest.mark.usefixtures("goods")
def test_the_books_balance_in_each_currency(clerk: makers.Caller) -> None:
    """D5: what a channel took is receivable from it."""
    tell(clerk, "shopify")
    tell(clerk, "woocommerce")
    for currency, taken in (("INR", 109900), ("EUR", 3490)):
        rows = {row.account: row.amount_minor for row in journal.trial_balance(currency=currency)}
        assert (rows[journal.CHANNEL_RECEIVABLE], rows[journal.CUSTOMERS], sum(rows.values())) == (taken, -taken, 0)
    said = report.of_day(localdate())
    assert said["residual"] == 0
    assert [(row["channel"], row["currency"], row["captured"]) for row in said["channels"]] == [
        ("shopify", "INR", 109900), ("woocommerce", "EUR", 3490)
    ]


@pytest.mark.usefixtures("goods")
def test_a_sale_is_booked_when_its_goods_leave_and_every_path_ends_even(clerk: makers.Caller) -> None:
    """D5: posted to the ledger; delivered, refunded and cancelled orders owe nothing."""
    tell(clerk, "amazon-2026")
    tell(clerk, "shopify", fulfillment_status="fulfilled", financial_status="refunded", updated_at="2026-11-20T11:00:00+05:30")
    tell(clerk, "ebay", cancelStatus={"cancelState": "CANCELED"}, orderPaymentStatus="FULLY_REFUNDED")
    work()
    jpy = {row.account: row.amount_minor for row in journal.trial_balance(currency="JPY")}
    assert (jpy[journal.CUSTOMERS], jpy[journal.CHANNEL_SALES], jpy[journal.CHANNEL_TAX]) == (0, -1080, -100)
    for currency in ("INR", "GBP"):
        rows = {row.account: row.amount_minor for row in journal.trial_balance(currency=currency)}
        assert (rows[journal.CUSTOMERS], rows[journal.CHANNEL_RECEIVABLE]) == (0, 0)


def test_what_does_not_fit_waits_and_goes_on_when_it_is_decided(clerk: makers.Caller) -> None:
    answer = tell(clerk, "woocommerce", status="awaiting-courier", total="34.91")
    assert answer["outcome"] == "held"
    codes = {reason["code"]: reason for reason in answer["reasons"]}
    assert codes.keys() == {"unknown_sku", "unknown_status", "totals_do_not_add_up"}
    assert codes["totals_do_not_add_up"]["difference"] == 1
    assert (answer["imported"]["sums"]["total"], answer["imported"]["sums"]["currency"]) == (3491, "EUR")
    assert not Order.objects.exists()

    makers.product("OURS-1", units=5)
    pk = answer["imported"]["id"]
    wish = {"skus": {"KURTA-M": "ours-1"}, "status": "confirmed"}
    still = makers.read(clerk.post(f"/admin/channel-imports/{pk}/resolve", wish))
    assert (still["state"], [reason["code"] for reason in still["reasons"] if reason["holds"]]) == ("held", ["totals_do_not_add_up"])
    done = makers.read(clerk.post(f"/admin/channel-imports/{pk}/resolve", {"accept": ["totals_do_not_add_up"]}))
    assert done["state"] == "imported"
    order = Order.objects.get()
    assert (order.total_minor, order.shipping_minor, order.channel_status) == (3491, 414, "awaiting-courier")
    assert makers.read(clerk.get("/admin/channel-imports"))["total"] == 0
    other = tell(clerk, "woocommerce", status="somewhere-else", total="34.91", date_modified_gmt="2026-11-21T10:00:00")
    assert (other["outcome"], [reason["code"] for reason in other["reasons"] if reason["holds"]]) == ("conflict", ["unknown_status"])
    assert clerk.post(f"/admin/channel-imports/{pk}/retry", {}).status_code == 409


def test_stock_that_is_not_there_is_a_case_and_a_retry_after_it_came_is_an_order(clerk: makers.Caller) -> None:
    makers.product("KURTA-M", units=1)
    answer = tell(clerk, "ebay")
    assert (answer["outcome"], answer["reasons"][0]["code"]) == ("held", "oversold")
    assert Level.objects.get(variant__sku="KURTA-M").held == 0
    makers.product("OTHER")
    level = makers.read(clerk.post(f"/admin/channel-imports/{answer['imported']['id']}/retry", {}))
    assert level["state"] == "held"
    gone = makers.read(clerk.post(f"/admin/channel-imports/{answer['imported']['id']}/dismiss", {"reason": "sold twice"}))
    assert gone["state"] == "dismissed"


@pytest.mark.usefixtures("goods")
def test_a_changed_body_moves_forward_and_takes_a_new_address(clerk: makers.Caller) -> None:
    tell(clerk, "shopify", financial_status="pending", updated_at="2026-11-20T10:00:00+05:30")
    order = Order.objects.get()
    assert (order.status, order.paid_minor) == ("pending", 0)
    moved = {**SAMPLES["shopify"][1]["shipping_address"], "address1": "2 Lane"}
    answer = tell(clerk, "shopify", shipping_address=moved, updated_at="2026-11-20T11:00:00+05:30")
    assert answer["outcome"] == "updated"
    found = makers.read(clerk.get(f"/admin/orders/{order.number}"))
    assert (found["status"], found["paymentState"], found["shippingAddress"]["line1"]) == ("confirmed", "paid", "2 Lane")
    assert found["channelStatus"] == "paid/unfulfilled"
    older = tell(clerk, "shopify", financial_status="pending", updated_at="2026-11-20T10:30:00+05:30")
    assert (older["outcome"], older["reasons"][0]["code"]) == ("unchanged", "older_than_known")
    work()
    assert not Delivery.objects.exclude(state="done").exists(), "nothing that follows from it is stuck"
    shipped = tell(clerk, "shopify", fulfillment_status="fulfilled", updated_at="2026-11-20T12:00:00+05:30")
    assert (shipped["outcome"], makers.again(order).status) == ("updated", "shipped")


@pytest.mark.usefixtures("goods")
def test_a_refund_and_a_cancellation_of_the_channel_follow(clerk: makers.Caller) -> None:
    tell(clerk, "shopify")
    deal = [{"transactions": [{"kind": "refund", "status": "success", "amount": "99.00"}]}]
    tell(clerk, "shopify", refunds=deal, financial_status="partially_refunded", updated_at="2026-11-20T11:00:00+05:30")
    order = Order.objects.get()
    assert (order.refunded_minor, order.payment_state, order.status) == (9900, "partially_refunded", "confirmed")
    tell(clerk, "shopify", refunds=deal, financial_status="partially_refunded", cancelled_at="2026-11-20T12:00:00+05:30", updated_at="2026-11-20T12:00:00+05:30")
    assert makers.again(order).status == "cancelled"
    assert Level.objects.get(variant__sku="KURTA-M").held == 0
    assert Payment.objects.get().refunded_minor == 9900


@pytest.mark.usefixtures("goods")
def test_lines_that_changed_are_a_conflict_until_a_person_says_so(clerk: makers.Caller) -> None:
    tell(clerk, "etsy")
    lines = body("etsy")["transactions"]
    lines[0]["quantity"] = 1
    sums = {"grandtotal": {"amount": 1509, "divisor": 100, "currency_code": "USD"}}
    answer = tell(clerk, "etsy", transactions=lines, **sums)
    assert (answer["outcome"], answer["reasons"][0]["code"], answer["reasons"][0]["difference"]) == ("conflict", "changed_after_placing", -1100)
    assert Order.objects.get().total_minor == 2609
    settled = makers.read(clerk.post(f"/admin/channel-imports/{answer['imported']['id']}/resolve", {"note": "agreed by mail"}))
    assert settled["state"] == "imported"


@pytest.mark.usefixtures("goods")
def test_a_batch_answers_each_and_one_bad_body_stops_no_other(clerk: makers.Caller) -> None:
    answer = makers.read(clerk.post("/admin/channels/shopify/orders", {"orders": [body("shopify"), {"no": "order"}, body("shopify", id=2)]}))
    assert [row["outcome"] for row in answer["data"]] == ["created", "refused", "created"]
    assert answer["counts"] == {"created": 2, "refused": 1}


def test_an_interchange_of_which_nothing_was_taken_is_acknowledged_as_rejected(clerk: makers.Caller) -> None:
    """D9: the partner hears of it in its own language, too."""
    problem = makers.read(clerk.post("/admin/channels/edi/orders", X12.replace("PO-77", "").encode()), 422)
    assert "AK2*850*0001~AK5*R~AK9*R*1*1*0~" in problem["acknowledgement"]


@pytest.mark.parametrize(("raw", "status"), [
    (b"", 422), (b"{}", 422), (b"[]", 400), (b"nope", 400), (b'{"id": NaN}', 400), (b'{"id":1,"id":2}', 400),
    (b"[" * 100 + b"]" * 100, 400), (b'{"id": ' + b"9" * 50 + b"}", 400), (b"\xff", 400), (b"7", 422),
])
def test_what_is_no_body_is_refused_and_changes_nothing(clerk: makers.Caller, raw: bytes, status: int) -> None:
    answer = clerk.post("/admin/channels/shopify/orders", raw)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert not ChannelImport.objects.exists()


def test_who_may_not_is_refused(clerk: makers.Caller) -> None:
    assert makers.nobody().post("/admin/channels/shopify/orders", {}).status_code == 401
    assert makers.staff("orders:read").post("/admin/channels/shopify/orders", {}).status_code == 403
    assert clerk.post("/admin/channels/nowhere/orders", {}).status_code == 404
    assert {row["code"] for row in makers.read(clerk.get("/admin/channels"))["data"]} >= {"shopify", "amazon"}


@pytest.mark.usefixtures("goods")
def test_the_same_number_of_two_shops_is_two_orders(clerk: makers.Caller) -> None:
    """727 of one WooCommerce shop is not 727 of another."""
    def links(host: str) -> dict[str, Any]:
        return {"self": [{"href": f"https://{host}/wp-json/wc/v3/orders/5501"}]}

    first, second = (tell(clerk, "woocommerce", _links=links(host)) for host in ("a.example", "b.example"))
    assert (first["outcome"], second["outcome"]) == ("created", "created")
    assert first["orderNumber"] != second["orderNumber"]
    assert tell(clerk, "woocommerce", _links=links("a.example"))["outcome"] == "unchanged"
    assert clerk.post("/admin/channels/woocommerce/orders?account=none", body("woocommerce")).status_code == 404


@pytest.mark.usefixtures("goods")
def test_what_staff_gave_back_is_not_booked_again_when_the_channel_tells_of_it(clerk: makers.Caller) -> None:
    answer = tell(clerk, "shopify")
    wish = {"amount": 9900, "reason": "A seam is torn", "initiatePaymentRefund": False}
    assert clerk.post(f"/admin/orders/{answer['orderNumber']}/refund", wish, key=True).status_code == 201
    deal = [{"transactions": [{"kind": "refund", "status": "success", "amount": "99.00"}]}]
    tell(clerk, "shopify", refunds=deal, financial_status="partially_refunded", updated_at="2026-11-20T11:00:00+05:30")
    assert Order.objects.get().refunded_minor == 9900
