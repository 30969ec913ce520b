"""The look keeps its budget, works in both themes, and asks nobody else for anything."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client

from config.templatetags import bahi_ui
from orders.models import Order
from orders.operations.actions import next_step
from orders.pages import account, entries
from orders.pages.order_rows import VIEWS
from payments.models import Refund
from shipping.models import Shipment
from tests.pages.markup import check
from timeline.models import Event

STATIC = Path(settings.PROJECT_ROOT) / "config" / "static" / "bahi"
TEMPLATES = Path(settings.PROJECT_ROOT) / "templates"


def test_budget() -> None:
    assert (STATIC / "app.css").stat().st_size <= 16_384
    assert (STATIC / "icons.svg").stat().st_size <= 12_288
    scripts = b"".join(path.read_bytes() for path in sorted(STATIC.glob("*.js")))
    assert len(gzip.compress(scripts)) <= 6_144


def test_no_other_host_and_no_inline_code() -> None:
    for path in [*STATIC.iterdir(), *TEMPLATES.rglob("*.html")]:
        text = path.read_text()
        hosts = set(re.findall(r"https?://([^/\"'\s]+)", text)) - {"www.w3.org"}
        assert hosts == set(), path
        if path.suffix == ".html":
            assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|hx-on|\|safe|autoescape off", text), path


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (STATIC / "icons.svg").read_text()))
    named = {sign for _, sign, _ in bahi_ui.PILLS.values()}
    for path in TEMPLATES.rglob("*.html"):
        named |= set(re.findall(r'{% icon "([a-z]+)"', path.read_text()))
    assert named <= drawn


def test_every_state_has_its_pill() -> None:
    words = [*Order.Status.values, *(f"pay-{value}" for value in Order.PaymentState.values)]
    words += [f"parcel-{value}" for value in Shipment.Status.values] + [f"refund-{value}" for value in Refund.Status.values]
    assert [word for word in words if word not in bahi_ui.PILLS] == []


@pytest.mark.parametrize(
    ("minor", "said"), [(31842099, "₹3,18,420.99"), (0, "₹0.00"), (-11200, "−₹112.00"), (None, ""), (100000, "₹1,000.00")]
)
def test_money(minor: int | None, said: str) -> None:
    assert bahi_ui.money(minor, "INR") == said


def test_times_are_of_the_shop_and_exact() -> None:
    moment = datetime(2026, 11, 21, 3, 28, 5, tzinfo=UTC)
    shown = str(bahi_ui.at(moment))
    assert "21 Nov 2026, 08:58 IST" in shown
    assert 'title="21 Nov 2026, 08:58:05 IST"' in shown
    assert 'datetime="2026-11-21T03:28:05Z"' in shown
    assert [bahi_ui.span(seconds) for seconds in (59, 180, 25 * 3600, 6 * 86400)] == ["0 min", "3 min", "25 h", "6 d"]


def test_pills_escape() -> None:
    assert "<b>" not in str(bahi_ui.pill("x", "<b>"))


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_need_no_context(name: str) -> None:
    check(render_to_string(f"{name}.html").strip())


def test_one_step_for_each_state() -> None:
    steps = {status: next_step(Order(status=status)) for status in Order.Status.values}
    assert steps["delivered"] is None
    assert len(VIEWS) == 9


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme_is_kept_in_a_cookie(theme: str) -> None:
    client = Client()
    client.post("/theme/", {"theme": theme, "next": "/cart/"})
    assert f'data-theme="{theme}"' in client.get("/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_f82_pages_carry_the_content_policy() -> None:
    policy = Client().get("/").headers["Content-Security-Policy"]
    assert "'unsafe" not in policy
    assert "default-src 'none'" in policy


def test_amounts_are_in_the_orders_own_currency() -> None:
    """What an edit changed, and what a customer gets back, of an order that is not in rupees."""
    sums = {"total_minor": 3_490}
    edited = Event(kind="order.edited", facts={"before": sums, "after": {"total_minor": 2_990}, "currency": "EUR"})
    assert entries._changes(edited) == [("Total", "34.90 EUR", "29.90 EUR")]
    assert "34.90 EUR" in account.says(Order(status="cancelled", currency="EUR", paid_minor=3_490))
