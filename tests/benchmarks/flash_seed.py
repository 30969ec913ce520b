"""`python -m tests.benchmarks.flash_seed UNITS CHECKOUTS`: the shelf, or checkouts that lack nothing but the word."""

from __future__ import annotations

import json
import sys
import uuid

import django


def main() -> None:
    """Make them by the real operations; print id and token of each checkout as JSON."""
    django.setup()
    from tests import makers
    from tests.benchmarks.flash_sale import SKU

    units, checkouts = int(sys.argv[1]), int(sys.argv[2])
    if units:
        makers.product(SKU, units=units)
    pairs = []
    for _ in range(checkouts):
        person_id = uuid.uuid4()
        ready = makers.checkout_ready(person_id=person_id, skus=[SKU], quantity=1, payment_method="cod")
        pairs.append([str(ready.pk), makers.customer_token(person_id)])
    sys.stdout.write(json.dumps(pairs))


if __name__ == "__main__":
    main()
