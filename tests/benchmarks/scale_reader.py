"""The process that reads one shop of `make bench-scale`: a line in, a round of milliseconds out."""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any

import django

django.setup()

from django.db.models import Max
from django.test.utils import setup_test_environment

from orders.models import Order
from tests import makers
from tests.benchmarks import scale
from timeline.api.authentication import make_client
from timeline.operations import operation

CALLS = 20
EVERY = 7
PAGES, PAGE = 20, 200


def main() -> None:
    """Choose some orders, then answer each line."""
    setup_test_environment()
    with operation("test.key", actor=makers.TESTER) as op:
        boss = makers.Caller({"Authorization": f"Bearer {make_client(op, name=f'scale {uuid.uuid4()}', scopes=['orders:read', 'customers:read'])}"})
    orders = _some()
    profiles = [order.person.profile() for order in orders]
    deep: Any = None
    for _ in range(PAGES):
        page = makers.read(boss.get("/admin/orders", status="delivered", limit=PAGE, **({"cursor": deep} if deep else {})))
        deep = page["nextCursor"] or deep
    works: dict[str, list[tuple[str, dict[str, Any]]]] = {
        scale.FIRST: [("/admin/orders", {"limit": 50})] * CALLS,
        scale.STATUS: [("/admin/orders", {"limit": 50, "status": "delivered"})] * CALLS,
        scale.DEEP: [("/admin/orders", {"limit": 50, "status": "delivered", "cursor": deep})] * CALLS,
        "P4 order in full": [(f"/admin/orders/{order.pk}", {}) for order in orders],
        "P5 part of a number": [("/admin/orders", {"q": order.number[-11:]}) for order in orders],
        "P5 e-mail": [("/admin/orders", {"q": profile["email"]}) for profile in profiles],
        "P5 name, two words": [("/admin/orders", {"q": profile["name"]}) for profile in profiles],
        "P5 phone": [("/admin/orders", {"q": profile["phone"]}) for profile in profiles],
    }
    for _ in sys.stdin:
        print(json.dumps({name: [_took_ms(boss, path, query) for path, query in asked] for name, asked in works.items()}), flush=True)


def _some() -> list[Order]:
    """Delivered orders of all times."""
    every = Order.objects.filter(status="delivered").order_by("created_at", "id")
    newest = every.aggregate(Max("created_at"))["created_at__max"]
    spread = [every.filter(created_at__gte=newest - (newest - every[0].created_at) * place / CALLS).values_list("pk", flat=True)[EVERY] for place in range(1, CALLS)]
    return [Order.objects.select_related("person__key").get(pk=pk) for pk in spread]


def _took_ms(boss: makers.Caller, path: str, query: dict[str, Any]) -> float:
    started = time.perf_counter()
    response = boss.get(path, **query)
    took = (time.perf_counter() - started) * 1000
    makers.read(response)
    return took


if __name__ == "__main__":
    main()
