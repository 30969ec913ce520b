"""A canonical order in the making: adapters fill it with amounts as they were told, `close` makes whole minor units of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from orders.channels.canonical import Buyer, Canonical, Charge, Item, Tax, Told, Trouble
from orders.channels.reading import number, text
from timeline.currencies import decimals

ZERO = Decimal(0)
AMOUNT_MAX = Decimal(10) ** 11
QUANTITY_MAX = 1_000_000
LINES_MAX = 200
TROUBLES_MAX = 30
TAXED_ON_TOP = frozenset({"USD", "CAD"})  # where sales taxes come on top of the price, never within it
_CURRENCIES = ("currency_code", "currencyCode", "CurrencyCode", "currency")


@dataclass(slots=True)
class DraftTax:
    """A tax in the currency's major unit."""

    title: str
    rate: str
    amount: Decimal


@dataclass(slots=True)
class DraftLine:
    """A line of goods, or a charge when `kind` says which. Amounts are major units, exact."""

    title: str
    gross: Decimal
    discount: Decimal = ZERO
    tax: Decimal = ZERO
    taxes: list[DraftTax] = field(default_factory=list)
    key: str = ""
    sku: str = ""
    quantity: int = 1
    kind: str = ""
    hsn: str = ""
    cancelled: int = 0


@dataclass(slots=True)
class Draft:
    """What an adapter has read so far. `tax` is the whole tax the channel told, None when it told none."""

    channel: str
    order_id: str
    currency: str
    number: str = ""
    placed_at: datetime | None = None
    changed_at: datetime | None = None
    tax_included: bool = False
    buyer: Buyer = field(default_factory=Buyer)
    shipping: dict[str, str] = field(default_factory=dict)
    billing: dict[str, str] = field(default_factory=dict)
    lines: list[DraftLine] = field(default_factory=list)
    charges: list[DraftLine] = field(default_factory=list)
    order_discount: Decimal = ZERO
    order_tax: Decimal = ZERO
    order_taxes: list[DraftTax] = field(default_factory=list)
    tax: Decimal | None = None
    total: Decimal | None = None
    status: str = ""
    words: str = ""
    paid: Decimal = ZERO
    refunded: Decimal = ZERO
    cash_on_delivery: bool = False
    on_hold: str = ""
    nothing_taken: bool = False
    tracking: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    def trouble(self, code: str, detail: str, *, holds: bool = True, difference_minor: int = 0) -> None:
        """Name what a person must look at; the same thing once."""
        found = Trouble(code, detail[:300], holds, difference_minor)
        if found not in self.troubles and len(self.troubles) < TROUBLES_MAX:
            self.troubles.append(found)

    def money(self, value: Any, where: str, *, needed: bool = False) -> Decimal:
        """An amount as told; nothing is zero, unless it is needed. What is no amount is named and counts as zero."""
        if isinstance(value, dict):
            self._one_currency(value)
            value = next((value[name] for name in ("amount", "Amount", "value") if name in value), None)
        found = number(value)
        if found is None:
            if value not in (None, "") or needed:
                self.trouble("unreadable_amount", f"{where} is no amount.")
            return ZERO
        if abs(found) > AMOUNT_MAX:
            self.trouble("amount_out_of_range", f"{where} is an amount nobody can pay.")
            return ZERO
        return found

    def _one_currency(self, value: dict[str, Any]) -> None:
        told = next((value[name] for name in _CURRENCIES if value.get(name)), None)
        if told is not None and text(told, 10).upper() != self.currency:
            self.trouble("several_currencies", "The amounts of the order are in several currencies.")

    def quantity(self, value: Any, where: str) -> int:
        """Whole units, at least none. What is no such number is named and counts as none."""
        found = number(value)
        if found is None or found != found.to_integral_value() or not 0 <= found <= QUANTITY_MAX:
            self.trouble("unreadable_quantity", f"{where} is no whole number of units.")
            return 0
        return int(found)

    def by_credit(self, amount: Decimal, what: str) -> None:
        """What gift cards or store credit paid, which the channel took off its total.

        It is a discount; beyond what goods and charges cost without their tax none is possible, and it is money that was paid.
        """
        parts = [*self.lines, *self.charges]
        room = sum((part.gross - part.discount - (part.tax if self.tax_included else ZERO) for part in parts), ZERO) - self.order_discount
        if amount <= room or self.total is None:
            self.order_discount += amount
            self.trouble("paid_by_credit", f"Paid in part by {what}.", holds=False)
            return
        self.total += amount
        self.paid += amount
        self.trouble("paid_by_credit", f"Paid by {what}: the total is what was bought for it.", holds=False)

    def call_off(self, gone: Mapping[str, int]) -> None:
        """Units by line that are not to be sent any more. Known where all was paid for: their money went back, or is owed; else a person looks."""
        gone = {key: units for key, units in gone.items() if units > 0}
        lines = {line.key: line for line in self.lines if line.key in gone}
        stay = sum(line.quantity for line in self.lines) - sum(gone.values())
        is_clear = len(lines) == len(gone) == sum(line.key in gone for line in self.lines) and all(line.quantity >= gone[key] for key, line in lines.items())
        if not gone:
            return
        if stay <= 0 or not is_clear or self.total is None or self.paid < self.total:
            self.partly_cancelled()
            return
        for key, line in lines.items():
            line.cancelled = gone[key]

    def partly_cancelled(self) -> None:
        """Units were taken off, and it is not certain which, or what became of their money."""
        self.trouble("partly_cancelled", "Some units of the order were taken off it there.")

    def refund_not_told(self) -> None:
        """It is told as given back in part, and not how much."""
        self.trouble("refund_not_told", "A part of the money went back, and the body does not say how much.", holds=False)

    def partly_shipped(self) -> None:
        """Note that some of it has left there already: what is sent here must not be sent twice."""
        self.trouble("partly_shipped", "Some units have left there: compare before the rest is sent from here.", holds=False)

    def unknown_status(self, word: str) -> None:
        """The channel's word is none of those we know."""
        self.status = ""
        self.trouble("unknown_status", f"The status “{word[:60]}” is not known; say what it means.")


