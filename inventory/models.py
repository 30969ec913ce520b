"""The tables of the app, in one place for the framework; `catalogue`, `stock` and `papers` hold them."""

from inventory.catalogue import Product, Variant
from inventory.papers import CountLine, StockCount, Transfer, TransferLine
from inventory.stock import Backorder, Hold, Level, Movement, Warehouse

__all__ = [
    "Backorder",
    "CountLine",
    "Hold",
    "Level",
    "Movement",
    "Product",
    "StockCount",
    "Transfer",
    "TransferLine",
    "Variant",
    "Warehouse",
]
