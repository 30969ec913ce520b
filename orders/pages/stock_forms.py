"""What staff type about stock, checked for form; whether it may be done is the operations' word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from inventory.api.serializers import DELTA_UNITS_MAX, REASON_CHARS_MAX
from inventory.models import Variant, Warehouse
from inventory.operations.shelves import LINES_MAX
from inventory.outside import REFERENCE_CHARS_MAX
from inventory.stock import ON_HAND_UNITS_MAX
from orders.pages.settlements import FileForm
from timeline.api.wire import YEAR_MAX, YEAR_MIN

if TYPE_CHECKING:
    from datetime import datetime

_LINE = re.compile(r"([A-Za-z0-9-]{1,64})[\s,;]+([0-9]{1,10})")
_NUMBER = {"class": "qty", "inputmode": "numeric"}


def _warehouses() -> list[tuple[str, str]]:
    rows = Warehouse.objects.filter(is_active=True).order_by("priority", "code")
    return [(code, f"{code} · {name}") for code, name in rows.values_list("code", "name")]


def _require_our_age(at: datetime) -> None:
    """A time that every clock and database holds in every zone."""
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise ValidationError("Such as 2026-11-21 16:30.", code="invalid")


class WarehouseField(forms.ChoiceField):
    """One of the warehouses, by code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=_warehouses, **kwargs)


class SkuField(forms.CharField):
    """A SKU, in either case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="SKU", max_length=64, **kwargs)

    def clean(self, value: Any) -> str:
        """SKUs are capitals."""
        return str(super().clean(value)).upper()


class UnitsField(forms.IntegerField):
    """A number of units."""

    def __init__(self, *, most: int = DELTA_UNITS_MAX, **kwargs: Any) -> None:
        super().__init__(max_value=most, widget=forms.NumberInput(attrs=_NUMBER), **kwargs)


class LinesField(forms.CharField):
    """One SKU a line, with its units: as typed, pasted from a sheet, or scanned."""

    def __init__(self, **kwargs: Any) -> None:
        rows = forms.Textarea(attrs={"rows": 6, "placeholder": "TEA-ASM-500 12", "autocapitalize": "characters"})
        super().__init__(widget=rows, max_length=LINES_MAX * 80, **kwargs)

    def clean(self, value: Any) -> dict[str, int]:
        """The units by SKU; says which line is wrong."""
        found: dict[str, int] = {}
        for number, line in enumerate(str(super().clean(value)).splitlines(), start=1):
            if not line.strip():
                continue
            words = _LINE.fullmatch(line.strip())
            if words is None:
                raise ValidationError(f"Line {number} is not a SKU and its units.")
            sku = words[1].upper()
            if sku in found:
                raise ValidationError(f"Line {number}: {sku} stands above already.")
            found[sku] = int(words[2])
        if len(found) > LINES_MAX:
            raise ValidationError(f"At most {LINES_MAX} lines at once.")
        return found


class ReceiveForm(forms.Form):
    """A delivery."""

    warehouse = WarehouseField()
    lines = LinesField(label="SKU and units, one a line")
    reference = forms.CharField(label="Delivery note", max_length=REFERENCE_CHARS_MAX, required=False)


class SendForm(forms.Form):
    """Goods for another warehouse."""

    source = WarehouseField(label="From")
    target = WarehouseField(label="To")
    lines = LinesField(label="SKU and units, one a line")


class CountForm(forms.Form):
    """A blind count."""

    warehouse = WarehouseField()
    lines = LinesField(label="SKU and units counted, one a line")


class AdjustForm(forms.Form):
    """A correction by a difference."""

    warehouse = WarehouseField()
    sku = SkuField()
    delta = UnitsField(label="Change (−3 takes three away)", min_value=-DELTA_UNITS_MAX)
    reason = forms.CharField(max_length=REASON_CHARS_MAX, help_text="Why, in a word or a sentence.")


class DamageForm(forms.Form):
    """Units set aside, repaired, scrapped."""

    warehouse = WarehouseField()
    sku = SkuField()
    action = forms.ChoiceField(
        label="What happens",
        choices=[
            ("damage", "Set aside as damaged"), ("repair", "Repaired: back on the shelf"), ("scrap", "Scrapped: gone for good"),
        ],
        initial="damage", widget=forms.RadioSelect,
    )
    quantity = UnitsField(label="Units", min_value=1, initial=1)
    reason = forms.CharField(max_length=REASON_CHARS_MAX)


class WatchForm(forms.Form):
    """Safety stock and the point of reordering."""

    warehouse = WarehouseField()
    sku = SkuField()
    safety = UnitsField(label="Safety stock, never offered", min_value=0, most=ON_HAND_UNITS_MAX, initial=0)
    reorder_at = UnitsField(label="Low when so many are available", min_value=0, most=ON_HAND_UNITS_MAX, required=False)


class PolicyForm(forms.Form):
    """More than is there."""

    sku = SkuField()
    policy = forms.ChoiceField(
        choices=[
            ("deny", "Refuse an order for more than is there"), ("backorder", "Promise the rest for later"),
            ("preorder", "Preorder: promise it for a day"),
        ],
        widget=forms.RadioSelect, initial=Variant.Policy.DENY,
    )
    backorder_units_max = UnitsField(label="At most so many units", min_value=0, most=10_000_000, required=False)
    available_on = forms.DateField(label="Sent from", required=False, widget=forms.DateInput(attrs={"type": "date"}))


class CountFileForm(FileForm):
    """An external warehouse's count."""

    warehouse = WarehouseField()
    taken_at = forms.DateTimeField(
        label="Counted at", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        initial=lambda: timezone.localtime().replace(second=0, microsecond=0), validators=[_require_our_age],
    )
    field_order = ("warehouse", "taken_at", "file")


class DispatchFileForm(FileForm):
    """An external warehouse's parcels that left."""

    warehouse = WarehouseField()
    field_order = ("warehouse", "file")


class ResolveForm(forms.Form):
    """What was done about a conflict."""

    reason = forms.CharField(label="What was done", max_length=REASON_CHARS_MAX)
