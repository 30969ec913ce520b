"""django-oscar asked by `bench_peers`, in its own environment: `OrderCreator` and the pages of its dashboard."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from measuring import LINES, PRICE, SKUS, UNITS, answer, nothing, page


def main() -> None:
    """Migrate, seed, then answer."""
    call_command("migrate", verbosity=0)
    from oscar.core.loading import get_class, get_model
    from oscar.test import factories

    creator, free = get_class("order.utils", "OrderCreator"), get_class("shipping.methods", "Free")
    totals, strategy = get_class("checkout.calculators", "OrderTotalCalculator"), get_class("partner.strategy", "Default")
    basket_of, address_of = get_model("basket", "Basket"), get_model("order", "ShippingAddress")
    country = factories.CountryFactory()
    products = [factories.create_product(price=PRICE, num_in_stock=UNITS) for _ in range(SKUS)]
    places = itertools.count(100_000)

    def ready() -> Any:
        basket = basket_of.objects.create()
        basket.strategy = strategy()
        for product in products[:LINES]:
            basket.add_product(product, quantity=2)
        return basket

    def place(basket: Any) -> Any:
        method = free()
        charge = method.calculate(basket)
        address = address_of.objects.create(
            first_name="Meera", last_name="Nair", line1="12 Lake View", line4="Bengaluru", postcode="560001", country=country,
        )
        order = creator().place_order(
            basket, totals().calculate(basket, charge), method, charge, shipping_address=address, order_number=f"ORD-{next(places)}",
        )
        basket.submit()
        return order

    order = [place(ready()) for _ in range(int(sys.argv[1]))][-1]
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("boss", "boss@example.com", "x"), "django.contrib.auth.backends.ModelBackend")
    answer({
        "placement": (ready, place),
        "list": (nothing, page(client, "/dashboard/orders/")),
        "detail": (nothing, page(client, f"/dashboard/orders/{order.number}/")),
        "search": (nothing, page(client, f"/dashboard/orders/?order_number={order.number[:-1]}&response_format=html")),
    })


if __name__ == "__main__":
    main()
