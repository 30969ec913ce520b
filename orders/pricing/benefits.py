"""What a discount gives: a part, a sum, free shipping, free units, a set for a price; and how it lands on the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from orders.pricing.gst import BASIS_POINTS
from orders.pricing.money import round_half_up, split

AMOUNT_MINOR_MAX = 10**13
QUANTITY_MAX = 10_000
SCOPE_COUNT_MAX = 1_000
BUNDLE_ITEMS_MAX = 100


class RuleInvalid(ValueError):
    """The rule says something no discount can be."""


class Item(Protocol):
    """What a rule needs to know of a line."""

    @property
    def sku(self) -> str:
        """The stock keeping unit."""

    @property
    def hsn(self) -> str:
        """The HSN code of the goods."""

    @property
    def quantity(self) -> int:
        """Units bought."""

    @property
    def price_minor(self) -> int:
        """What one unit is marked at."""

    @property
    def gross_minor(self) -> int:
        """Marked price times quantity, before discount."""


@dataclass(frozen=True, slots=True)
class Percentage:
    """So many basis points off, at most `max_minor` in all."""

    bp: int
    max_minor: int | None = None

    def __post_init__(self) -> None:
        within("bp", self.bp, 1, BASIS_POINTS)
        if self.max_minor is not None:
            within("maxMinor", self.max_minor, 1, AMOUNT_MINOR_MAX)


@dataclass(frozen=True, slots=True)
class Fixed:
    """So much off, at most what the goods cost."""

    amount_minor: int

    def __post_init__(self) -> None:
        within("amountMinor", self.amount_minor, 1, AMOUNT_MINOR_MAX)


@dataclass(frozen=True, slots=True)
class FreeShipping:
    """No charge for shipping; shown as a shipping cost of zero, not as a discount."""


@dataclass(frozen=True, slots=True)
class BuyXGetY:
    """Of every `buy + get` units covered, `get` are `get_bp` cheaper: the cheapest of all, at most `times_max` times."""

    buy: int
    get: int
    get_bp: int = BASIS_POINTS
    times_max: int | None = None

    def __post_init__(self) -> None:
        within("buyQuantity", self.buy, 1, QUANTITY_MAX)
        within("getQuantity", self.get, 1, QUANTITY_MAX)
        within("getBp", self.get_bp, 1, BASIS_POINTS)
        _times("timesMax", self.times_max)

    def times(self, units: int) -> int:
        """How often it fits into so many units."""
        return _at_most(units // (self.buy + self.get), self.times_max)


@dataclass(frozen=True, slots=True)
class Bundle:
    """So many of each of these SKUs together for one price, as marked; as often as they fit, at most `times_max` times.

    A set that costs no more without it saves nothing.
    """

    items: tuple[tuple[str, int], ...]
    price_minor: int
    times_max: int | None = None

    def __post_init__(self) -> None:
        within("the number of items", len(self.items), 1, BUNDLE_ITEMS_MAX)
        for _, quantity in self.items:
            within("quantity", quantity, 1, QUANTITY_MAX)
        if len(dict(self.items)) < len(self.items) or "" in dict(self.items):
            raise RuleInvalid("A bundle names each SKU once.")
        within("priceMinor", self.price_minor, 0, AMOUNT_MINOR_MAX)
        _times("timesMax", self.times_max)

    def times(self, basket: Sequence[Item]) -> int:
        """How often the whole set is in the basket."""
        units = dict.fromkeys(dict(self.items), 0)
        for item in basket:
            if item.sku in units:
                units[item.sku] += item.quantity
        return _at_most(min(units[sku] // quantity for sku, quantity in self.items), self.times_max)


Benefit = Percentage | Fixed | FreeShipping | BuyXGetY | Bundle


def taken_off(benefit: Benefit, basket: Sequence[Item], covered: Sequence[bool]) -> list[int]:
    """What the benefit takes off each line, in the basket's order; never more than the line's value."""
    if isinstance(benefit, BuyXGetY):
        return _free_units(benefit, basket, covered)
    if isinstance(benefit, Bundle):
        return _saved_on_sets(benefit, basket)
    values = [item.gross_minor if is_covered else 0 for item, is_covered in zip(basket, covered, strict=True)]
    whole = sum(values)
    return split(min(_wish(benefit, whole), whole), values)


def kind_of(benefit: Benefit) -> str:
    """The word a benefit goes by in stored rules and snapshots."""
    return benefit_to_json(benefit)[0]


def benefit_to_json(benefit: Benefit) -> tuple[str, dict[str, Any]]:
    """Its word, and its figures as they are stored."""
    match benefit:
        case Percentage():
            return "percentage", {"bp": benefit.bp, "maxMinor": benefit.max_minor}
        case Fixed():
            return "fixed", {"amountMinor": benefit.amount_minor}
        case BuyXGetY():
            figures = {"buyQuantity": benefit.buy, "getQuantity": benefit.get, "getBp": benefit.get_bp}
            return "buy_x_get_y", {**figures, "timesMax": benefit.times_max}
        case Bundle():
            items = [{"sku": sku, "quantity": quantity} for sku, quantity in benefit.items]
            return "bundle", {"items": items, "priceMinor": benefit.price_minor, "timesMax": benefit.times_max}
    return "free_shipping", {}


def benefit_from_json(rest: dict[str, Any]) -> Benefit:
    """The benefit of a stored rule; its fields are taken out of `rest`. Raises RuleInvalid."""
    match rest.pop("kind", None):
        case "percentage":
            return Percentage(bp=integer("bp", rest.pop("bp", None)), max_minor=_maybe("maxMinor", rest))
        case "fixed":
            return Fixed(amount_minor=integer("amountMinor", rest.pop("amountMinor", None)))
        case "free_shipping":
            return FreeShipping()
        case "buy_x_get_y":
            return BuyXGetY(
                buy=integer("buyQuantity", rest.pop("buyQuantity", None)),
                get=integer("getQuantity", rest.pop("getQuantity", None)),
                get_bp=integer("getBp", rest.pop("getBp", BASIS_POINTS)),
                times_max=_maybe("timesMax", rest),
            )
        case "bundle":
            return Bundle(
                items=_items(rest.pop("items", None)),
                price_minor=integer("priceMinor", rest.pop("priceMinor", None)),
                times_max=_maybe("timesMax", rest),
            )
        case _:
            raise RuleInvalid("A rule's kind is percentage, fixed, free_shipping, buy_x_get_y or bundle.")


def within(name: str, value: int, least: int, most: int) -> None:
    """Refuse a figure outside its limits. Raises RuleInvalid."""
    if not least <= value <= most:
        raise RuleInvalid(f"{name} must be {least} to {most}.")


def integer(name: str, value: Any) -> int:
    """A whole number, and not true or false. Raises RuleInvalid."""
    if type(value) is not int:
        raise RuleInvalid(f"{name} must be an integer.")
    return value


def flag(name: str, value: Any) -> bool:
    """True or false, and nothing else. Raises RuleInvalid."""
    if not isinstance(value, bool):
        raise RuleInvalid(f"{name} must be true or false.")
    return value


def text(value: Any) -> str:
    """A text. Raises RuleInvalid."""
    if not isinstance(value, str):
        raise RuleInvalid("A text is expected.")
    return value


def texts(name: str, value: Any) -> tuple[str, ...]:
    """A list of texts, none empty. Raises RuleInvalid."""
    if not isinstance(value, list | tuple) or len(value) > SCOPE_COUNT_MAX or "" in value:
        raise RuleInvalid(f"{name} must be a list of at most {SCOPE_COUNT_MAX} texts.")
    return tuple(text(one) for one in value)


def _free_units(benefit: BuyXGetY, basket: Sequence[Item], covered: Sequence[bool]) -> list[int]:
    """The cheapest covered units, ties to the earlier line; what is off a line's units is rounded once."""
    places = [place for place, is_covered in enumerate(covered) if is_covered]
    left = benefit.times(sum(basket[place].quantity for place in places)) * benefit.get
    shares = [0] * len(basket)
    for place in sorted(places, key=lambda place: (basket[place].price_minor, place)):
        free = min(left, basket[place].quantity)
        shares[place] = round_half_up(basket[place].price_minor * free * benefit.get_bp, BASIS_POINTS)
        left -= free
    return shares


