"""What `/metrics` says, in Prometheus' text form: the shop by the names of the documents, the machinery as `bahi_…`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count
from django.utils.timezone import localdate
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from orders.alerts.rules import RULES
from orders.analytics import metrics
from orders.models import Incident
from timeline import queries
from timeline.models import Delivery, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
UNSEALED_MAX: Final = 10_000
DURATIONS: Final = {
    "processing": "From an order's confirmation until it is shipped, in seconds.",
    "shipping": "From an order's shipping until it is delivered, in seconds.",
    "delivery": "From an order's placement until it is delivered, in seconds.",
}


def text() -> bytes:
    """The whole exposition. A dozen statements, however many orders there are."""
    registry = CollectorRegistry()
    registry.register(_Everything())
    return generate_latest(registry)


class _Everything:
    """Asked anew by each scrape: nothing is kept in the process."""

    def collect(self) -> Iterator[Any]:
        """One family a metric."""
        counts = metrics.ever()
        yield from _rates(counts)
        yield from _histograms(counts)
        yield from _money(counts)
        yield from _products()
        yield from _totals(counts)
        yield from _machinery()


def _rates(counts: metrics.Counts) -> Iterator[Any]:
    for name, words, value in (
        ("order_conversion_rate", "Of the checkouts started, the share that became orders.", counts.conversion),
        ("order_cancellation_rate", "Of the orders placed, the share that was cancelled.", counts.cancellation),
        ("repeat_customer_rate", "Of all customers, the share with two orders that stand, or more.", counts.repeat_rate),
        ("average_order_frequency", "Orders that stand, a customer.", counts.frequency),
        ("inventory_turnover", "Units sent out in the last 365 days, a unit on hand now.", metrics.turnover(localdate())),
    ):
        yield GaugeMetricFamily(name, words, value=value)
    states = GaugeMetricFamily("order_status_distribution", "Orders by status.", labels=["status"])
    for status, orders in counts.statuses().items():
        states.add_metric([status], orders)
    yield states


def _histograms(counts: metrics.Counts) -> Iterator[Any]:
    for name, words in DURATIONS.items():
        lasted = counts.duration(name)
        buckets = [(str(float(end)), upto) for end, upto in zip(lasted.ends, lasted.upto, strict=True)]
        yield HistogramMetricFamily(f"order_{name}_duration", words, buckets=[*buckets, ("+Inf", lasted.count)], sum_value=lasted.sum_s)


def _money(counts: metrics.Counts) -> Iterator[Any]:
    value = GaugeMetricFamily("order_average_value", "What an order that stands comes to, in minor units.", labels=["currency"])
    lifetime = GaugeMetricFamily(
        "customer_lifetime_value", "Money captured less money given back, a customer, in minor units.", labels=["currency"]
    )
    for currency in counts.currencies():
        value.add_metric([currency], counts.average_minor(currency))
        lifetime.add_metric([currency], counts.lifetime_minor(currency))
    yield value
    yield lifetime


def _products() -> Iterator[Any]:
    best, returned = metrics.best_sellers(), metrics.most_returned()
    sold = GaugeMetricFamily("best_selling_products", f"Units sold and not cancelled, of the {metrics.TOP} most sold SKUs.", labels=["sku"])
    for product in best:
        sold.add_metric([product.sku], product.sold)
    yield sold
    rate = GaugeMetricFamily("product_return_rate", "Of the units sold, the share that came back.", labels=["sku"])
    for sku, product in sorted({product.sku: product for product in (*best, *returned)}.items()):
        rate.add_metric([sku], product.return_rate)
    yield rate


def _totals(counts: metrics.Counts) -> Iterator[Any]:
    """What never falls, so that a collector can take rates of it over any window."""
    for name, words, counted in (
        ("bahi_checkouts_started", "Checkouts started.", "checkouts"),
        ("bahi_checkouts_completed", "Checkouts that became orders.", "completed"),
    ):
        yield CounterMetricFamily(name, words, value=counts.sum(counted))
    for name, words, counted in (
        ("bahi_orders_placed", "Orders placed.", "placed"), ("bahi_orders_cancelled", "Orders cancelled.", "cancelled"),
    ):
        orders = CounterMetricFamily(name, words, labels=["channel"])
        for channel in counts.channels():
            orders.add_metric([channel], counts.sum(counted, channel=channel))
        yield orders
    for name, words, counted in (
        ("bahi_captured_minor", "Money captured, in minor units.", "captured"),
        ("bahi_refunded_minor", "Money given back, in minor units.", "refunded"),
    ):
        money = CounterMetricFamily(name, words, labels=["currency"])
        for currency in counts.currencies():
            money.add_metric([currency], counts.sum(counted, currency=currency))
        yield money


def _machinery() -> Iterator[Any]:
    owed = GaugeMetricFamily("bahi_deliveries", "Deliveries that are not done, by state.", labels=["state"])
    open_rows = Delivery.objects.filter(state__in=["due", "parked"])
    found = {row["state"]: row["n"] for row in open_rows.values("state").annotate(n=Count("pk")).order_by("state")}
    for state in ("due", "parked"):
        owed.add_metric([state], found.get(state, 0))
    yield owed
    yield GaugeMetricFamily("bahi_delivery_lag_seconds", "Age of the oldest due delivery.", value=queries.lag_seconds())
    unsealed = Event.objects.filter(position=None).order_by("id").values("pk")[:UNSEALED_MAX].count()
    yield GaugeMetricFamily("bahi_events_unsealed", f"Events that are in no signed checkpoint yet, up to {UNSEALED_MAX}.", value=unsealed)
    wrong = set(Incident.objects.filter(recovered_at=None).values_list("rule", flat=True))
    incidents = GaugeMetricFamily("bahi_alerts_open", "Whether the rule is broken now.", labels=["rule"])
    for rule in RULES:
        incidents.add_metric([rule], int(rule in wrong))
    yield incidents
