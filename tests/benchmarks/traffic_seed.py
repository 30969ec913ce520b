"""`python -m tests.benchmarks.traffic_seed ORDERS`: shelves, orders, customers and a key of staff, by the real operations."""

from __future__ import annotations

import json
import sys
import uuid

import django

SKUS, PEOPLE, UNITS = 50, 100, 1_000_000


def main() -> None:
    """Make them; print SKUs, tokens, order ids and the key as JSON."""
    django.setup()
    from tests import makers

    skus = [makers.product(units=UNITS).sku for _ in range(SKUS)]
    people = [uuid.uuid4() for _ in range(PEOPLE)]
    orders = [
        makers.placed_order(person_id=people[place % PEOPLE], skus=[skus[place % SKUS]], payment_method="cod")
        for place in range(int(sys.argv[1]))
    ]
    sys.stdout.write(json.dumps({
        "skus": skus,
        "tokens": [makers.customer_token(person) for person in people],
        "orders": [str(order.pk) for order in orders],
        "numbers": [order.number for order in orders],
        "key": makers.staff_key(),
    }))


if __name__ == "__main__":
    main()
