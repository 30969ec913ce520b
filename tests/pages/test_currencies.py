"""Orders of other currencies, taken through channels: amounts are asked for, shown and booked in the order's own currency."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django import forms

from orders import queries
from orders.channels import ingest
from orders.channels.reading import loads
from orders.documents import paper
from orders.documents.wording import amount_in_words
from orders.models import Line, Order, RefundPart
from orders.operations.return_goods import Graded, inspect, receive
from orders.pages.edit_forms import EditForm
from orders.pages.exceptions import _sides
from orders.pages.forms import MoneyField
from payments import journal
from payments.models import Refund
from tests import makers
from tests.channels.bodies import SAMPLES, body
from tests.documents.makers import invoice
from tests.pages.conftest import shopper
from tests.pages.test_console import order_path, page_of, send
from tests.returns.makers import approved, asked, do, lines_of
from timeline import currencies
from timeline.models import Event
from timeline.vocabulary import amounts, money, require_known, sentence

if TYPE_CHECKING:
    from django.test import Client

# Channel's body and its changes, an amount as it is typed, the same in minor units and as pages say it.
ABROAD: dict[str, tuple[str, dict[str, Any], str, int, str]] = {
    "JPY": ("amazon-2026", {}, "1,000", 1000, "1,000 JPY"),
    "KWD": ("magento", {"order_currency_code": "KWD"}, "1.500 KWD", 1500, "1.500 KWD"),
    "USD": ("amazon", {}, "$12.34", 1234, "12.34 USD"),
}


def order_in(currency: str) -> Order:
    """An order as its channel told of it."""
    makers.product("KURTA-M", units=50)
    name, changes = ABROAD[currency][:2]
    raw = json.dumps(body(name, **changes)).encode()
    told = ingest.take(channel=SAMPLES[name][0], said=loads(raw), actor=makers.TESTER)
    assert (told.outcome, [reason for reason in told.reasons if reason["holds"]]) == ("created", [])
    order = Order.objects.get()
    assert order.currency == currency
    return order


def shown(client: Client, path: str) -> str:
    """What a page's main part says, which speaks of this order alone."""
    page_of(client, path)
    text: str = client.get(path).content.decode()
    return text.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize(("currency", "typed", "minor"), [
    ("INR", "₹1,00,000.50", 10_000_050), ("INR", "0.01", 1), ("JPY", "1,000", 1000), ("JPY", "¥ 1", 1), ("JPY", "500 JPY", 500),
    ("KWD", "1.500", 1500), ("KWD", "0.001", 1), ("KWD", "KWD 12,345.678", 12_345_678), ("USD", "$1,234.5", 123_450), ("XTS", "1.25", 125),
])
def test_an_amount_is_read_in_its_currency(currency: str, typed: str, minor: int) -> None:
    field = MoneyField(label="Amount {unit}")
    field.of(currency)
    assert field.clean(typed) == minor
    assert field.clean(field.prepare_value(minor)) == minor
    assert field.label == ("Amount in rupees" if currency == "INR" else f"Amount in {currency}")
    attrs = field.widget.attrs
    assert (attrs["data-currency"], attrs["data-exponent"]) == (currency, str(currencies.exponent(currency)))


@pytest.mark.parametrize(("currency", "typed"), [
    ("JPY", "0.5"), ("JPY", "0"), ("JPY", "-5"), ("JPY", "$5"), ("KWD", "0.0005"), ("USD", "1.234"), ("USD", "1,5"), ("INR", "10,00"),
    ("INR", "1e13"), ("INR", "much"),
])
def test_what_is_no_amount_of_the_currency_is_refused(currency: str, typed: str) -> None:
    field = MoneyField(label="Amount {unit}")
    field.of(currency)
    with pytest.raises(forms.ValidationError):
        field.clean(typed)


