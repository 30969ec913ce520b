"""What people type, checked for form; whether it may be done is the operations' word."""

from __future__ import annotations

import re
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator, MaxValueValidator, MinValueValidator

from orders.models import OrderHold
from orders.operations.cancel import CODES
from shipping import carriers
from shipping.states import STATES
from timeline import currencies

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from orders.pages.order_sheet import LineRow

WORDS_MAX = 2000
REASON_MAX = 500
AMOUNT_MINOR_MAX = 10**12
AMOUNT_DIGITS_MAX = 13
UNITS_MAX = 10_000
INR = "INR"
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?")
_MARKS = re.compile(r"\s")
CODE_WORDS = {
    "customer_request": "The customer asked", "out_of_stock": "Out of stock", "payment_overdue": "Not paid in time",
    "fraud": "Looks like fraud", "address": "The address is wrong", "other": "Another reason",
}


class MoneyField(forms.DecimalField):
    """An amount as people type it, in minor units as the shop counts it; its form says of which currency.

    `{unit}` in the label becomes `in rupees` or `in JPY`. What it begins with is given in minor units.
    """

    default_error_messages = {"grouping": "Write it such as 1,234.50: commas group thousands, a point stands before the decimals."}

    def __init__(self, *, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, widget=forms.TextInput(attrs={"autocomplete": "off"}), **kwargs)
        self._words = label
        self.of(INR)

    def of(self, currency: str) -> None:
        """Take amounts of this currency: its decimals, and at least its smallest unit."""
        places = currencies.exponent(currency)
        unit = Decimal(1).scaleb(-places)
        self.currency, self.decimal_places = currency, places
        self.label = self._words.format(unit=currencies.said(currency))
        self.validators = [
            MinValueValidator(unit), MaxValueValidator(AMOUNT_MINOR_MAX * unit), DecimalValidator(AMOUNT_DIGITS_MAX, places)
        ]
        self.widget.attrs |= {"inputmode": "decimal" if places else "numeric", "data-currency": currency, "data-exponent": str(places)}

    def prepare_value(self, value: Any) -> Any:
        """Minor units as they would be typed; what was typed stays."""
        return currencies.typed(value, self.currency) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        """The amount in minor units. The currency's sign or code and grouping are understood."""
        text = value
        if isinstance(value, str):
            text = _MARKS.sub("", value.replace(currencies.SIGNS.get(self.currency, self.currency), "").replace(self.currency, ""))
            if "," in text and not _GROUPED.fullmatch(text):
                raise ValidationError(self.error_messages["grouping"], code="grouping")
            text = text.replace(",", "")
        amount = super().clean(text)
        return None if amount is None else int(amount.scaleb(self.decimal_places or 0))


class InCurrency(forms.Form):
    """A form whose amounts are all of one currency."""

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.of(currency)


class WordsField(forms.CharField):
    """What a person writes, in several lines."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", WORDS_MAX)
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


class UnitsForm(forms.Form):
    """A form that asks for units of lines; each line is a field `units-<line id>`."""

    def __init__(self, *args: Any, rows: Iterable[LineRow] = (), fill: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = list(rows)
        for row in self.rows:
            self.fields[f"units-{row.line.pk}"] = forms.IntegerField(
                label=f"Units of {row.line.name}", min_value=0, max_value=row.quantity, required=False,
                initial=row.quantity if fill else 0,
                widget=forms.NumberInput(attrs={"class": "qty", "inputmode": "numeric"}),
            )

    def unit_rows(self) -> list[tuple[LineRow, forms.BoundField]]:
        """Each line with its field."""
        return [(row, self[f"units-{row.line.pk}"]) for row in self.rows]

    def units(self) -> dict[UUID, int]:
        """The units by line, those of which there are any."""
        found = {row.line.pk: self.cleaned_data.get(f"units-{row.line.pk}") or 0 for row in self.rows}
        return {pk: units for pk, units in found.items() if units}


class NoteForm(forms.Form):
    """A note on an order."""

    note = WordsField(rows=2, label="Add a note")
    is_public = forms.BooleanField(required=False, label="Visible to customer")


class NoteTextForm(forms.Form):
    """A note in other words."""

    note = WordsField(rows=3, label="Note")


class ShipForm(UnitsForm):
    """A parcel: by the own fleet, or labelled elsewhere with its tracking number."""

    carrier = forms.CharField(max_length=40, label="Carrier", initial="own_fleet")
    tracking_number = forms.CharField(max_length=60, required=False, label="Tracking number, if it is labelled already")

    def clean_carrier(self) -> str:
        """The carrier by its code or name."""
        text = str(self.cleaned_data["carrier"]).strip()
        return text.lower().replace(" ", "_") if text.lower() in ("own fleet", "own_fleet") else text

    def clean(self) -> dict[str, Any]:
        """A parcel carries something."""
        found = super().clean() or self.cleaned_data
        if not self.errors and not self.units():
            raise ValidationError("Put at least one unit into the parcel.")
        carrier = found.get("carrier")
        if carrier and carrier not in carriers.codes() and not found.get("tracking_number"):
            self.add_error("tracking_number", "Needed: only our own carriers print a label from here.")
        return found


class DeliverForm(forms.Form):
    """What is known of an arrival."""

    delivered_to = forms.CharField(max_length=120, required=False, label="Taken in by")
    signature_required = forms.BooleanField(required=False, label="It was signed for")


class CancelForm(forms.Form):
    """Why an order stops."""

    code = forms.ChoiceField(choices=[(code, CODE_WORDS[code]) for code in CODES], label="Reason")
    reason = WordsField(rows=2, max_length=REASON_MAX, required=False, label="In words, for the record")


class HoldForm(forms.Form):
    """Why an order waits."""

    reason = forms.ChoiceField(choices=OrderHold.Reason.choices, label="Reason")
    note = WordsField(rows=2, max_length=REASON_MAX, required=False, label="Note for colleagues")


class ReasonForm(forms.Form):
    """A reason that is needed."""

    reason = WordsField(rows=3, max_length=REASON_MAX, label="Reason")


class OwnCancelForm(forms.Form):
    """A customer's reason to cancel, if they care to give one."""

    reason = WordsField(rows=3, max_length=REASON_MAX, required=False, label="Reason (you need not give one)")