def close(draft: Draft) -> Canonical:
    """The canonical order. Notes [What adds up] and [Finer than the smallest coin] in `canonical`."""
    places = decimals(draft.currency)
    if places is None:
        draft.trouble("unknown_currency", f"The currency “{draft.currency[:10]}” is not known.")
        places = 2
    _require_goods(draft)
    unit = Decimal(10) ** places
    parts = [*draft.lines, *draft.charges]
    discounts = _rounded([part.discount * unit for part in parts] + [draft.order_discount * unit], None)
    nets = _rounded([(part.gross - part.discount) * unit for part in parts], None)
    taxes = _rounded([part.tax * unit for part in parts] + [draft.order_tax * unit], _told(draft.tax, unit))
    nets = _settled(draft, nets, discounts[-1], taxes, unit)
    total = _whole(draft, draft.total, unit, "The total") if draft.total is not None else _summed(draft, nets, discounts, taxes)
    _compare(draft, _summed(draft, nets, discounts, taxes), total)
    _compare_tax(draft, sum(taxes), unit)
    _refuse_negative(draft, nets, discounts, taxes)
    _compare_refund(draft)
    built = [
        _sums(part, net, off, tax, draft=draft, unit=unit)
        for part, net, off, tax in zip(parts, nets, discounts, taxes, strict=False)
    ]
    return Canonical(
        channel=draft.channel, order_id=draft.order_id, number=draft.number or draft.order_id, placed_at=draft.placed_at,
        changed_at=draft.changed_at, currency=draft.currency, tax_included=draft.tax_included, buyer=draft.buyer,
        shipping=draft.shipping, billing=draft.billing,
        items=tuple(_item(part, sums, unit) for part, sums in zip(draft.lines, built, strict=False)),
        charges=tuple(
            Charge(kind=part.kind or "fee", title=part.title, **sums)
            for part, sums in zip(draft.charges, built[len(draft.lines):], strict=True)
        ),
        order_discount_minor=discounts[-1], order_tax_minor=taxes[-1], total_minor=total,
        told=_told_of(draft, unit), troubles=tuple(draft.troubles), order_taxes=_taxes(draft.order_taxes, taxes[-1], unit),
    )


def _require_goods(draft: Draft) -> None:
    if not draft.lines:
        draft.trouble("lines_missing", "The body names no goods.")
    if len(draft.lines) > LINES_MAX:
        draft.trouble("too_many_lines", f"The body names more than {LINES_MAX} lines.")
        del draft.lines[LINES_MAX:]
    if draft.total is None:
        draft.trouble("total_missing", "The body names no total.")
    for part in (*draft.lines, *draft.charges):
        if max(abs(part.gross), abs(part.discount), abs(part.tax)) > AMOUNT_MAX:
            draft.trouble("amount_out_of_range", "A line is an amount nobody can pay.")
            part.gross = part.discount = part.tax = ZERO
            part.taxes = []


def _told(amount: Decimal | None, unit: Decimal) -> int | None:
    minor = None if amount is None else amount * unit
    return int(minor) if minor is not None and minor == minor.to_integral_value() else None


def _half_up(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_HALF_UP))


def _rounded(values: Sequence[Decimal], told: int | None) -> list[int]:
    """Whole numbers for these; where some are finer, those are rounded so that all sum up to what was told."""
    fine = [place for place, value in enumerate(values) if value != value.to_integral_value()]
    whole = [_half_up(value) for value in values]
    if not fine:
        return whole
    exact = sum(values, ZERO)
    target = _half_up(exact)
    if told is not None and abs(exact - told) <= Decimal(len(fine)) / 2:
        target = told
    return _moved(whole, values, fine, target)


def _moved(whole: list[int], values: Sequence[Decimal], fine: list[int], target: int) -> list[int]:
    """Move the finer ones by one each, those that rounding changed most first, until the sum is the target."""
    missing = target - sum(whole)
    step = 1 if missing > 0 else -1
    order = sorted(fine, key=lambda place: ((whole[place] - values[place]) * step, place))
    for place in order[: abs(missing)]:
        whole[place] += step
    return whole


