"""What both makers stand on: who acts, an address, a warehouse, a product with units on the shelf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inventory import operations as stock
from inventory.models import Warehouse
from timeline.actors import Actor, system
from timeline.operations import operation

if TYPE_CHECKING:
    from inventory.models import Variant

TESTER = system("tests")
ASHA = Actor(type="staff", id="7", name="Asha", channel="console")


def address(**parts: Any) -> dict[str, Any]:
    """An address that is accepted."""
    return {
        "name": "Meera Nair", "phone": "+919845012345", "line1": "12 Lake View", "city": "Bengaluru", "state": "IN-KA",
        "postalCode": "560001", "country": "IN", **parts,
    }


def warehouse(code: str, *, priority: int = 10) -> Warehouse:
    """A new warehouse in Karnataka."""
    with operation("test.warehouse", actor=TESTER) as op:
        return stock.add_warehouse(
            op, code=code, name=f"Store {code}", state="IN-KA", priority=priority, address=address(name=f"Store {code}")
        )


def product(
    sku: str, *, code: str, price_minor: int, gst_rate_bp: int, hsn: str, units: int, name: str = "",
    price_includes_gst: bool = False,
) -> Variant:
    """A product of one variant with so many units on the shelf; the warehouse is made when it is not there."""
    if not Warehouse.objects.filter(code=code).exists():
        warehouse(code)
    with operation("test.product", actor=TESTER) as op:
        made = stock.add_product(op, name=name or f"Thing {sku}")
        variant = stock.add_variant(
            op, product_id=made.pk, sku=sku, price_minor=price_minor, gst_rate_bp=gst_rate_bp, hsn=hsn, weight_g=250,
            price_includes_gst=price_includes_gst,
        )
    if units:
        with operation("test.receive", actor=TESTER) as op:
            stock.receive(op, warehouse_code=code, sku=sku, quantity=units, reason="purchase")
    return variant