class OwnRefundForm(InCurrency):
    """A customer's wish for money back."""

    amount = MoneyField(label="Amount {unit}")
    reason = WordsField(rows=3, max_length=REASON_MAX, label="What is wrong?")


class EmailForm(forms.Form):
    """Who wants to sign in."""

    email = forms.EmailField(max_length=254, label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class CodeForm(forms.Form):
    """The six digits that were sent."""

    code = forms.RegexField(
        regex=r"^\s*[0-9]{6}\s*$", label="Six-digit code", error_messages={"invalid": "The code has six digits."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class AddressFields(forms.Form):
    """Where a parcel goes. Whether the address is possible is the shop's word; `POINTERS` name its parts."""

    name = forms.CharField(max_length=100, label="Name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = forms.CharField(max_length=25, label="Phone", widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}))
    line1 = forms.CharField(max_length=200, label="House and street", widget=forms.TextInput(attrs={"autocomplete": "address-line1"}))
    line2 = forms.CharField(
        max_length=200, required=False, label="Area, landmark", widget=forms.TextInput(attrs={"autocomplete": "address-line2"})
    )
    city = forms.CharField(max_length=100, label="City", widget=forms.TextInput(attrs={"autocomplete": "address-level2"}))
    state = forms.ChoiceField(choices=sorted(((state.code, state.name) for state in STATES), key=itemgetter(1)), label="State")
    postal_code = forms.CharField(
        max_length=6, label="PIN code", widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"})
    )
    gstin = forms.CharField(max_length=15, required=False, label="GSTIN, for a business")

    POINTERS = {
        "name": "name", "phone": "phone", "line1": "line1", "line2": "line2", "city": "city", "state": "state",
        "postalCode": "postal_code", "gstin": "gstin",
    }

    def address(self) -> dict[str, Any]:
        """The address in the form of the API."""
        given = self.cleaned_data
        return {
            **{part: given.get(part) or "" for part in ("name", "phone", "line1", "city", "state")},
            "line2": given.get("line2") or None, "postalCode": given.get("postal_code") or "", "country": "IN",
            "gstin": given.get("gstin") or None,
        }


class DetailsForm(AddressFields):
    """Where an order goes, who hears of it, and how it is paid."""

    field_order = ("email",)
    email = forms.EmailField(max_length=254, label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    discount_code = forms.CharField(max_length=40, required=False, label="Discount code")
    shipping_method = forms.ChoiceField(
        choices=[("standard", "Standard delivery"), ("express", "Express delivery")], label="Delivery",
        widget=forms.RadioSelect,
    )
    payment_method = forms.ChoiceField(
        choices=[("razorpay", "UPI, card or net banking"), ("cod", "Cash at the door")], label="Payment",
        widget=forms.RadioSelect,
    )

    POINTERS = {
        **AddressFields.POINTERS, "email": "email", "discountCode": "discount_code",
        "shippingMethod": "shipping_method", "paymentMethod": "payment_method",
    }

    def changes(self) -> dict[str, Any]:
        """What the checkout is to know."""
        given = self.cleaned_data
        address = self.address()
        gstin = address.pop("gstin")
        return {
            "email": given["email"], "phone": given["phone"], "name": given["name"], "gstin": gstin,
            "shippingAddress": address,
            "discountCode": given["discount_code"] or None,
            "shippingMethod": given["shipping_method"],
            "paymentMethod": given["payment_method"],
        }
