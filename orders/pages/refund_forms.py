"""What people type to give money back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms

from orders.operations import refund_goods
from orders.operations.refund import Wish
from orders.pages.forms import REASON_MAX, InCurrency, MoneyField, UnitsForm, WordsField
from orders.pages.order_sheet import LineRow, boxed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orders.models import Line
    from orders.operations.refund_parts import Left
    from orders.queries import Parcel

ITEMS, AMOUNT, GOODWILL = "items", "amount", "goodwill"
NOTE_MAX = REASON_MAX - 60
OTHER = "other"
REASONS: Final = {
    "damaged": "Arrived damaged", "wrong": "Wrong item sent", "differs": "Not as described", "short": "Lost or missing",
    "late": "Came too late", "unwanted": "No longer wanted", "price": "Price adjustment", OTHER: "Another reason",
}
_RESTOCK: Final = [
    (refund_goods.STOCK, "Back to stock"), (refund_goods.DAMAGED, "Damaged, count out"), (refund_goods.NONE, "Do not restock"),
]


@dataclass(frozen=True, slots=True)
class RefundRow(LineRow):
    """A line of which units are left to give back; `left_minor` is what all of them are worth now."""

    left_minor: int = 0
    where: str = ""
    boxed: int = 0

    @property
    def reach(self) -> int:
        """Units that could be put back now."""
        return refund_goods.within_reach(self.line, boxed=self.boxed)


class RefundForm(InCurrency, UnitsForm):
    """Money back by item, by amount or as goodwill. The customer reads the reason."""

    mode = forms.ChoiceField(
        choices=[(ITEMS, "By item"), (AMOUNT, "By amount"), (GOODWILL, "Goodwill")], required=False, label="How much",
        widget=forms.RadioSelect, initial=ITEMS,
    )
    with_shipping = forms.BooleanField(required=False, label="And what is left of the shipping charge")
    amount = MoneyField(required=False, label="Amount {unit}, if not what the items are worth")
    code = forms.ChoiceField(choices=[("", "Choose a reason"), *REASONS.items()], label="Reason")
    reason = WordsField(rows=2, max_length=NOTE_MAX, required=False, label="Note; needed for another reason and goodwill")
    speed = forms.ChoiceField(
        choices=[("normal", "Normal, 5 to 7 working days"), ("instant", "Instant, where the bank can")], required=False,
        label="Speed", widget=forms.RadioSelect, initial="normal",
    )
    initiate = forms.BooleanField(required=False, initial=True, label="Send the money back the way it came")
    despite_dispute = forms.BooleanField(
        required=False, label="Refund although the customer's bank decides over this money: it may be paid twice"
    )

    def __init__(self, *args: Any, rows: Iterable[RefundRow] = (), **kwargs: Any) -> None:
        offered = list(rows)
        super().__init__(*args, rows=offered, **kwargs)
        self.reach = {row.line.pk: row.reach for row in offered}
        for row in offered:
            self.fields[f"to-{row.line.pk}"] = forms.ChoiceField(
                choices=_RESTOCK if row.reach else _RESTOCK[2:], required=False, label=f"What becomes of {row.line.name}",
                initial=refund_goods.STOCK if row.line.to_ship > row.boxed else refund_goods.NONE,
            )

    def refund_rows(self) -> list[tuple[LineRow, forms.BoundField, forms.BoundField]]:
        """Each line with its two fields."""
        return [(row, self[f"units-{row.line.pk}"], self[f"to-{row.line.pk}"]) for row in self.rows]

    def clean(self) -> dict[str, Any]:
        """What is needed follows from the mode."""
        found = super().clean() or self.cleaned_data
        tab = self.tab()
        if tab != ITEMS and found.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", "An amount is needed.")
        if tab == ITEMS and not self.units() and not found.get("with_shipping") and not self.errors:
            self.add_error(None, "Choose the units that go back, or refund by amount.")
        if not found.get("reason") and (tab == GOODWILL or found.get("code") == OTHER):
            self.add_error("reason", "Say in words why.")
        return found

    def tab(self) -> str:
        """The tab; without a word, by item."""
        return str(self.cleaned_data.get("mode") or ITEMS)

    def wish(self) -> Wish:
        """What is to go back, as the quote is asked for it; needs nothing else to be filled in."""
        if self.tab() == ITEMS:
            return Wish(
                items=self.units(), amount_minor=self.cleaned_data.get("amount"),
                with_shipping=True if self.cleaned_data.get("with_shipping") else None,
            )
        return Wish(amount_minor=self.cleaned_data.get("amount"), goodwill=self.tab() == GOODWILL)

    def nouns(self) -> dict[str, Any]:
        """The nouns of `refund.give`."""
        wish = self.wish()
        code, note = self.cleaned_data["code"], self.cleaned_data["reason"]
        words = note if code == OTHER else ". ".join(part for part in (REASONS[code], note) if part)
        return {
            "items": wish.items or None, "amount_minor": wish.amount_minor, "with_shipping": wish.with_shipping,
            "goodwill": wish.goodwill, "reason": words, "speed": self.cleaned_data["speed"] or "normal",
            "initiate_payment_refund": self.cleaned_data["initiate"], "restock_lines": self._restock_lines(wish),
            "despite_dispute": self.cleaned_data["despite_dispute"],
        }

    def _restock_lines(self, wish: Wish) -> list[dict[str, Any]]:
        return [
            {"order_item_id": pk, "quantity": min(units, self.reach[pk]), "to": to}
            for pk, units in wish.items.items()
            if (to := self.cleaned_data.get(f"to-{pk}")) and self.reach[pk]
        ]


class OtherMeansForm(forms.Form):
    """How a failed refund was given after all."""

    reference = forms.RegexField(
        regex=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$", max_length=40, label="Number of the transfer (UTR)",
        error_messages={"invalid": "Letters, digits and hyphens only."},
    )
    reason = WordsField(rows=2, max_length=REASON_MAX, label="What was done, in words")


def rows_of(lines: Iterable[Line], left: Left, parcels: Iterable[Parcel]) -> list[RefundRow]:
    """The lines of which units are left to give back."""
    remaining = {row.key: row for row in left.lines}
    return [
        RefundRow(line, units, left_minor=remaining[str(line.pk)].total_minor, where=_where(line), boxed=boxed(line, parcels))
        for line in lines if (units := remaining[str(line.pk)].units)
    ]


def _where(line: Line) -> str:
    if line.to_ship:
        return "not yet shipped"
    if line.quantity_delivered > line.quantity_returned:
        return "delivered, not returned"
    if line.quantity_shipped > line.quantity_delivered:
        return "on its way; restocked when it is received"
    return "returned or taken out"