@pytest.mark.django_db
@pytest.mark.parametrize("currency", ABROAD)
def test_every_page_of_an_order_says_its_currency(asha: Client, currency: str) -> None:
    order = order_in(currency)
    total = money(order.total_minor, currency)
    visitor = shopper(order.person_id)
    for client, path in (
        (asha, order_path(order)), (asha, order_path(order, "why/")), (asha, order_path(order, "refund/")), (asha, "/console/orders/"),
        (visitor, "/account/orders/"), (visitor, f"/account/orders/{order.number}/"), (visitor, f"/account/orders/{order.number}/refund/"),
    ):
        text = shown(client, path)
        assert total in text, path
        assert "₹" not in text, path
    for event in Event.objects.filter(stream=order.stream_id):
        assert "₹" not in sentence(event.kind, event.facts)


@pytest.mark.django_db
@pytest.mark.parametrize("currency", ABROAD)
def test_a_refund_by_amount_books_what_was_typed(asha: Client, currency: str) -> None:
    order = order_in(currency)
    _, _, typed, minor, said = ABROAD[currency]
    path = order_path(order, "refund/")
    before = {row.account: row.amount_minor for row in journal.trial_balance(currency=currency)}
    assert f"Amount in {currency}," in asha.get(path).content.decode()
    wish = {"mode": "amount", "amount": typed, "code": "price"}
    quote = asha.post(path + "quote/", {**page_of(asha, path).hidden, **wish}, headers={"HX-Request": "true"}).content.decode()
    assert f"Refund {said}" in quote
    assert "₹" not in quote
    assert send(asha, path, **wish).status_code == 302
    made = Refund.objects.get()
    assert (made.amount_minor, made.currency) == (minor, currency)
    order = makers.again(order)
    assert order.refunded_minor == minor
    after = {row.account: row.amount_minor for row in journal.trial_balance(currency=currency)}
    assert {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)} == {
        journal.CUSTOMERS: minor, journal.BANK: -minor,
    }
    assert said in shown(asha, order_path(order))
    assert said in shown(shopper(order.person_id), f"/account/orders/{order.number}/")
    told = [event for event in Event.objects.filter(stream=order.stream_id) if ":money" in require_known(event.kind).sentence]
    assert [event.kind for event in told if event.facts.get("currency") != currency] == []


@pytest.mark.django_db
@pytest.mark.parametrize("currency", ABROAD)
def test_a_refund_by_item_is_its_worth_to_the_smallest_unit(asha: Client, currency: str) -> None:
    order = order_in(currency)
    line = Line.objects.filter(order=order).order_by("place")[0]
    wish: dict[str, Any] = {"mode": "items", "code": "damaged", f"units-{line.pk}": line.quantity, f"to-{line.pk}": "none"}
    assert send(asha, order_path(order, "refund/"), **wish).status_code == 302
    made = Refund.objects.get()
    assert (made.amount_minor, made.currency) == (line.total_minor, currency)
    assert sum(RefundPart.objects.values_list("total_minor", flat=True)) == line.total_minor


@pytest.mark.django_db
@pytest.mark.parametrize("currency", ABROAD)
def test_a_customer_asks_for_money_in_the_orders_currency(currency: str) -> None:
    order = order_in(currency)
    _, _, typed, minor, _ = ABROAD[currency]
    visitor, path = shopper(order.person_id), f"/account/orders/{order.number}/refund/"
    text = visitor.get(path).content.decode()
    assert f"Amount in {currency}" in text
    assert f'value="{currencies.typed(order.paid_minor, currency)}"' in text
    assert send(visitor, path, amount=typed, reason="One sleeve is short").status_code == 302
    made = Refund.objects.get()
    assert (made.status, made.amount_minor, made.currency) == ("requested", minor, currency)