def _saved_on_sets(benefit: Bundle, basket: Sequence[Item]) -> list[int]:
    """What the sets cost less than their parts, shared by value over the units that make them, the earlier lines' first."""
    times = benefit.times(basket)
    left = {sku: quantity * times for sku, quantity in benefit.items}
    values = []
    for item in basket:
        units = min(left.get(item.sku, 0), item.quantity)
        values.append(item.price_minor * units)
        if units:
            left[item.sku] -= units
    return split(max(0, sum(values) - benefit.price_minor * times), values)


def _wish(benefit: Percentage | Fixed | FreeShipping, covered_minor: int) -> int:
    """What the benefit would take off goods of this value, had they no end."""
    if isinstance(benefit, Percentage):
        wish = round_half_up(covered_minor * benefit.bp, BASIS_POINTS)
        return wish if benefit.max_minor is None else min(wish, benefit.max_minor)
    return benefit.amount_minor if isinstance(benefit, Fixed) else 0


def _items(value: Any) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, list | tuple) or len(value) > BUNDLE_ITEMS_MAX:
        raise RuleInvalid(f"items must be a list of at most {BUNDLE_ITEMS_MAX}.")
    found = []
    for one in value:
        if not isinstance(one, Mapping) or set(one) != {"sku", "quantity"}:
            raise RuleInvalid("An item has a sku and a quantity.")
        found.append((text(one["sku"]), integer("quantity", one["quantity"])))
    return tuple(found)


def _maybe(name: str, rest: dict[str, Any]) -> int | None:
    value = rest.pop(name, None)
    return None if value is None else integer(name, value)


def _times(name: str, value: int | None) -> None:
    if value is not None:
        within(name, value, 1, QUANTITY_MAX)


def _at_most(times: int, times_max: int | None) -> int:
    return times if times_max is None else min(times, times_max)
