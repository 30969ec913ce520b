"""What people type to send goods back, to receive them and to give the money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms

from inventory.models import Warehouse
from orders import eligibility
from orders.models import Return
from orders.models.returns import PHOTOS_MAX
from orders.operations.exchange_offer import Choice
from orders.operations.return_goods import Graded
from orders.operations.returns import Item
from orders.pages.forms import REASON_MAX, UNITS_MAX, AddressFields, InCurrency, MoneyField, UnitsForm, WordsField
from orders.pages.order_sheet import LineRow
from shipping import carriers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from orders.models import ReturnLine
    from orders.operations.numbers import Number

REASONS: Final = {
    eligibility.DEFECTIVE: "It does not work", eligibility.WRONG_ITEM: "It is not what I ordered",
    eligibility.NOT_AS_DESCRIBED: "It is not as described", eligibility.DAMAGED: "It arrived damaged",
    eligibility.NO_LONGER_WANTED: "I do not want it any more", eligibility.SIZE: "It does not fit",
    eligibility.OTHER: "Another reason",
}
CONDITIONS: Final = {
    eligibility.UNOPENED: "Unopened", eligibility.OPENED: "Opened", eligibility.USED: "Used", eligibility.BROKEN: "Broken",
}
WISHES: Final = {Return.Wish.REFUND.value: "My money back", Return.Wish.EXCHANGE.value: "The same or something else instead"}
# Grade and where the unit goes, as one choice.
FATES: Final = {
    "A:restock": "A, as new: back to stock", "B:restock": "B, opened: back to stock", "B:damaged": "B: among the damaged",
    "damaged:damaged": "Damaged: among the damaged", "damaged:scrap": "Damaged: scrap",
    "B:back_to_customer": "Not ours to keep: back to the customer",
}
OUTCOMES: Final = {
    "": "As it is", "customer_keeps": "The customer keeps the goods", "lost": "Lost on the way", "nothing_given": "Nothing is given",
}
ROWS_MAX = 12
_SKU = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReturnRow(LineRow):
    """A line of which units may be sent back; `until` says until when."""

    until: Any = None


class PhotosInput(forms.ClearableFileInput):
    """Several pictures at once."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """At most five pictures; what they are is looked at afterwards."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"accept": "image/jpeg,image/png,image/webp"}
        super().__init__(widget=PhotosInput(attrs=attrs), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """A list of files, maybe empty."""
        found = data if isinstance(data, list) else [data] if data else []
        if len(found) > PHOTOS_MAX:
            raise forms.ValidationError(f"At most {PHOTOS_MAX} photos.")
        return [super(PhotosField, self).clean(item, initial) for item in found]


class OwnReturnForm(UnitsForm):
    """A customer sends units back."""

    wish = forms.ChoiceField(choices=list(WISHES.items()), label="What would you like?", widget=forms.RadioSelect, initial="refund")
    comment = WordsField(rows=3, max_length=1000, required=False, label="What happened?")
    photos = PhotosField(required=False, label="Photos, up to five")

    def __init__(self, *args: Any, rows: Iterable[ReturnRow] = (), **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, fill=False, **kwargs)
        for row in self.rows:
            self.fields[f"reason-{row.line.pk}"] = forms.ChoiceField(
                choices=list(REASONS.items()), required=False, label=f"Why {row.line.name} comes back"
            )
            self.fields[f"condition-{row.line.pk}"] = forms.ChoiceField(
                choices=list(CONDITIONS.items()), required=False, label=f"Condition of {row.line.name}"
            )

    def return_rows(self) -> list[tuple[LineRow, forms.BoundField, forms.BoundField, forms.BoundField]]:
        """Each line with its three fields."""
        return [
            (row, self[f"units-{row.line.pk}"], self[f"reason-{row.line.pk}"], self[f"condition-{row.line.pk}"])
            for row in self.rows
        ]

    def clean(self) -> dict[str, Any]:
        """Something comes back."""
        found = super().clean() or self.cleaned_data
        if not self.errors and not self.units():
            self.add_error(None, "Choose how many of which item come back.")
        return found

    def items(self) -> list[Item]:
        """What comes back, in the words of the operation."""
        found = self.cleaned_data
        return [
            Item(pk, units, found[f"reason-{pk}"] or eligibility.DEFECTIVE, found[f"condition-{pk}"] or eligibility.UNOPENED)
            for pk, units in self.units().items()
        ]


class StaffReturnForm(OwnReturnForm, AddressFields):
    """Staff take a return in for the customer: several items at once, fetched where they say."""

    approved = forms.BooleanField(required=False, initial=True, label="Approve it at once")
    elsewhere = forms.BooleanField(required=False, label="It is fetched at another address")
    photos: Any = None

    def __init__(self, *args: Any, rows: Iterable[ReturnRow] = (), **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        own = [name for name in self.fields if name not in AddressFields.base_fields]
        self.order_fields([*(name for name in own if name != "elsewhere"), "elsewhere"])
        for name in AddressFields.base_fields:
            self.fields[name].required = False

    def nouns(self) -> dict[str, Any]:
        """The nouns of `returns.open_by_staff`."""
        found = self.cleaned_data
        return {
            "items": self.items(), "wish": found["wish"], "comment": found["comment"] or None, "approved": found["approved"],
            "pickup_address": self.address() if found["elsewhere"] else None,
        }


class MorePhotosForm(forms.Form):
    """Pictures for a return that was asked for before."""

    photos = PhotosField(label="Add photos")


class PickupForm(forms.Form):
    """Who fetches the goods, and where they go."""

    carrier = forms.CharField(max_length=40, label="Carrier", initial="own_fleet")
    tracking_number = forms.CharField(max_length=60, required=False, label="Tracking number, if it is labelled already")
    warehouse = forms.ChoiceField(label="To")
    drop_off = forms.BooleanField(required=False, label="The customer brings it to the carrier")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"] = _warehouses("To")

    def clean(self) -> dict[str, Any]:
        """A carrier we do not work with has labelled it already."""
        found = super().clean() or self.cleaned_data
        carrier = str(found.get("carrier") or "").strip()
        found["carrier"] = carrier.lower().replace(" ", "_") if carrier.lower() in ("own fleet", "own_fleet") else carrier
        if found["carrier"] not in carriers.codes() and not found.get("tracking_number"):
            self.add_error("tracking_number", "Needed: only our own carriers print a label from here.")
        return found


class ReceiveForm(forms.Form):
    """What a person counted."""

    others = forms.CharField(max_length=64, required=False, label="Something else came (what)")
    warehouse = forms.ChoiceField(label="Received at")

    def __init__(self, *args: Any, rows: Iterable[ReturnLine] = (), at: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"] = _warehouses("Received at", initial=at)
        self.rows = list(rows)
        for row in self.rows:
            self.fields[f"units-{row.line_id}"] = forms.IntegerField(
                label=f"Units of {row.line.name}", min_value=0, max_value=row.line.quantity, initial=row.quantity,
                widget=forms.NumberInput(attrs={"class": "qty", "inputmode": "numeric"}),
            )

    def unit_rows(self) -> list[tuple[ReturnLine, forms.BoundField]]:
        """Each line with its field."""
        return [(row, self[f"units-{row.line_id}"]) for row in self.rows]

    def nouns(self) -> dict[str, Any]:
        """The nouns of `return_goods.receive`."""
        found = self.cleaned_data
        return {
            "counts": {row.line_id: found[f"units-{row.line_id}"] for row in self.rows},
            "others": [{"sku": found["others"], "quantity": 1}] if found["others"] else [],
            "warehouse": found["warehouse"] or None,
        }


class InspectForm(forms.Form):
    """What each unit was found to be; of many units of one item all at once."""

    warehouse = forms.ChoiceField(label="They lie at")

    def __init__(self, *args: Any, rows: Iterable[ReturnLine] = (), at: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"] = _warehouses("They lie at", initial=at)
        self.units: list[tuple[UUID, str, int, str]] = []
        for row in rows:
            many = row.received > ROWS_MAX
            for place in range(1 if many else row.received):
                name = f"fate-{row.line_id}-{place}"
                words = f"{row.received} × {row.line.name}" if many else f"{row.line.name}, unit {place + 1} of {row.received}"
                self.fields[name] = forms.ChoiceField(choices=list(FATES.items()), label=words)
                self.units.append((row.line_id, name, row.received if many else 1, words))

    def fates(self) -> list[tuple[str, forms.BoundField]]:
        """Each unit in words with its field."""
        return [(words, self[name]) for _, name, _, words in self.units]

    def graded(self) -> list[Graded]:
        """The units as the operation wants them, equal ones together."""
        sums: dict[tuple[UUID, str], int] = {}
        for line_id, name, count, _ in self.units:
            key = (line_id, self.cleaned_data[name])
            sums[key] = sums.get(key, 0) + count
        place = self.cleaned_data["warehouse"] or None
        found = []
        for (line_id, fate), count in sums.items():
            grade, _, disposition = fate.partition(":")
            found.append(Graded(line_id, count, grade, disposition, place))
        return found


class ReturnRefundForm(InCurrency):
    """The money for a return; prefilled with what was agreed."""

    fee = MoneyField(required=False, label="Fee {unit}, instead of the agreed one")
    no_fee = forms.BooleanField(required=False, label="No fee at all")
    with_shipping = forms.BooleanField(required=False, label="And what is left of the shipping charge")
    reason = WordsField(rows=2, max_length=REASON_MAX, label="Reason; the customer reads it", initial="Your goods came back")
    speed = forms.ChoiceField(
        choices=[("normal", "Normal, 5 to 7 working days"), ("instant", "Instant, where the bank can")], label="Speed",
        widget=forms.RadioSelect, initial="normal",
    )
    initiate = forms.BooleanField(required=False, initial=True, label="Send the money back the way it came")

    def nouns(self) -> dict[str, Any]:
        """The nouns of `return_money.give`."""
        found = self.cleaned_data
        return {
            "fee_minor": 0 if found["no_fee"] else found["fee"], "with_shipping": found["with_shipping"],
            "reason": found["reason"], "speed": found["speed"], "initiate_payment_refund": found["initiate"],
        }


class ExchangeForm(forms.Form):
    """Something for what comes back: the same goods, or others by their SKU."""

    goods = forms.CharField(
        max_length=400, required=False, label="Other goods (SKU and quantity, such as KURTA-L 1, TEA-250 2)",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    initiate = forms.BooleanField(required=False, initial=True, label="What is too much goes back the way it came")
    number: Number

    def clean_goods(self) -> list[Choice]:
        """Each piece is a SKU and, unless it is one, a quantity; nothing means the same goods."""
        found = []
        for piece in filter(None, (part.strip() for part in str(self.cleaned_data["goods"]).split(","))):
            sku, _, count = piece.partition(" ")
            digits = count.strip() or "1"
            if not _SKU.fullmatch(sku) or not (digits.isascii() and digits.isdecimal() and 1 <= int(digits[:6]) <= UNITS_MAX):
                raise forms.ValidationError("Write a SKU and a quantity, and a comma between two of them.")
            found.append(Choice(sku.upper(), int(digits)))
        return found


class CloseForm(forms.Form):
    """Why nothing is left to do."""

    outcome = forms.ChoiceField(choices=list(OUTCOMES.items()), required=False, label="Because")


def _warehouses(label: str, *, initial: str = "") -> forms.ChoiceField:
    rows = Warehouse.objects.filter(is_active=True).order_by("priority", "code")
    return forms.ChoiceField(
        choices=[(row.code, f"{row.name} ({row.code})") for row in rows], label=label, initial=initial or None
    )