@pytest.mark.django_db
def test_a_return_is_refunded_less_a_fee_in_the_orders_currency(asha: Client) -> None:
    order = order_in("JPY")
    line = lines_of(order)[0]
    ret = approved(order)
    do(ret, lambda op: receive(op, return_id=ret.pk))
    ret = do(ret, lambda op: inspect(op, return_id=ret.pk, units=[Graded(line.pk, 1, "A", "restock")]))
    path = f"/console/returns/{ret.number}/"
    text = shown(asha, path)
    assert "Fee in JPY, instead of the agreed one" in text
    assert "₹" not in text
    assert send(asha, path + "refund/", path, fee="100", speed="normal", reason="Your goods came back").status_code == 302
    made = Refund.objects.get()
    assert (made.amount_minor, made.currency) == (ret.worth_minor - 100, "JPY")
    visitor = shopper(order.person_id)
    assert "₹" not in shown(visitor, f"/account/orders/{order.number}/returns/{ret.number}/")


@pytest.mark.django_db
def test_a_return_of_another_currency_waits_for_a_person(settings: Any) -> None:
    """What approves itself is limited in paise: two thousand dollars are no two thousand rupees."""
    settings.RETURN_INSTANT_REASONS, settings.RETURN_INSTANT_MINOR_MAX = ["defective"], 10**9
    assert asked(order_in("JPY")).status == "requested"


@pytest.mark.django_db
def test_an_edit_takes_its_discount_in_the_orders_currency() -> None:
    order = order_in("KWD")
    found = queries.detail(order.pk)
    form = EditForm({"discount": "1.250"}, detail=found, free={line.pk: 0 for line in found.items}, staged=None, sees_customers=True)
    form.is_valid()
    assert (form.fields["discount"].label, form.cleaned_data["discount"]) == ("Let off, in KWD before tax", 1250)


@pytest.mark.parametrize(("currency", "minor", "words"), [
    ("INR", 1_23_456_50, "Rupees one lakh twenty-three thousand four hundred and fifty-six and fifty paise only"),
    ("USD", 1_234_567_05, "USD one million two hundred and thirty-four thousand five hundred and sixty-seven and 5/100 only"),
    ("JPY", 1180, "JPY one thousand one hundred and eighty only"),
    ("KWD", 1_250, "KWD one and 250/1000 only"),
])
def test_a_paper_says_its_total_in_words(currency: str, minor: int, words: str) -> None:
    assert amount_in_words(minor, currency) == words


@pytest.mark.django_db
def test_an_invoice_writes_amounts_of_its_currency() -> None:
    issued = invoice(makers.processing_order(quantity=3))
    rupees = paper._data(issued)
    issued.currency = "JPY"
    yen = paper._data(issued)
    assert (rupees["total"][0], yen["total"]) == ("₹", f"{issued.total_minor:,} JPY")
    assert yen["words"].startswith("JPY ")
    assert (rupees["rows"][0]["price"], yen["rows"][0]["price"], yen["sums"]["total"]) == ("499.00", "49,900", f"{issued.total_minor:,}")
    assert paper.pdf(issued).startswith(b"%PDF")


def test_sums_keep_currencies_apart() -> None:
    rows = [("JPY", 500), ("INR", 100), ("JPY", 30), ("USD", 1)]
    assert amounts(currencies.summed(rows)) == "₹1.00 + 530 JPY + 0.01 USD"
    assert amounts({}) == "₹0.00"


def test_the_sides_of_a_case_speak_of_their_currency() -> None:
    """What differs in the currency itself has no difference in money."""
    assert _sides({"amountMinor": 1500}, {"amountMinor": 1000}, "KWD") == [("Amount", "1.500 KWD", "1.000 KWD", "0.500 KWD")]
    two = _sides({"amountMinor": 1500, "currency": "USD"}, {"amountMinor": 1000, "currency": "JPY"}, "USD")
    assert two[0] == ("Amount", "15.00 USD", "1,000 JPY", "")


def test_a_payment_that_differs_in_its_currency_says_both() -> None:
    facts = {"expected_minor": 1000, "expected_currency": "JPY", "got_minor": 1000, "got_currency": "USD"}
    assert sentence("payment.mismatched", facts) == "Payment differs: expected 1,000 JPY, got 10.00 USD"
