"""`python -m tests.crashes.seed`: one product with plenty of stock and a staff key, by the real operations."""

from __future__ import annotations

import json
import sys

import django

UNITS = 100_000
SKU = "CRASH-1"


def main() -> None:
    """Make them and print the key as JSON."""
    django.setup()
    from tests import makers

    makers.product(SKU, units=UNITS)
    sys.stdout.write(json.dumps({"staffKey": makers.staff_key()}))


if __name__ == "__main__":
    main()
