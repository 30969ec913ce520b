"""What is gone is refused cheaply (F01, P12): no number, no lock; and the look decides nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Level, Variant
from orders import checkout, sold_out
from orders.models import Checkout, NumberSeries, Order
from tests import makers
from timeline.operations import operation

if TYPE_CHECKING:
    from django.http import HttpResponse

pytestmark = pytest.mark.django_db


def complete(ready: Checkout) -> HttpResponse:
    caller = makers.Caller({"Authorization": f"Bearer {makers.customer_token(ready.person_id)}"})
    return caller.post(f"/storefront/checkouts/{ready.pk}/complete", {}, key=True)


def ready(sku: str, quantity: int = 1) -> Checkout:
    return makers.checkout_ready(skus=[sku], quantity=quantity, payment_method="cod")


def problem(response: Any) -> Any:
    assert response.status_code == 409, response.content
    return json.loads(response.content)


def test_f01_a_sold_out_cart_takes_no_number_and_waits_for_no_lock() -> None:
    sku = makers.product(units=1).sku
    first, second = ready(sku), ready(sku)
    assert complete(first).status_code == 201
    numbers = list(NumberSeries.objects.values_list("last", flat=True))
    with CaptureQueriesContext(connection) as seen:
        said = problem(complete(second))
    assert (said["type"], said["skus"], said["available"]) == ("/problems/out-of-stock", [sku], {sku: 0})
    assert list(NumberSeries.objects.values_list("last", flat=True)) == numbers
    assert not any("FOR NO KEY UPDATE" in query["sql"] or 'INSERT INTO "orders' in query["sql"] for query in seen)
    assert Checkout.objects.get(pk=second.pk).status == "open"


def test_the_look_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever passes it is still refused under the lock: without the look the same is sold."""
    monkeypatch.setattr(sold_out, "look", lambda _checkout_id: None)
    sku = makers.product(units=1).sku
    first, second = ready(sku), ready(sku)
    assert complete(first).status_code == 201
    assert problem(complete(second))["type"] == "/problems/out-of-stock"
    assert (Order.objects.count(), Level.objects.get().held) == (1, 1)


def test_what_a_cart_holds_itself_counts_for_it() -> None:
    sku = makers.product(units=2).sku
    holder, other = ready(sku, 2), ready(sku)
    with operation("test.hold", actor=makers.shopper(holder.person_id), stream=str(holder.pk)) as op:
        checkout.hold(op, checkout_id=holder.pk)
    assert problem(complete(other))["available"] == {sku: 0}
    assert complete(holder).status_code == 201


def test_what_is_promised_for_later_passes() -> None:
    variant = makers.product(units=1)
    Variant.objects.filter(pk=variant.pk).update(policy="backorder")
    assert complete(ready(variant.sku, 3)).status_code == 201


def test_a_checkout_that_is_no_longer_open_is_told_so() -> None:
    sku = makers.product(units=1).sku
    first = ready(sku)
    assert complete(first).status_code == 201
    assert problem(complete(first))["type"] == "/problems/checkout-closed"
