"""The metrics of the documents (B62 to B66), by their names there, out of the counts. `docs/metrics.md` has the formulas."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from django.db.models import Sum

from inventory import queries as stock
from orders.analytics.fold import BEYOND, BUCKETS
from orders.models import EVER, Order, Tally

if TYPE_CHECKING:
    from datetime import date

TOP = 20
TURNOVER_DAYS = 365
CURRENCY = "INR"
_PRODUCTS: Final = ("sold", "sold_value", "returned")


@dataclass(frozen=True, slots=True)
class Duration:
    """A histogram: its upper ends in seconds, how many lasted no longer than each and in all, and their sum."""

    ends: tuple[int, ...]
    upto: tuple[int, ...]
    count: int
    sum_s: int

    def quantile(self, share: float) -> int | None:
        """The upper end of the bucket which that share of all lies within; None beyond the last, or of nothing."""
        wanted = self.count * share
        return next((end for end, upto in zip(self.ends, self.upto, strict=True) if self.count and upto >= wanted), None)


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of some days, or of all, but for those of single products. Shares are between 0 and 1, money in minor units."""

    values: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def sum(self, name: str, *, label: str | None = None, currency: str | None = None, channel: str | None = None) -> int:
        """One name over everything that is not said."""
        return sum(
            value for (called, said, money, told), value in self.values.items()
            if called == name and label in (None, said) and currency in (None, money) and channel in (None, told)
        )

    def currencies(self) -> list[str]:
        """Those orders or money were counted in; the shop's own when there are none."""
        found = {money for (name, _, money, _), _ in self.values.items() if name in ("placed", "captured", "refunded")}
        return sorted(found) or [CURRENCY]

    def channels(self) -> list[str]:
        """The channels orders came from."""
        return sorted({channel for (name, _, _, channel) in self.values if name == "placed"})

    @property
    def conversion(self) -> float:
        """Of the checkouts that were started, those that became orders."""
        return _share(self.sum("completed"), self.sum("checkouts"))

    @property
    def cancellation(self) -> float:
        """Of the orders that were placed, those that were cancelled."""
        return _share(self.sum("cancelled"), self.sum("placed"))

    def average_minor(self, currency: str) -> float:
        """What an order that stands comes to."""
        return _share(self.sum("value", currency=currency), self.sum("standing", currency=currency))

    def statuses(self) -> dict[str, int]:
        """Orders by status, all seven."""
        return {str(status): self.sum("status", label=str(status)) for status in Order.Status.values}

    @property
    def repeat_rate(self) -> float:
        """Of all customers, those with two orders that stand, or more. Of all days only."""
        return _share(self.sum("repeaters"), self.sum("customers"))

    @property
    def frequency(self) -> float:
        """Orders that stand, a customer. Of all days only."""
        return _share(self.sum("standing"), self.sum("customers"))

    def lifetime_minor(self, currency: str) -> float:
        """Money captured less money that went back, a customer. Of all days only."""
        return _share(self.kept_minor(currency), self.sum("customers"))

    def kept_minor(self, currency: str) -> int:
        """Money captured less money that went back."""
        return self.sum("captured", currency=currency) - self.sum("refunded", currency=currency)

    def duration(self, name: str) -> Duration:
        """`processing`, `shipping` or `delivery`."""
        by_label = {said: value for (called, said, _, _), value in self.values.items() if called == name}
        upto, so_far = [], 0
        for end in BUCKETS[name]:
            so_far += by_label.get(str(end), 0)
            upto.append(so_far)
        return Duration(BUCKETS[name], tuple(upto), so_far + by_label.get(BEYOND, 0), self.sum(f"{name}_s"))


@dataclass(frozen=True, slots=True)
class Product:
    """What became of one SKU: units sold and not cancelled, their worth by currency, and units that came back."""

    sku: str
    sold: int
    returned: int
    worth_minor: tuple[tuple[str, int], ...] = ()

    @property
    def return_rate(self) -> float:
        """Of the units sold, those that came back."""
        return _share(self.returned, self.sold)


def ever() -> Counts:
    """The counts of all days. One statement; it reads as many rows as there are names, channels and shards."""
    return _counts(EVER, EVER)


def between(first: date, last: date) -> Counts:
    """The counts of these business days, both included. One statement; it reads the rows of those days."""
    return _counts(first, last)


def daily(first: date, last: date) -> list[tuple[date, int]]:
    """Orders placed on each of these business days, none left out. One statement."""
    return _daily(first, last, name="placed")


def daily_captured(first: date, last: date, *, currency: str) -> list[tuple[date, int]]:
    """Minor units of this currency captured on each of these business days, none left out. One statement."""
    return _daily(first, last, name="captured", currency=currency)


def best_sellers(limit: int = TOP, *, first: date = EVER, last: date = EVER) -> list[Product]:
    """The SKUs of which most units were sold, most first. Two statements."""
    return _products("sold", limit, first, last)


def most_returned(limit: int = TOP, *, first: date = EVER, last: date = EVER) -> list[Product]:
    """The SKUs of which most units came back, most first. Two statements."""
    return _products("returned", limit, first, last)


def turnover(today: date) -> float:
    """Units sent out in the last 365 days, divided by the units on hand now; 0 while nothing is on hand. Two statements."""
    sent = Tally.objects.filter(name="sent", day__gt=max(EVER, today - timedelta(days=TURNOVER_DAYS)), day__lte=today)
    return _share(int(sent.aggregate(n=Sum("value"))["n"] or 0), stock.units_on_hand())


def _counts(first: date, last: date) -> Counts:
    rows = Tally.objects.filter(day__gte=first, day__lte=last).exclude(name__in=_PRODUCTS)
    grouped = rows.values_list("name", "label", "currency", "channel").annotate(n=Sum("value")).order_by()
    return Counts(Counter({(name, label, money, channel): int(n) for name, label, money, channel, n in grouped if n}))


def _daily(first: date, last: date, **of: str) -> list[tuple[date, int]]:
    rows = Tally.objects.filter(day__gte=first, day__lte=last, **of).values_list("day").annotate(n=Sum("value"))
    found = dict(rows.order_by())
    return [(day, int(found.get(day, 0))) for day in (first + timedelta(days=n) for n in range((last - first).days + 1))]


def _products(by: str, limit: int, first: date, last: date) -> list[Product]:
    days = Tally.objects.filter(day__gte=first, day__lte=last)
    most = days.filter(name=by).values("label").annotate(n=Sum("value")).filter(n__gt=0).order_by("-n", "label")
    skus = [row["label"] for row in most[:limit]]
    rows = days.filter(name__in=_PRODUCTS, label__in=skus).values_list("label", "name", "currency").annotate(n=Sum("value"))
    found: dict[str, dict[tuple[str, str], int]] = {}
    for sku, name, currency, n in rows.order_by():
        found.setdefault(sku, {})[name, currency] = int(n)
    return [
        Product(
            sku, found[sku].get(("sold", ""), 0), found[sku].get(("returned", ""), 0),
            tuple(sorted((money, n) for (name, money), n in found[sku].items() if name == "sold_value")),
        )
        for sku in skus
    ]


def _share(part: int, whole: int) -> float:
    """A fraction; 0 of nothing."""
    return float(Fraction(part, whole)) if whole > 0 else 0.0