def _settled(draft: Draft, nets: list[int], order_discount: int, taxes: list[int], unit: Decimal) -> list[int]:
    """Where figures are finer than the coin, let the nets close on the told total if the exact figures do."""
    if draft.total is None:
        return nets
    parts = [*draft.lines, *draft.charges]
    values = [(part.gross - part.discount) * unit for part in parts]
    fine = [place for place, value in enumerate(values) if value != value.to_integral_value()]
    told = draft.total * unit
    exact_tax = ZERO if draft.tax_included else sum((p.tax for p in parts), draft.order_tax) * unit
    exact = sum(values, ZERO) - draft.order_discount * unit + exact_tax
    if not fine or abs(exact - told) > Decimal(1) / 2:
        return nets
    tax = 0 if draft.tax_included else sum(taxes)
    return _moved(nets, values, fine, _half_up(told) - tax + order_discount)


def _summed(draft: Draft, nets: Sequence[int], discounts: Sequence[int], taxes: Sequence[int]) -> int:
    return sum(nets) - discounts[-1] + (0 if draft.tax_included else sum(taxes))


def _compare(draft: Draft, computed: int, total: int) -> None:
    if draft.lines and computed != total:
        draft.trouble(
            "totals_do_not_add_up",
            f"The parts come to {computed} minor units, the total says {total}: a difference of {total - computed}.",
            difference_minor=total - computed,
        )


def _compare_tax(draft: Draft, computed: int, unit: Decimal) -> None:
    if draft.tax is not None and draft.tax * unit != computed:
        told = _whole(draft, draft.tax, unit, "The tax")
        if told != computed:
            draft.trouble(
                "tax_does_not_add_up",
                f"The parts' taxes come to {computed} minor units, the order says {told}.", difference_minor=told - computed,
            )


def _refuse_negative(draft: Draft, nets: Sequence[int], discounts: Sequence[int], taxes: Sequence[int]) -> None:
    of_goods = len(draft.lines)
    if any(net < 0 for net in nets[:of_goods]):
        draft.trouble("negative_line", "A line costs less than nothing.")
    if any(off < 0 for off in discounts):
        draft.trouble("negative_discount", "A discount makes something dearer.")
    if sum(taxes) < 0:
        draft.trouble("negative_tax", "The tax is less than nothing.")


def _compare_refund(draft: Draft) -> None:
    """What went back against what was paid; an order that is told as refunded has all of it back, or a person says what it is."""
    if min(draft.paid, draft.refunded) < 0:
        draft.trouble("negative_payment", "Less than nothing was paid or given back.")
    told = draft.total or ZERO
    if max(draft.paid, draft.refunded) > max(told, ZERO):
        draft.trouble("money_beyond_total", "More was paid or given back than the order comes to; the books take its total.", holds=False)
    elif draft.refunded > draft.paid:
        draft.trouble("refunded_beyond_paid", "More was given back than was paid.")
    if draft.status == "refunded" and (draft.refunded < draft.paid or (told and not draft.refunded)):
        draft.status = ""
        draft.trouble(
            "refund_incomplete",
            f"It is told as refunded, and of {draft.paid.normalize():f} paid {draft.refunded.normalize():f} went back; say what the status means.",
        )


def _sums(part: DraftLine, net: int, off: int, tax: int, *, draft: Draft, unit: Decimal) -> dict[str, Any]:
    return {
        "gross_minor": net + off, "discount_minor": off, "tax_minor": tax,
        "total_minor": net + (0 if draft.tax_included else tax), "taxes": _taxes(part.taxes, tax, unit),
    }


def _taxes(told: Sequence[DraftTax], tax_minor: int, unit: Decimal) -> tuple[Tax, ...]:
    amounts = _rounded([tax.amount * unit for tax in told], tax_minor)
    return tuple(Tax(tax.title[:80], tax.rate[:20], amount) for tax, amount in zip(told, amounts, strict=True))


def _item(part: DraftLine, sums: dict[str, Any], unit: Decimal) -> Item:
    each = part.gross * unit / part.quantity if part.quantity else ZERO
    return Item(
        key=part.key, sku=part.sku, title=part.title or part.sku, quantity=part.quantity, unit_minor=_half_up(each),
        hsn=part.hsn, cancelled=min(part.cancelled, part.quantity), **sums,
    )


def _whole(draft: Draft, amount: Decimal, unit: Decimal, where: str) -> int:
    minor = amount * unit
    if minor != minor.to_integral_value():
        draft.trouble("finer_than_minor_unit", f"{where} is finer than the smallest coin of {draft.currency[:10]}.")
    return _half_up(minor)


def _told_of(draft: Draft, unit: Decimal) -> Told:
    return Told(
        status=draft.status, words=draft.words[:120], paid_minor=_whole(draft, draft.paid, unit, "What was paid"),
        refunded_minor=_whole(draft, draft.refunded, unit, "What was refunded"), cash_on_delivery=draft.cash_on_delivery,
        on_hold=draft.on_hold, tracking=tuple(draft.tracking), nothing_taken=draft.nothing_taken,
    )
