"""Bahi asked by `bench_peers`: its own operations and its own API through Django's test client."""

from __future__ import annotations

import sys

import django

django.setup()

from django.test.utils import setup_test_environment

from orders import checkout
from orders.models import Checkout
from orders.operations import numbers
from tests import makers
from tests.benchmarks.peers.measuring import LINES, PAGE, SKUS, UNITS, answer, nothing, page
from timeline.operations import operation


def main() -> None:
    """Seed, then answer."""
    setup_test_environment()
    skus = [makers.product(units=UNITS).sku for _ in range(SKUS)]
    order = [makers.placed_order(skus=skus[:LINES], payment_method="cod") for _ in range(int(sys.argv[1]))][-1]
    boss = makers.staff()

    def ready() -> Checkout:
        return makers.checkout_ready(skus=skus[:LINES], payment_method="cod")

    def place(cart: Checkout) -> None:
        actor = makers.shopper(cart.person_id)
        number = numbers.take(actor=actor)
        with operation("bench.complete", actor=actor, stream=str(cart.pk)) as op:
            checkout.complete(op, checkout_id=cart.pk, number=number)

    answer({
        "placement": (ready, place),
        "list": (nothing, page(boss.client, f"/admin/orders?limit={PAGE}", headers=boss.headers)),
        "detail": (nothing, page(boss.client, f"/admin/orders/{order.pk}", headers=boss.headers)),
        "search": (nothing, page(boss.client, f"/admin/orders?limit={PAGE}&q={order.number[-5:]}", headers=boss.headers)),
    })


if __name__ == "__main__":
    main()
