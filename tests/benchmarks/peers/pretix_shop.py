"""pretix asked by `bench_peers`, in its own environment: `_perform_order` and the pages of its control panel.

Its own test settings are used (mail in memory, tasks at once, tables made without its migrations), with PostgreSQL and DEBUG off.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import os
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

_url = urlsplit(os.environ["DATABASE_URL"])
os.environ.update({
    "DJANGO_SETTINGS_MODULE": "pretix.testutils.settings",
    "PRETIX_DATABASE_BACKEND": "postgresql", "PRETIX_DATABASE_NAME": _url.path[1:], "PRETIX_DATABASE_HOST": _url.hostname or "",
    "PRETIX_DATABASE_PORT": str(_url.port or 5432), "PRETIX_DATABASE_USER": unquote(_url.username or ""),
    "PRETIX_DATABASE_PASSWORD": unquote(_url.password or ""),
})

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import now
from django_scopes import scopes_disabled
from measuring import LINES, PAGE, PRICE, SKUS, UNITS, answer, nothing, page


def main() -> None:
    """Make the tables, seed, then answer."""
    settings.DEBUG = False
    logging.disable(logging.CRITICAL)  # what is said of every task is not what is measured
    settings.DATABASES["default"]["CONN_MAX_AGE"] = None
    call_command("migrate", run_syncdb=True, verbosity=0)
    from pretix.base.models import CartPosition, Event, Organizer, Team, User
    from pretix.base.services.orders import _perform_order

    with scopes_disabled():
        organizer = Organizer.objects.create(name="Mitti", slug="mitti", plugins="pretix.plugins.banktransfer")
        event = Event.objects.create(
            organizer=organizer, name="Masala", slug="masala", date_from=now() + dt.timedelta(days=90), live=True,
            currency="INR", plugins="pretix.plugins.banktransfer",
        )
        event.settings.set("payment_banktransfer__enabled", True)
        event.settings.set("attendee_names_asked", False)
        quota = event.quotas.create(name="all", size=UNITS)
        items = [event.items.create(name=f"Item {place}", default_price=Decimal(PRICE)) for place in range(SKUS)]
        quota.items.add(*items)
        carts = itertools.count()

        def ready() -> list[int]:
            cart = f"cart-{next(carts)}"
            return [
                CartPosition.objects.create(
                    event=event, cart_id=cart, item=item, price=Decimal(PRICE), datetime=now(),
                    expires=now() + dt.timedelta(hours=1),
                ).pk
                for item in items[:LINES]
            ]

        def place(positions: list[int]) -> Any:
            total = Decimal(PRICE) * len(positions)
            payment: dict[str, Any] = {
                "id": "1", "provider": "banktransfer", "max_value": None, "min_value": None, "multi_use_supported": False,
                "info_data": {}, "payment_amount": total,
            }
            return _perform_order(event, [payment], positions, "meera@example.com", "en", None)

        for _ in range(int(sys.argv[1])):
            place(ready())
        order = event.orders.last()
        boss = User.objects.create_superuser("boss@example.com", "x")
        team = Team.objects.create(organizer=organizer, name="all", all_events=True, all_event_permissions=True)
        team.members.add(boss)
    client = Client()
    client.login(email="boss@example.com", password="x")
    client.get("/control/")
    base = "/control/event/mitti/masala/orders"

    def scoped(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(ready: Any) -> Any:
            with scopes_disabled():
                return work(ready)
        return run

    def ready_scoped() -> list[int]:
        with scopes_disabled():
            return ready()

    answer({
        "placement": (ready_scoped, scoped(place)),
        "list": (nothing, page(client, f"{base}/?page_size={PAGE}")),
        "detail": (nothing, page(client, f"{base}/{order.code}/")),
        "search": (nothing, page(client, f"{base}/?page_size={PAGE}&query={order.code[:4]}")),
    })


if __name__ == "__main__":
    main()
