"""Orders that lie in several warehouses, and the verbs on their fulfilments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inventory import operations as stock
from inventory.models import Hold, Level, Warehouse
from inventory.reconciliation import differences
from orders.models import Fulfilment, Order
from orders.operations import planning
from tests import makers, shelves
from timeline.operations import operation

if TYPE_CHECKING:
    from collections.abc import Callable

BLR, DEL, BOM = ("BLR-1", "560001"), ("DEL-1", "110001"), ("BOM-1", "400001")
ASHA = shelves.ASHA


def place(where: tuple[str, str], *, priority: int = 10) -> str:
    """A warehouse at this PIN."""
    code, pin = where
    if not Warehouse.objects.filter(code=code).exists():
        with operation("test.warehouse", actor=makers.TESTER) as op:
            stock.add_warehouse(
                op, code=code, name=f"Store {code}", state="IN-KA", priority=priority,
                address=shelves.address(name=f"Store {code}", postalCode=pin),
            )
    return code


def goods(sku: str, **units: int) -> str:
    """A product with so many units in each place (`BLR_1=2`)."""
    makers.product(sku, units=0)
    for place_, count in units.items():
        receive(sku, place_.replace("_", "-"), count)
    return sku


def receive(sku: str, code: str, units: int) -> None:
    """Stock comes."""
    with operation("test.receive", actor=makers.TESTER) as op:
        stock.receive(op, warehouse_code=code, sku=sku, quantity=units, reason="purchase")


def do(order: Order, verb: Callable[..., Any], /, **nouns: Any) -> Any:
    """One verb of an order in an operation of its own."""
    with operation("test.do", actor=ASHA, stream=str(order.pk)) as op:
        return verb(op, order_id=order.pk, **nouns)


def planned(order: Order) -> list[Fulfilment]:
    """Plan, and give the fulfilments that are still open."""
    do(order, planning.plan)
    return opened(order)


def opened(order: Order) -> list[Fulfilment]:
    """The open fulfilments by place."""
    rows = order.fulfilments.select_related("shipment").order_by("warehouse_code", "created_at", "id")
    return [row for row in rows if row.is_open]


def units(row: Fulfilment) -> dict[str, int]:
    """Units by SKU."""
    return {item.line.sku: item.quantity for item in row.lines.select_related("line").order_by("line__place")}


def layout(order: Order) -> list[tuple[str, str, dict[str, int]]]:
    """Every open fulfilment: state, place, units."""
    return [(str(row.status), row.warehouse_code, units(row)) for row in opened(order)]


def held(order: Order) -> dict[str, int]:
    """Units promised to the order by place."""
    found: dict[str, int] = {}
    for hold in Hold.objects.filter(stream=str(order.pk), status__in=Hold.LIVE).select_related("warehouse"):
        found[hold.warehouse.code] = found.get(hold.warehouse.code, 0) + hold.quantity
    return found


def level(sku: str, code: str) -> tuple[int, int]:
    """On hand and held."""
    row = Level.objects.get(variant__sku=sku, warehouse__code=code)
    return row.on_hand, row.held


def require_sums(order: Order) -> None:
    """What must hold after every step: stock is the sum of its movements, lines are the sum of their units."""
    assert differences() == []
    bound: dict[Any, int] = {}
    for row in order.fulfilments.exclude(status="cancelled").exclude(outcome__in=Fulfilment.GONE).prefetch_related("lines"):
        for item in row.lines.all():
            bound[item.line_id] = bound.get(item.line_id, 0) + item.quantity
    for line in order.lines.all():
        assert line.quantity == line.to_ship + line.quantity_shipped + line.quantity_cancelled
        assert max(line.quantity_delivered, line.quantity_returned, line.quantity_lost) <= line.quantity_shipped
        if order.fulfilments.exists() and makers.again(order).status in ("confirmed", "processing", "shipped"):
            assert bound.get(line.pk, 0) == line.quantity - line.quantity_cancelled, "every unit is in one fulfilment"
