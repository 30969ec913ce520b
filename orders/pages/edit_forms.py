"""What people type to change an order: units of each line, units to add, another address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms

from inventory import queries as shelves
from inventory.models import Variant
from orders.operations.edit_preview import ADD_LINES_MAX, QUANTITY_MAX, Wish
from orders.pages.forms import AddressFields, InCurrency, MoneyField

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orders.models import Line, OrderEdit
    from orders.queries import OrderDetail

SEARCH_CHARS_MAX = 100
FOUND_MAX = 8
_ADD = "add-"


class EditForm(InCurrency, AddressFields):
    """A change of an order. A field `keep-<line id>` for each line, `add-<variant id>` for each product to be added."""

    q = forms.CharField(
        max_length=SEARCH_CHARS_MAX, required=False, label="Find a product by name or SKU",
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search", "placeholder": "Name or SKU"}),
    )
    move = forms.BooleanField(required=False, label="Send it to another address")
    discount = MoneyField(required=False, label="Let off, {unit} before tax")

    POINTERS = {**AddressFields.POINTERS, "discountAmount": "discount"}

    def __init__(
        self, data: Any, *, detail: OrderDetail, free: Mapping[UUID, int], staged: OrderEdit | None, sees_customers: bool
    ) -> None:
        """`free` are the units of each line that may be taken away; `staged` is the change it begins with.

        Who may not see customers begins with no address, and writes a whole new one; what is staged stays while nothing is typed.
        """
        wish = staged.changes if staged is not None else {"add": [], "quantities": []}
        there = staged.addresses(detail.person).get("shipping") if staged is not None else None
        super().__init__(data, initial=_initial(detail if sees_customers else None, staged, there), currency=detail.order.currency)
        self.sees_customers = sees_customers
        self._staged_address = None if sees_customers else there
        self.lines, self.free = detail.items, free
        wanted = {row["orderItemId"]: row["quantity"] for row in wish["quantities"]}
        for line in self.lines:
            least = line.quantity - free[line.pk]
            self.fields[f"keep-{line.pk}"] = _units(
                f"Units of {line.name}", initial=wanted.get(str(line.pk), line.quantity), least=max(0, least)
            )
        chosen = {row["sku"]: row["quantity"] for row in wish["add"]}
        self.products = self._products(data, chosen)
        for variant in self.products:
            self.fields[_ADD + variant.pk.hex] = _units(
                f"Units of {variant.title} to add", initial=chosen.get(variant.sku, 0), least=0
            )
        for name in AddressFields.base_fields:
            self.fields[name].required = False

    def kept(self) -> list[tuple[Line, int, forms.BoundField]]:
        """Each line with the units that may go and its field."""
        return [(line, self.free[line.pk], self[f"keep-{line.pk}"]) for line in self.lines]

    def added(self) -> list[tuple[Variant, int, forms.BoundField]]:
        """Each product that is found or chosen, with what is available of it and its field."""
        free = shelves.available([variant.pk for variant in self.products])
        return [(variant, free[variant.pk], self[_ADD + variant.pk.hex]) for variant in self.products]

    def wish(self) -> Wish:
        """What is to change; needs a form that was checked."""
        given = self.cleaned_data
        keeps = {line.pk: given.get(f"keep-{line.pk}") for line in self.lines}
        adds = [(variant.sku, given.get(_ADD + variant.pk.hex) or 0) for variant in self.products]
        return Wish(
            add=tuple((sku, units) for sku, units in adds if units),
            quantities={
                line.pk: int(keeps[line.pk] or 0) for line in self.lines if keeps[line.pk] not in (None, line.quantity)
            },
            shipping=self._moved() if given.get("move") else None,
            discount_minor=given.get("discount") or 0,
        )

    def _moved(self) -> Mapping[str, Any]:
        typed = any(self.cleaned_data.get(part) for part in AddressFields.base_fields if part != "state")
        return self.address() if typed or self._staged_address is None else self._staged_address

    def _products(self, data: Any, chosen: Mapping[str, int]) -> list[Variant]:
        """Those chosen before, and those the search finds."""
        sent = [name.removeprefix(_ADD) for name in (data or {}) if name.startswith(_ADD) and data.get(name, "").strip(" 0")]
        ids = [UUID(text) for text in sent if len(text) == 32 and set(text) <= set("0123456789abcdef")]  # noqa: PLR2004
        known = Variant.objects.select_related("product").filter(is_active=True, product__is_active=True)
        mine = list(known.filter(pk__in=ids[:ADD_LINES_MAX]) if data else known.filter(sku__in=list(chosen)))
        q = str((data or {}).get("q", "")).strip().replace("\0", "")[:SEARCH_CHARS_MAX]
        found = list(shelves.list_products(q).order_by("sku")[:FOUND_MAX]) if q else []
        return mine + [variant for variant in found if variant.pk not in {one.pk for one in mine}]


def _initial(detail: OrderDetail | None, staged: OrderEdit | None, there: Mapping[str, Any] | None) -> dict[str, Any]:
    discount = (staged.changes.get("discount") or None) if staged is not None else None
    address = initial_address(there or detail.shipping) if detail is not None else {}
    return {**address, "move": there is not None, "discount": discount}


def _units(label: str, *, initial: int, least: int) -> forms.IntegerField:
    attrs = {"class": "qty", "inputmode": "numeric"}
    return forms.IntegerField(
        label=label, min_value=least, max_value=QUANTITY_MAX, required=False, initial=initial,
        widget=forms.NumberInput(attrs=attrs),
    )


def initial_address(address: Mapping[str, Any]) -> dict[str, Any]:
    """What an address form begins with."""
    parts = ("name", "phone", "line1", "line2", "city", "state", "gstin")
    return {**{part: address.get(part) or "" for part in parts}, "postal_code": address.get("postalCode") or ""}
