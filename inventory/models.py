"""The tables of the app, in one place for the framework; `catalogue`, `stock`, `papers` and `outside` hold them."""

from inventory.catalogue import Product, Variant
from inventory.outside import Conflict, OutsideCount, OutsideDispatch
from inventory.papers import CountLine, StockCount, Transfer, TransferLine
from inventory.stock import Backorder, Hold, Level, Movement, Warehouse

__all__ = [
    "Backorder",
    "Conflict",
    "CountLine",
    "Hold",
    "Level",
    "Movement",
    "OutsideCount",
    "OutsideDispatch",
    "Product",
    "StockCount",
    "Transfer",
    "TransferLine",
    "Variant",
    "Warehouse",
]
