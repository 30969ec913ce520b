"""The tables of the app, in one place for the framework; `catalogue` and `stock` hold them."""

from inventory.catalogue import Product, Variant
from inventory.stock import Backorder, Hold, Level, Movement, Warehouse

__all__ = ["Backorder", "Hold", "Level", "Movement", "Product", "Variant", "Warehouse"]
